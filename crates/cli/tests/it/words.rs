//! The words around the data: widths, plural forms, environment variables, what is suggested.

use crate::program::{Program, Run};
use std::process::Stdio;

fn run_with(program: &Program, args: &[&str], variable: (&str, &str)) -> Run {
    Run::from(program.command(args).env(variable.0, variable.1).stdin(Stdio::null()).output().unwrap())
}

#[test]
fn lists_take_eighty_columns_whatever_the_titles_and_ids_are() {
    let program = Program::new();
    let (title, id) = ("A title that goes on and on ".repeat(9), "item-".repeat(30));
    program.file("r.csv", format!("user,item,rating\nu,{id},5\nu,2,3\nv,{id},4\nv,3,1\nw,2,3\nw,3,4\n"));
    program.file("t.csv", format!("item,title\n{id},{title}\n2,日本{title}\n3,short\n"));
    for args in [
        &["inspect", "r.csv", "--items", "t.csv"][..],
        &["recommend", "r.csv", "--items", "t.csv", "--user", "w", "--rank", "2"],
        &["similar", "r.csv", "--items", "t.csv", "--item", "3", "--rank", "2"],
    ] {
        for (columns, most) in [(None, 80), (Some("60"), 60)] {
            let run = run_with(&program, args, ("COLUMNS", columns.unwrap_or("")));
            let text = run.ok();
            let table = text.lines().filter(|line| line.contains('…'));
            assert!(table.clone().count() >= 1, "{args:?}: {text}");
            for line in table {
                let wide = line.chars().filter(|&c| c > '\u{2e80}').count();
                assert!(line.chars().count() + wide <= most, "{args:?}: {line}");
            }
        }
    }
    let whole = program.run(&["recommend", "r.csv", "--items", "t.csv", "--user", "w", "--rank", "2", "--json"]).json();
    assert_eq!(whole["items"][0]["id"], id.as_str());
}

#[test]
fn one_of_a_kind_is_singular() {
    let program = Program::new();
    program.file("r.csv", "user,item,rating\n1,1,5\n");
    let text = program.run(&["inspect", "r.csv"]).ok();
    assert!(text.contains("1 rating by 1 user of 1 item,"), "{text}");
    assert!(text.contains("1 row = 1 accepted"), "{text}");
    assert!(text.contains("0 of 1 item has a title"), "{text}");
}

#[test]
fn a_wrong_value_in_the_environment_is_said_to_be_there() {
    let program = Program::new();
    let message = run_with(&program, &["inspect", "demo"], ("FORETASTE_THREADS", "abc")).stderr;
    assert_eq!(message, "", "inspect takes no threads");
    for (variable, value, args) in [
        ("FORETASTE_THREADS", "abc", &["fit", "demo", "--out", "m"][..]),
        ("FORETASTE_THREADS", "0", &["recommend", "demo", "--user", "1"]),
        ("FORETASTE_LISTEN", "nowhere", &["serve", "demo"]),
        ("FORETASTE_LOG_FORMAT", "xml", &["serve", "demo"]),
    ] {
        let message = run_with(&program, args, (variable, value)).fails(2);
        assert!(message.contains(variable) && message.contains(value), "{message}");
    }
    for filter in ["???", "inof", "=!"] {
        let message = run_with(&program, &["serve", "demo"], ("FORETASTE_LOG", filter)).fails(2);
        assert!(
            message.contains("FORETASTE_LOG") && message.contains(filter) && message.contains("debug"),
            "{message}"
        );
    }
}

#[test]
fn more_threads_than_there_are_cpus_are_said_to_be_fewer() {
    let program = Program::new();
    let run = program.run(&["recommend", "demo", "--user", "1", "--threads", "1024"]);
    assert!(run.stderr.contains("--threads is 1,024, this process has "), "{}", run.stderr);
    run.ok();
    assert_eq!(program.run(&["recommend", "demo", "--user", "1", "--threads", "1"]).stderr, "");
}

#[test]
fn hidden_commands_are_neither_suggested_nor_completed() {
    let program = Program::new();
    let message = program.run(&["server"]).fails(2);
    assert!(message.contains("'serve'") && !message.contains("supervise"), "{message}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = program.run(&["completions", shell]).ok();
        assert!(script.contains("recommend"), "{shell}");
        for hidden in ["supervise", "launch"] {
            assert!(!script.contains(hidden), "{shell} completes {hidden}");
        }
    }
}

#[test]
fn the_help_of_a_command_shows_two_examples() {
    let help = Program::new().run(&["predict", "--help"]).ok();
    assert_eq!(help.lines().skip_while(|line| *line != "Examples:").skip(1).take(2).count(), 2, "{help}");
}
