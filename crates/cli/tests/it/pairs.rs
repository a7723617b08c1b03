//! `predict --pairs`: any form of table, every row answered, reasons where there is no score.

use crate::program::{Program, Run};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

/// Two users, three items; rank 2 gives the ratings back.
const RATINGS: &str = "userId,movieId,rating\n1,10,5\n1,11,3\n2,10,4\n2,12,2\n";

fn program() -> Program {
    let program = Program::new();
    program.file("r.csv", RATINGS);
    program
}

fn predict(program: &Program, more: &[&str]) -> Run {
    program.run(&[&["predict", "r.csv", "--rank", "2", "--pairs", "p"], more].concat())
}

/// Column `at` of the rows below the header.
fn column(text: &str, at: usize) -> Vec<&str> {
    text.lines().skip(1).map(|line| line.split(',').nth(at).unwrap()).collect()
}

#[test]
fn an_unknown_user_or_item_gets_a_reason_and_the_others_a_score() {
    let program = program();
    program.file("p", "1,99\n99,10\n2,11\n98,97\n1\n");
    let run = predict(&program, &[]);
    assert!(run.stderr.contains("4 of 5 pairs have no score: 1 x unknown_user"), "{}", run.stderr);
    assert!(run.stderr.contains("1 x unknown_user_and_item") && run.stderr.contains("1 x too_few_fields"));
    let text = run.ok();
    let reasons = ["unknown_item", "unknown_user", "", "unknown_user_and_item", "too_few_fields"];
    assert_eq!(column(&text, 3), reasons, "{text}");
    assert_eq!(column(&text, 0), ["1", "99", "2", "98", "1"]);
    let score: f64 = column(&text, 2)[2].parse().unwrap();
    assert!((score - 2.0).abs() < 1e-5, "{text}");
    assert_eq!(column(&text, 2).iter().filter(|score| score.is_empty()).count(), 4);
}

#[test]
fn strict_stops_at_the_first_pair_without_a_score() {
    let program = program();
    program.run(&["fit", "r.csv", "--rank", "2", "--out", "m"]).ok();
    for (pairs, line, code, what) in [
        ("2,11\n1,99\n99,10\n", 2, 4, "item `99` is not known"),
        ("2,11\n\n99,10\n", 3, 4, "user `99` is not known"),
        ("2,11\n2,11,5\n", 2, 3, "too many fields"),
    ] {
        program.file("p", pairs);
        for data in ["r.csv", "m"] {
            let run = program.run(&["predict", data, "--pairs", "p", "--strict"]);
            assert_eq!(run.code, Some(code), "{pairs}");
            assert!(run.stderr.contains(&format!("p, line {line}: {what}")), "{}", run.stderr);
            assert_eq!(run.stdout.lines().count(), 2, "what was scored before stands there: {}", run.stdout);
        }
        program.run(&["predict", "m", "--pairs", "p", "--strict", "--out", "s.csv"]).fails(code);
        assert!(!program.folder().join("s.csv").exists(), "a file is whole or not there");
        assert_eq!(program.run(&["predict", "m", "--pairs", "p"]).code, Some(0));
    }
}

#[test]
fn pairs_are_read_in_any_form_that_ratings_can_have() {
    let program = program();
    program.file("p", "2,11\n1,12\n");
    let expected = predict(&program, &[]).ok();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(b"userId;movieId;rating\n2;11;4\n1;12;3\n").unwrap();
    let forms: [(&str, &[u8]); 12] = [
        ("header", b"user,item\n2,11\n1,12\n"),
        ("header of the ratings, with more columns", b"userId,movieId,rating,timestamp\n2,11,4,7\n1,12,3,8\n"),
        ("columns in another order", b"rating,movie_id,user_id\n4,11,2\n3,12,1\n"),
        ("an index column", b",userId,movieId\n0,2,11\n1,1,12\n"),
        ("no header, with ratings", b"2,11,4\n1,12,3\n"),
        ("semicolons", b"2;11\n1;12\n"),
        ("tabs", b"user\titem\n2\t11\n1\t12\n"),
        ("bars", b"2|11|4\n1|12|3\n"),
        ("colons", b"2::11::4\n1::12::3\n"),
        ("quotes", b"\"user\",\"item\"\r\n\"2\",\"11\"\r\n\"1\",\"12\"\r\n"),
        ("a byte order mark, and blank lines", "\u{feff}user,item\n\n2,11\n\n1,12".as_bytes()),
        ("gzip", &packed.finish().unwrap()),
    ];
    for (form, bytes) in forms {
        program.file("p", bytes);
        let run = predict(&program, &[]);
        assert!(run.stderr.lines().all(|line| line.contains("order items")), "{form}: {}", run.stderr);
        assert_eq!(run.ok(), expected, "{form}");
    }
    program.file("p", b"when^sku^visitor\n5^11^2\n6^12^1\n".map(|b| if b == b'^' { b';' } else { b }));
    assert_eq!(predict(&program, &["--pairs-columns", "visitor,sku"]).ok(), expected);
    program.file("p", "7,11,2\n7,12,1\n");
    assert_eq!(predict(&program, &["--pairs-columns", "3,2"]).ok(), expected);
    program.file("p", "2;11,0\n1;12,0\n");
    // The items have a comma, and so quotes around them.
    let scores = predict(&program, &["--pairs-separator", ";"]).ok();
    assert!(scores.lines().skip(1).all(|line| line.ends_with("\",,unknown_item")), "{scores}");
}

#[test]
fn what_cannot_be_told_is_refused_before_the_fit_with_the_flag_that_tells() {
    let program = program();
    for (pairs, what) in
        [("c\n", "one field"), ("userId,thing\n1,10\n", "none for items"), ("x,movieId\n1,10\n", "none for users")]
    {
        program.file("p", pairs);
        let message = predict(&program, &[]).fails(3);
        assert!(message.contains(what) && message.contains("--pairs-columns"), "{message}");
    }
    program.file("p", "1,10\n");
    let message = predict(&program, &["--pairs-columns", "who,what"]).fails(3);
    assert!(message.contains("has no column `who`"), "{message}");
    predict(&program, &["--pairs-columns", "1"]).fails(2);
    program.file("p", "anna;b\nbert;c\n");
    let run = predict(&program, &[]);
    assert!(run.stderr.contains("users were read from column 1, items from column 2, with `;`"), "{}", run.stderr);
}

#[test]
fn scores_can_be_read_again_and_come_as_json_lines_too() {
    let program = Program::new();
    program.file("r.csv", "user,item,rating\n\"a, \"\"b\"\"\",x;y,5\n\"a, \"\"b\"\"\",z,3\nc,x;y,4\nc,\"w|v\",1\n");
    program.file("p", "user,item\n\"a, \"\"b\"\"\",x;y\nc,\"w|v\"\nnobody,z\n");
    let scores = predict(&program, &[]).ok();
    program.file("p", &scores);
    assert_eq!(predict(&program, &[]).ok(), scores);
    let lines = predict(&program, &["--json"]).ok();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["user"].clone(), lines[0]["item"].clone()), (json!("a, \"b\""), json!("x;y")));
    assert!(
        (lines[1]["score"].as_f64().unwrap() - (1.0 + 5.0 / 3.0)).abs() < 1e-5 && lines[1].get("reason").is_none(),
        "{lines:?}"
    );
    assert_eq!((lines[2]["score"].clone(), lines[2]["reason"].clone()), (Value::Null, json!("unknown_user")));
    assert_eq!(predict(&program, &["--out", "s.csv"]).ok(), "");
    assert_eq!(std::fs::read_to_string(program.folder().join("s.csv")).unwrap(), scores);
}

#[test]
fn no_pairs_give_no_rows() {
    let program = program();
    for empty in ["", "user,item\n"] {
        program.file("p", empty);
        assert_eq!(predict(&program, &[]).ok(), "user,item,score,reason\n");
    }
}
