//! Holds the structure of the workspace: who may import whom, purpose lines, length of files, names of rooms.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the engine, each with those it may import. Changing this table is changing the architecture.
const ENGINE: &[(&str, &[&str])] = &[
    ("ids", &[]),
    ("atomic", &[]),
    ("table", &["ids"]),
    ("ratings", &["ids", "table"]),
    ("catalogue", &["ids", "table", "ratings"]),
    ("dataset", &["ids", "atomic", "table", "ratings", "catalogue"]),
    ("models", &["ids", "ratings"]),
    ("recommend", &["ids", "ratings", "catalogue", "dataset", "models"]),
    ("artifact", &["ids", "atomic", "ratings", "catalogue", "dataset", "models", "recommend"]),
];

/// The crates, each with those of this workspace that it may use.
const CRATES: &[(&str, &[&str])] = &[
    ("linalg", &[]),
    ("engine", &["foretaste-linalg"]),
    ("net", &[]),
    ("server", &["foretaste", "foretaste-net"]),
    ("notebook", &["foretaste-net"]),
    ("deploy", &[]),
    (
        "cli",
        &[
            "foretaste",
            "foretaste-linalg",
            "foretaste-net",
            "foretaste-server",
            "foretaste-notebook",
            "foretaste-deploy",
        ],
    ),
];

const LONGEST_FILE: usize = 500;
const NO_ROOM: &[&str] = &["common", "util", "utils", "helpers", "misc"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "target" {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The rooms that a file names after `crate::`, in code that is not a comment.
fn rooms_named(source: &str) -> BTreeSet<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let list = rest.strip_prefix('{').map_or(rest, |inner| &inner[..inner.find('}').unwrap_or(inner.len())]);
        let paths = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
        rooms.extend(paths.iter().map(|path| {
            path.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
        }));
    }
    rooms
}

fn room_of(file: &Path, source_folder: &Path) -> String {
    let inside = file.strip_prefix(source_folder).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_of_the_engine_import_only_what_the_table_allows() {
    let source_folder = root().join("crates/engine/src");
    let mut faults = Vec::new();
    for file in rust_files(&source_folder) {
        let room = room_of(&file, &source_folder);
        if room == "lib" {
            continue;
        }
        let Some((_, allowed)) = ENGINE.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("room `{room}` is not in the table"));
            continue;
        };
        for named in rooms_named(&fs::read_to_string(&file).unwrap()) {
            let known = ENGINE.iter().any(|(name, _)| *name == named);
            if known && named != room && !allowed.contains(&named.as_str()) {
                faults.push(format!("{}: `{room}` must not know `{named}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_table_names_only_rooms_that_exist_and_has_no_cycle() {
    for (at, (room, allowed)) in ENGINE.iter().enumerate() {
        let path = root().join("crates/engine/src").join(room);
        assert!(path.is_dir() || path.with_extension("rs").is_file(), "room `{room}` is gone");
        for import in *allowed {
            let position = ENGINE.iter().position(|(name, _)| name == import).unwrap();
            assert!(position < at, "`{room}` may import `{import}`, which stands after it");
        }
    }
}

#[test]
fn every_file_says_its_purpose_and_stays_short() {
    let files = rust_files(&root().join("crates"));
    assert!(files.len() > 30, "only {} files were found", files.len());
    let mut faults = Vec::new();
    for file in files {
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
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn crates_depend_only_on_those_the_table_allows() {
    let mut faults = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().file_name().into_string().unwrap();
        let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == folder) else {
            faults.push(format!("crate `{folder}` is not in the table"));
            continue;
        };
        let manifest = fs::read_to_string(root().join("crates").join(&folder).join("Cargo.toml")).unwrap();
        let named = manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true"));
        for named in named.filter(|named| named.starts_with("foretaste")) {
            if !allowed.contains(&named) {
                faults.push(format!("`{folder}` must not know `{named}`"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(
        fs::read_dir(root().join("crates")).unwrap().count(),
        CRATES.len(),
        "the table names a crate that is gone"
    );
}
