//! Tables of users x items whose header is hard to tell from data, and columns of values under unknown names.

use std::ops::ControlFlow;

use foretaste_data::interactions::{Interactions, ReadError, ReadOptions, ReadReport, read_interactions};
use foretaste_data::table::Source;

fn read(text: &str) -> Result<(Interactions, ReadReport), ReadError> {
    read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
}

fn matrix(found: &Interactions) -> String {
    let mut matrix = Vec::new();
    for user in 0..found.users().len() {
        let (items, values) = found.matrix().row(user);
        let name = found.users().name(user as u32);
        matrix.extend(
            items.iter().zip(values).map(|(&item, value)| format!("{name} {} {value}", found.items().name(item))),
        );
    }
    matrix.join("; ")
}

fn assert_read(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (found, report) = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((matrix(&found).as_str(), report.rejected.total), (*expected, 0), "{text}");
    }
}

#[test]
fn an_index_before_names_that_say_what_the_columns_are_is_passed_over() {
    assert_read(&[
        (",Kunde,Artikel,Bewertung\n0,7,101,4\n1,7,103,3\n2,8,101,5\n", "7 101 4; 7 103 3; 8 101 5"),
        (",Kunde,Artikel,Wert,timestamp\n0,7,101,4,881250949\n1,7,103,3,881250950\n", "7 101 4; 7 103 3"),
    ]);
}

#[test]
fn a_column_of_numbers_is_the_value_by_its_name_or_is_asked_for() {
    for name in [
        "star_rating",
        "quantity",
        "Qty",
        "vote",
        "rate",
        "review_score",
        "Rating (1-5)",
        "rating_score",
        "purchases",
        "num_views",
        "frequency",
        "r_ui",
        "strength",
    ] {
        for (more, cells) in
            [("", ["", ""]), (",timestamp", [",881250949", ",881250950"]), (",country", [",DE", ",FR"])]
        {
            let text = format!("user_id,item_id,{name}{more}\n7,101,4{}\n8,103,3{}\n", cells[0], cells[1]);
            assert_read(&[(&text, "7 101 4; 8 103 3")]);
        }
    }
    for name in ["likes", "n", "amount", "points", "label", "target", "note"] {
        for (more, cells) in
            [("", ["", ""]), (",timestamp", [",881250949", ",881250950"]), (",country", [",DE", ",FR"])]
        {
            let text = format!("user_id,item_id,{name}{more}\n7,101,4{}\n8,103,3{}\n", cells[0], cells[1]);
            let error = read(&text).map(|(found, _)| matrix(&found)).unwrap_err().to_string();
            assert!(error.contains(&format!("--rating-column {name}")), "{text}: {error}");
        }
    }
}

#[test]
fn columns_that_hold_no_value_are_passed_over_and_each_row_counts_1() {
    let counted = "7 101 1; 8 103 1; 9 101 1";
    for (name, cells) in [
        ("tags", ["\"a,b\"", "\"c\"", "\"a,c\""]),
        ("comment", ["so good", "bad", "not for me"]),
        ("genres", ["Action|War", "Drama", "War|Drama"]),
        ("seen", ["2024-01-05", "2024-01-06", "2024-02-07"]),
        ("zip_code", ["10115", "80331", "50667"]),
        ("age", ["30", "41", "22"]),
        ("price", ["3.5", "4", "1.25"]),
    ] {
        let [a, b, c] = cells;
        assert_read(&[(&format!("user_id,item_id,{name}\n7,101,{a}\n8,103,{b}\n9,101,{c}\n"), counted)]);
    }
    for (name, cells) in
        [("liked", ["True", "False", "True"]), ("mark", ["good", "bad", "good"]), ("grade_letter", ["A", "B", "A"])]
    {
        let [a, b, c] = cells;
        let text = format!("user_id,item_id,{name}\n7,101,{a}\n8,103,{b}\n9,101,{c}\n");
        assert!(matches!(read(&text), Err(ReadError::MissingColumn { role: "rating", .. })), "{text}");
    }
}

#[test]
fn amounts_of_one_user_and_item_add_up() {
    let (found, _) = read("CustomerID,StockCode,Quantity\n7,a,2\n7,a,3\n8,b,1\n").unwrap();
    assert_eq!(matrix(&found), "7 a 5; 8 b 1");
}

#[test]
fn a_uid_beside_the_uid_of_an_item_may_number_the_rows() {
    assert_read(&[("profile,anime_uid,score\nanna,5,8\nbob,5,7\n", "anna 5 8; bob 5 7")]);
    let error = read("uid,profile,anime_uid,score\n1,anna,5,8\n2,bob,5,7\n").map(|_| ()).unwrap_err();
    assert!(matches!(error, ReadError::MissingColumn { role: "user", .. }), "{error}");
}
