//! The commands that read, fit and list, on the demo and on small files.

use crate::program::Program;
use serde_json::{Value, json};

/// Four users, four items; user `a b` rated all but one, item `x,y` needs quotes.
const SMALL: &str =
    "user,item,rating\na b,1,5\na b,2,4\na b,\"x,y\",1\nc,1,4\nc,3,5\nd,2,2\nd,3,3\n日本,1,5\n日本,2,4\n";

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[test]
fn help_is_printed_without_a_command_and_names_the_exit_codes() {
    let program = Program::new();
    let bare = program.run(&[]);
    assert_eq!(bare.code, Some(2));
    assert!(bare.stderr.contains("foretaste serve demo"), "{}", bare.stderr);
    let help = program.run(&["--help"]).ok();
    assert!(help.contains("Exit codes:") && help.contains("5  download"), "{help}");
    let serve = program.run(&["serve", "--help"]).ok();
    let reading = serve.find("Reading ratings:").unwrap();
    for (flag, is_about_reading) in [("--rank", false), ("--listen", false), ("--rows", true), ("--mirror", true)] {
        let at = serve.find(&format!("      {flag} ")).unwrap();
        assert_eq!(at > reading, is_about_reading, "{flag} stands under the wrong heading");
    }
}

#[test]
fn an_unknown_name_is_answered_with_what_was_looked_for_and_what_is_near() {
    let program = Program::new();
    let message = program.run(&["inspect", "ml1m"]).fails(4);
    assert!(message.contains("no file or folder `ml1m`"), "{message}");
    assert!(message.contains("Did you mean `ml-1m`?") && message.contains("ml-latest-small"), "{message}");
}

#[test]
fn the_demo_is_inspected_in_both_shapes_and_silently() {
    let program = Program::new();
    let run = program.run(&["inspect", "demo", "--json"]);
    assert_eq!(run.stderr, "");
    let inspected = run.json();
    assert_eq!(inspected["model"], Value::Null);
    let data = &inspected["data"];
    assert_eq!((data["users"].clone(), data["items"].clone()), (json!(1000), json!(500)));
    let text = program.run(&["inspect", "demo"]).ok();
    for part in ["1,000 users", "500 items", "rated most", "median", "####"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn rejected_rows_are_counted_by_reason_and_strict_refuses_them() {
    let program = Program::new();
    program.file("r.csv", format!("{SMALL}a b,1\nc,9,many\nc,1,3\n"));
    let text = program.run(&["inspect", "r.csv"]).ok();
    assert!(text.contains("12 rows = 10 accepted + 2 rejected; 1 replaced by a later row"), "{text}");
    assert!(text.contains("rejected rows: 2") && text.contains("line 11") && text.contains("line 12"), "{text}");
    let message = program.run(&["inspect", "r.csv", "--strict"]).fails(3);
    assert!(message.contains("line 11"), "{message}");
}

#[test]
fn flags_say_how_to_read_what_cannot_be_found_out() {
    let program = Program::new();
    program.file("odd.txt", "5|m1|u1|x\n3|m2|u1|x\n4|m1|u2|x\n");
    program.file("titles.csv", "movieId,title,genres\nm1,First (1999),Drama\nm2,Second (2001),Comedy\n");
    let args = [
        "inspect",
        "odd.txt",
        "--json",
        "--separator",
        "|",
        "--no-header",
        "--user-column",
        "3",
        "--item-column",
        "2",
        "--rating-column",
        "1",
        "--encoding",
        "utf-8",
        "--items",
        "titles.csv",
        "--rows",
        "2",
    ];
    let data = program.run(&args).json()["data"].clone();
    assert_eq!((data["users"].clone(), data["items"].clone(), data["ratings"].clone()), (json!(1), json!(2), json!(2)));
    assert_eq!(data["top_items"][0]["title"], "First (1999)");
}

#[test]
fn a_model_file_answers_as_the_fit_that_made_it() {
    let program = Program::new();
    let fitted = program.run(&["fit", "demo", "--rank", "20", "--out", "m.foretaste", "--json"]).json();
    assert_eq!(fitted["params"]["rank"], 20);
    assert!(fitted["residual"].as_f64() <= fitted["params"]["tolerance"].as_f64(), "{fitted}");
    assert_eq!(fitted["bytes"], std::fs::metadata(program.folder().join("m.foretaste")).unwrap().len());
    for command in [["recommend", "--user", "500"], ["similar", "--item", "1"]] {
        let [name, flag, id] = command;
        let from_model = program.run(&[name, "m.foretaste", flag, id, "--json"]).json();
        let from_data = program.run(&[name, "demo", flag, id, "--rank", "20", "--json"]).json();
        assert_eq!(from_model, from_data);
        assert_eq!(ids(&from_model).len(), 10);
    }
    let inspected = program.run(&["inspect", "m.foretaste", "--json"]).json();
    assert_eq!(inspected["model"]["params"]["rank"], 20);
    assert_eq!(inspected["data"]["users"], 1000);
    let text = program.run(&["inspect", "m.foretaste"]).ok();
    assert!(text.contains("model: svd, rank 20") && text.contains("fitted to demo"), "{text}");
}

#[test]
fn equal_input_gives_equal_model_files_at_any_number_of_threads() {
    let program = Program::new();
    let list = |threads: &str| {
        program.run(&["fit", "demo", "--rank", "30", "--out", "m.foretaste", "--threads", threads]).ok();
        program.file("pairs.csv", "1,1\n2,2\n500,17\n999,500\n");
        program.run(&["predict", "m.foretaste", "--pairs", "pairs.csv"]).ok()
    };
    assert_eq!(list("1"), list("2"));
}

#[test]
fn lists_are_tables_for_people() {
    let program = Program::new();
    let text = program.run(&["recommend", "demo", "--user", "500", "--limit", "3"]).ok();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "user 500 of demo, rank 50: recommended");
    assert!(lines[1].contains("item") && lines[1].contains("title") && lines[1].ends_with("score"), "{text}");
    assert_eq!(lines.len(), 5, "{text}");
}

#[test]
fn a_rank_left_out_fits_small_data_and_one_too_large_is_refused() {
    let program = Program::new();
    program.file("r.csv", SMALL);
    let list = program.run(&["recommend", "r.csv", "--user", "c", "--json"]).json();
    assert_eq!(list["params"]["rank"], 4);
    assert_eq!(list["shortfall"]["returned"], 2, "{list}");
    for rank in ["0", "5"] {
        let message = program.run(&["fit", "r.csv", "--rank", rank, "--out", "m"]).fails(2);
        assert!(message.contains("1 to 4"), "{message}");
    }
}

#[test]
fn an_unknown_user_or_item_is_named_and_popular_items_are_there_on_demand() {
    let program = Program::new();
    program.file("r.csv", SMALL);
    assert!(program.run(&["recommend", "r.csv", "--user", "nobody"]).fails(4).contains("`nobody`"));
    assert!(program.run(&["similar", "r.csv", "--item", "nothing"]).fails(4).contains("`nothing`"));
    let popular = program.run(&["recommend", "r.csv", "--user", "nobody", "--fallback", "popular", "--json"]).json();
    assert_eq!(popular["source"], "popular");
    assert_eq!(ids(&popular)[..2], ["1", "2"]);
    program.run(&["recommend", "r.csv", "--user", "c", "--limit", "0"]).fails(2);
    program.run(&["recommend", "r.csv", "--user", "c", "--limit", "1001"]).fails(2);
}

#[test]
fn predictions_at_full_rank_are_the_ratings_plus_the_mean() {
    let program = Program::new();
    program.file("r.csv", SMALL);
    program.file("pairs.csv", "user,item\r\na b,\"x,y\"\r\n\r\n日本,3\r\n");
    let from_file = program.run(&["predict", "r.csv", "--pairs", "pairs.csv"]).ok();
    let rows: Vec<&str> = from_file.lines().collect();
    assert_eq!((rows[0], rows.len()), ("user,item,score,reason", 3), "{from_file}");
    for (row, (pair, expected)) in rows[1..].iter().zip([("a b,\"x,y\",", 3.5), ("日本,3,", 2.25)]) {
        let score: f64 = row.strip_prefix(pair).unwrap().strip_suffix(',').unwrap().parse().unwrap();
        assert!((score - expected).abs() < 1e-5, "{row}");
    }
    let from_stdin = program.run_with_stdin(&["predict", "r.csv", "--pairs", "-"], "a b,\"x,y\"\n日本,3\n").ok();
    assert_eq!(from_stdin, from_file);
}

#[test]
fn files_that_are_no_data_end_with_code_3() {
    let program = Program::new();
    program.run(&["fit", "demo", "--rank", "5", "--out", "m.foretaste"]).ok();
    let model = std::fs::read(program.folder().join("m.foretaste")).unwrap();
    program.file("cut.foretaste", &model[..model.len() / 2]);
    program.file("empty.csv", "");
    program.file("words.csv", "to be or not to be\n");
    for name in ["cut.foretaste", "empty.csv", "words.csv", "."] {
        let message = program.run(&["inspect", name]).fails(3);
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn flags_without_a_meaning_are_refused() {
    let program = Program::new();
    program.run(&["fit", "demo", "--rank", "5", "--out", "m.foretaste"]).ok();
    for args in [
        &["recommend", "m.foretaste", "--user", "1", "--rank", "7"][..],
        &["inspect", "m.foretaste", "--rows", "7"],
        &["inspect", "demo", "--separator", ";"],
        &["inspect", "demo", "--separator", "x"],
        &["inspect", "demo", "--header", "--no-header"],
        &["serve", "demo", "--threads", "0"],
        &["serve", "demo", "--listen", "nowhere"],
    ] {
        program.run(args).fails(2);
    }
}

#[test]
fn a_model_that_cannot_be_written_leaves_what_was_there() {
    let program = Program::new();
    let message = program.run(&["fit", "demo", "--rank", "5", "--out", "no/such/folder/m"]).fails(1);
    assert!(message.contains("no/such/folder/m"), "{message}");
}

#[test]
fn completions_and_the_document_are_printed() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(program.run(&["completions", shell]).ok().contains("foretaste"));
    }
    let document = program.run(&["openapi"]).json();
    assert!(document["paths"]["/recommended"]["post"].is_object());
}

#[test]
fn bench_svd_prints_the_fields_of_the_comparison_script() {
    let program = Program::new();
    program.file("r.csv", SMALL);
    let run = program.run(&["bench", "svd", "r.csv", "--ranks", "1,4,10", "--threads", "1", "--runs", "2"]);
    assert!(run.stderr.contains("rank 10 is left out"), "{}", run.stderr);
    let lines: Vec<String> = run.ok().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2);
    for (line, rank) in lines.iter().zip([1, 4]) {
        let cell: Value = serde_json::from_str(line).unwrap();
        let fields = "peer shape nnz rank tolerance threads wall_ms cpu_ms residual solver columns peak_mib grown_mib announced_mib";
        let fields: Vec<_> = fields.split(' ').collect();
        let at: Vec<_> = fields.iter().map(|field| line.find(&format!("\"{field}\":")).unwrap()).collect();
        assert!(at.is_sorted() && cell.as_object().unwrap().len() == fields.len(), "{line}");
        assert_eq!(
            (cell["shape"].clone(), cell["rank"].clone(), cell["nnz"].clone()),
            (json!([4, 4]), json!(rank), json!(9))
        );
        assert!(cell["residual"].as_f64().unwrap() <= 1e-9, "{line}");
    }
}

#[test]
fn bench_svd_takes_a_tolerance_and_prints_the_singular_values_on_request() {
    let program = Program::new();
    program.file("r.csv", SMALL);
    let svd = |more: &[&str]| program.run(&[&["bench", "svd", "r.csv", "--ranks", "3", "--runs", "1"], more].concat());
    let cell = svd(&["--tolerance", "1e-3", "--values"]).json();
    assert_eq!(cell["tolerance"], 1e-3);
    let values: Vec<f64> = serde_json::from_value(cell["values"].clone()).unwrap();
    assert!(values.len() == 3 && values.is_sorted_by(|more, less| more >= less), "{cell}");
    for wrong in ["0", "-1", "nan", "inf", "small"] {
        let run = svd(&[&format!("--tolerance={wrong}")]);
        assert!(run.code == Some(2) && run.stderr.contains("expected a positive number"), "{wrong}: {}", run.stderr);
    }
}

#[test]
fn bench_tutorial_measures_the_service_and_leaves_out_what_cannot_be_fitted() {
    let program = Program::new();
    let lines = program.run(&["bench", "tutorial", "--data", "demo", "--json", "--threads", "1", "--runs", "1"]).ok();
    let cells: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ranks: Vec<_> = cells.iter().map(|cell| cell["k"].as_u64().unwrap()).collect();
    assert_eq!(ranks, [10, 50, 100, 500]);
    assert_eq!(cells[3]["tutorial_ms"], 3836);
    for cell in &cells {
        let [call, svd, ratio] = ["ms", "svd_ms", "refit_per_svd"].map(|name| cell[name].as_f64().unwrap());
        assert!(0.0 < svd && svd < call && ratio >= 1.0, "{cell}");
    }
    program.file("r.csv", SMALL);
    let text = program.run(&["bench", "tutorial", "--data", "r.csv"]).ok();
    assert!(text.contains("k = 10 is left out: the largest rank of these data is 4"), "{text}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let program = Program::new();
    for args in [&["completions", "bash"][..], &["inspect", "demo", "--json"], &["inspect", "demo"]] {
        let mut command = program.command(args);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
}

#[test]
fn generated_ratings_are_read_as_they_were_asked_for() {
    let program = Program::new();
    let asked = ["--users", "300", "--items", "200", "--ratings", "9000"];
    let run = program.run(&[&["generate", "r.csv"][..], &asked].concat());
    assert_eq!(run.stderr, "");
    let text = run.ok();
    assert!(text.contains("wrote r.csv, ") && text.contains("9,000 ratings by 300 users of 200 items"), "{text}");
    let data = program.run(&["inspect", "r.csv", "--json"]).json()["data"].clone();
    for (name, expected) in [("users", 300), ("items", 200), ("ratings", 9000)] {
        assert_eq!(data[name], expected, "{name}");
    }
    let to_stdout = program.run(&[&["generate", "-"][..], &asked].concat());
    assert!(to_stdout.stderr.contains("9,000 ratings by 300 users"), "{}", to_stdout.stderr);
    assert_eq!(to_stdout.ok(), std::fs::read_to_string(program.folder().join("r.csv")).unwrap());
}

#[test]
fn more_ratings_than_pairs_are_refused_and_nothing_is_written() {
    let program = Program::new();
    let asked = ["generate", "r.csv", "--users", "3", "--items", "4", "--ratings", "13"];
    let message = program.run(&asked).fails(2);
    assert!(message.contains("13 ratings were asked for, 3 users x 4 items allow 4 to 12"), "{message}");
    assert!(!program.folder().join("r.csv").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_may_not_grow_ends_a_command_with_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_foretaste");
    let script = format!("ulimit -f 20; exec {program} fit demo --rank 20 --out m.foretaste");
    let done = std::process::Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{error}");
    assert!(error.contains("File too large"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
