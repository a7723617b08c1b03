//! Files of items and users, the types of their columns, and filters on the command line.

use crate::program::{Program, Run};

const RATINGS: &str = "user,item,rating\n1,1,5\n1,2,3\n2,2,1\n2,3,4\n3,1,2\n3,3,5\n";
const ITEMS: &str =
    "item,title,category,price\n1,Mug (2001),Kitchen,9.5\n2,Lamp,Light,30\n3,Pan,Kitchen,cheap\n4,New,Light,5\n";

fn shop() -> Program {
    let program = Program::new();
    program.file("r.csv", RATINGS);
    program.file("i.csv", ITEMS);
    program.file("u.csv", "user,country\n1,DE\n2,DE\n3,FR\n9,FR\n");
    program
}

fn ids(run: Run) -> Vec<String> {
    let list = run.json();
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn inspect_says_what_each_column_was_taken_for_and_why() {
    let program = shop();
    let text = program.run(&["inspect", "r.csv", "--items", "i.csv", "--users", "u.csv"]).ok();
    for line in [
        "genres from column `category`: 2 values",
        "properties of items:",
        "  category: string, 4 of 4 rows, 2 different values; example Kitchen (the name is of genres: 2 of 4)",
        "  price: text, 4 of 4 rows; example 9.5 (more than half of the values are distinct: 4 of 4)",
        "  1 item without a rating, which no model scores",
        "properties of users:",
        "  country: string, 4 of 4 rows, 2 different values; example DE (at most half of the values are distinct: 2 of 4)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let declared = ["inspect", "r.csv", "--items", "i.csv", "--property", "price:number"];
    let text = program.run(&declared).ok();
    assert!(text.contains("  line 4: `cheap` is no number (property `price`)"), "{text}");
    assert!(text.contains("  price: number, 3 of 4 rows; example 9.5 (declared)"), "{text}");
    let json = program.run(&[&declared[..], &["--json"]].concat()).json();
    assert_eq!(json["data"]["report"]["items"]["properties"][3]["type"], "number");
    let strict = program.run(&[&declared[..], &["--strict"]].concat());
    assert!(strict.fails(3).contains("line 4: a cell is not of the type of its property"));
    let unknown = program.run(&["inspect", "r.csv", "--items", "i.csv", "--property", "colour:set"]);
    assert!(unknown.fails(3).contains("no column for property `colour` (--property)"));
    let wrong = program.run(&["inspect", "r.csv", "--items", "i.csv", "--property", "price:euro"]);
    assert!(wrong.fails(2).contains("`euro` is not a type, allowed are string, text, number, bool, time, set"));
    let no_table = program.run(&["inspect", "r.csv", "--user-property", "age:number"]);
    assert!(no_table.fails(3).contains("there is no file of users; --users FILE names one"));
}

#[test]
fn lists_take_the_filters_of_the_service_under_the_same_names() {
    let program = shop();
    let run = |command: &str, more: &[&str]| {
        let (flag, id) = if command == "similar" { ("--item", "1") } else { ("--user", "1") };
        let start = [command, "r.csv", "--items", "i.csv", "--rank", "2", flag, id];
        program.run(&[&start[..], more].concat())
    };
    assert_eq!(ids(run("recommend", &["--genre", "kitchen", "--json"])), ["3"]);
    assert_eq!(ids(run("similar", &["--genre", "light", "--json"])), ["2"]);
    assert_eq!(ids(run("similar", &["--only", "3", "--json"])), ["3"]);
    assert_eq!(ids(run("similar", &["--exclude", "3", "--json"])), ["2"]);
    assert_eq!(ids(run("similar", &["--min-year", "2000", "--json"])), Vec::<String>::new());
    let unknown = run("similar", &["--genre", "Garden", "--exclude", "x", "--json"]).json();
    assert_eq!(unknown["unknown_values"][0]["value"], "Garden");
    assert_eq!(unknown["unknown_items"][0], "x");
    let text = run("recommend", &["--genre", "Garden"]).ok();
    assert!(text.contains("0 of 10 asked for: the filters allow no more"), "{text}");
    assert!(text.contains("no item has genre `Garden`"), "{text}");
    let joined = run("recommend", &["--exclude", "2,3"]).fails(2);
    assert!(joined.contains("`exclude` names `2,3`, which is not known, but `2` is"), "{joined}");
    let popular = ["recommend", "r.csv", "--items", "i.csv", "--user", "nobody", "--fallback", "popular", "--json"];
    assert_eq!(ids(program.run(&[&popular[..], &["--genre", "Light"]].concat())), ["2"]);
    let popular = ["popular", "r.csv", "--items", "i.csv", "--json"];
    assert_eq!(ids(program.run(&[&popular[..], &["--genre", "Light"]].concat())), ["2"]);
}
