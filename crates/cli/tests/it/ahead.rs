//! What can be checked without work is checked before reading and fitting.

use crate::program::Program;
use std::time::{Duration, Instant};

/// Commands that write a file, without its name. Their data take far longer than a check, or do not exist: whoever
/// looks at the data first says something else.
const WRITERS: [&[&str]; 3] = [
    &["fit", "no-such-data.csv", "--out"],
    &["predict", "no-such-data.csv", "--pairs", "no-such-pairs.csv", "--out"],
    &["generate", "--users", "1000000", "--items", "100000", "--ratings", "2000000000"],
];

fn refusals(program: &Program, out: &str, code: i32, expected: &[&str]) {
    for words in WRITERS {
        let started = Instant::now();
        let message = program.run(&[words, &[out]].concat()).fails(code);
        assert!(started.elapsed() < Duration::from_secs(5), "{words:?}");
        for part in expected {
            assert!(message.contains(part), "{words:?}: {message}");
        }
    }
}

fn names(program: &Program) -> Vec<String> {
    let entries = std::fs::read_dir(program.folder()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_missing_folder_is_told_at_once() {
    let program = Program::new();
    refusals(&program, "no/such/m", 1, &["cannot write no/such/m", "there is no folder no/such"]);
    program.file("file", "");
    refusals(&program, "file/m", 1, &["cannot write file/m", "file is no folder"]);
}

#[test]
fn a_folder_or_a_device_is_no_file_to_write() {
    let program = Program::new();
    std::fs::create_dir(program.folder().join("folder")).unwrap();
    refusals(&program, "folder", 2, &["cannot write folder", "it is a folder"]);
    refusals(&program, "/dev/null", 2, &["cannot write /dev/null", "a device or a pipe"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_file_is_told_at_once() {
    // The kernel's own folders refuse a new file to everybody, the superuser included.
    refusals(&Program::new(), "/proc/self/m", 1, &["the folder /proc/self takes no new file"]);
}

#[test]
fn less_space_than_the_file_takes_at_least_is_told_before_the_work() {
    let program = Program::new();
    let huge = ["generate", "r.csv", "--users", "4000000000", "--items", "4000000000", "--ratings", "9000000000000000"];
    let message = program.run(&huge).fails(1);
    assert!(message.contains("it takes at least") && message.contains("are free in"), "{message}");
    assert_eq!(names(&program), Vec::<String>::new(), "nothing is left behind");
}

#[test]
fn a_file_that_is_read_is_not_written_over() {
    let program = Program::new();
    program.file("r.csv", "user,item,rating\n1,1,5\n1,2,3\n2,1,4\n");
    for words in [
        &["fit", "r.csv", "--out", "r.csv"][..],
        &["fit", "demo", "--items", "r.csv", "--out", "./r.csv"],
        &["predict", "demo", "--pairs", "r.csv", "--out", "r.csv"],
    ] {
        assert!(program.run(words).fails(2).contains("it is read too"), "{words:?}");
    }
    program.run(&["fit", "r.csv", "--rank", "2", "--out", "m"]).ok();
    program.run(&["fit", "m", "--rank", "1", "--out", "m"]).ok();
    assert_eq!(program.run(&["inspect", "m", "--json"]).json()["model"]["params"]["rank"], 1);
}
