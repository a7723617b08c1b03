//! Holds the structure of the workspace: who may import whom, purpose lines, length of files, names of rooms.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use foretaste_architecture::tables::all;
use foretaste_architecture::{module_of, rooms_named, root, rust_files};

const WINGS: &[&str] = &["crates", "hosting", "tests"];
const LONGEST_FILE: usize = 500;
const NO_ROOM: &[&str] = &["common", "util", "utils", "helpers", "misc"];

fn fail_if_any(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut faults = Vec::new();
    for member in all() {
        let source_folder = root().join(member.folder).join("src");
        for file in rust_files(&source_folder).unwrap() {
            let module = module_of(file.strip_prefix(&source_folder).unwrap());
            let Some(room) = module.first() else { continue };
            let Some((_, allowed)) = member.rooms.iter().find(|(name, _)| name == room) else {
                faults.push(format!("{}: room `{room}` is not in the table", member.folder));
                continue;
            };
            for named in rooms_named(&fs::read_to_string(&file).unwrap(), &module) {
                let known = member.rooms.iter().any(|(name, _)| *name == named);
                if known && named != *room && !allowed.contains(&named.as_str()) {
                    faults.push(format!("{}: `{room}` must not know `{named}`", file.display()));
                }
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn the_table_names_only_rooms_that_exist_and_has_no_cycle() {
    let mut faults = Vec::new();
    for member in all() {
        for (at, (room, allowed)) in member.rooms.iter().enumerate() {
            let path = root().join(member.folder).join("src").join(room);
            if !path.is_dir() && !path.with_extension("rs").is_file() {
                faults.push(format!("{}: room `{room}` is gone", member.folder));
            }
            for import in *allowed {
                let position = member.rooms.iter().position(|(name, _)| name == import);
                if position.is_none_or(|position| position >= at) {
                    faults.push(format!("{}: `{room}` may import `{import}`, not above it", member.folder));
                }
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn crates_depend_only_on_those_the_table_allows() {
    let mut faults = Vec::new();
    let mut members: Vec<PathBuf> = Vec::new();
    for wing in WINGS {
        let entries = fs::read_dir(root().join(wing)).unwrap().map(|entry| entry.unwrap().path());
        members.extend(entries.filter(|path| path.join("Cargo.toml").is_file()));
    }
    for path in &members {
        let Some(member) = all().into_iter().find(|member| root().join(member.folder) == *path) else {
            faults.push(format!("{} is not in the table", path.display()));
            continue;
        };
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let named = manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true"));
        for named in named.filter(|named| named.starts_with("foretaste")) {
            if !member.may_use.contains(&named) {
                faults.push(format!("`{}` must not know `{named}`", member.folder));
            }
        }
    }
    fail_if_any(&faults);
    assert_eq!(members.len(), all().len(), "the table names a crate that is gone");
}

/// Where the parameter of one model may stand by its name: with the model, with its factorisation and what measures that,
/// and with the tutorial, which has no other.
const ABOUT_THE_SVD: &[&str] = &[
    "crates/linalg/",
    "crates/models/src/svd/",
    "crates/models/src/scaled_svd/",
    "crates/models/src/feature_factors/fit.rs",
    "crates/server/src/routes/tutorial.rs",
    "crates/cli/src/commands/bench/",
];

#[test]
fn the_rank_of_the_svd_is_named_nowhere_else() {
    let mut faults = Vec::new();
    for file in WINGS.iter().flat_map(|wing| rust_files(&root().join(wing)).unwrap()) {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let is_other = path.contains("/tests/")
            || path.contains("/examples/")
            || path.ends_with("tests.rs")
            || path.contains("/reference/")
            // Where the word is the place in a list.
            || path.starts_with("crates/eval/")
            || path.starts_with("crates/engine/src/recommend/")
            || path.starts_with("crates/cli/src/commands/evaluate/")
            || ["list.rs", "score.rs"].iter().any(|file| path == format!("crates/server/src/routes/{file}"));
        if is_other || ABOUT_THE_SVD.iter().any(|about| path.starts_with(about)) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (number, line) in (1..).zip(code.lines()) {
            let code = line.split("//").next().unwrap();
            if code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "rank") {
                faults.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn every_file_says_its_purpose_and_stays_short() {
    let mut faults = Vec::new();
    for file in WINGS.iter().flat_map(|wing| rust_files(&root().join(wing)).unwrap()) {
        let source = fs::read_to_string(&file).unwrap();
        if !source.starts_with("//! ") {
            faults.push(format!("{}: the first line is not a `//!` purpose", file.display()));
        }
        let lines = source.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!("{}: {lines} lines, allowed are {LONGEST_FILE}", file.display()));
        }
        let names = file.iter().filter_map(|part| part.to_str()).map(|part| part.trim_end_matches(".rs"));
        if let Some(name) = names.into_iter().find(|name| NO_ROOM.contains(name)) {
            faults.push(format!("{}: `{name}` says nothing about what is in it", file.display()));
        }
    }
    fail_if_any(&faults);
}
