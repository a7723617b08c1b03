//! Text that a user reads has none of the words that STYLE.md bans.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use foretaste_architecture::prose::{banned, texts};
use foretaste_architecture::{root, rust_files};

/// Where doc comments are shown to users: help, and the OpenAPI document.
const SHOWN: &[&str] = &["crates/cli/src/args", "crates/server/src"];

/// Titles of made-up films, which are data.
const NO_PROSE: &str = "crates/data/src/dataset/words.rs";

/// The banned words, which STYLE.md lists in a line of their own.
fn list(style: &str) -> Vec<&str> {
    let line = style.lines().find_map(|line| line.strip_prefix("Banned in text that a user reads: "));
    line.unwrap().split('`').skip(1).step_by(2).collect()
}

#[test]
fn no_text_that_a_user_reads_has_a_banned_word() {
    let style = fs::read_to_string(root().join("STYLE.md")).unwrap();
    let words = list(&style);
    assert!(words.len() > 10, "{words:?}");
    let mut faults = Vec::new();
    let mut look = |path: &Path, line: usize, text: &str| {
        if let Some(word) = banned(text, &words) {
            faults.push(format!("{}:{line}: `{word}` in {text:?}", path.strip_prefix(root()).unwrap().display()));
        }
    };
    let sources = ["crates", "hosting"].map(|wing| rust_files(&root().join(wing)).unwrap()).concat();
    let mut literals = 0;
    for path in sources.iter().filter(|path| path.components().any(|part| part.as_os_str() == "src")) {
        if path.ends_with(NO_PROSE) {
            continue;
        }
        let docs = SHOWN.iter().any(|folder| path.starts_with(root().join(folder)));
        for (line, text) in texts(&fs::read_to_string(path).unwrap(), docs) {
            literals += 1;
            look(path, line, &text);
        }
    }
    assert!(literals > 1000, "{literals} texts were found in the sources");
    let documents = markdown(&root());
    assert!(documents.iter().any(|path| path.ends_with("README.md")));
    for path in documents.iter().filter(|path| !path.ends_with("STYLE.md")) {
        for (at, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            look(path, at + 1, line);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The documents of the repository's root, of `docs` and of `benches`.
fn markdown(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_owned(), root.join("docs"), root.join("benches")];
    folders.extend(fs::read_dir(root.join("benches")).unwrap().map(|entry| entry.unwrap().path()));
    let files = folders.iter().filter(|folder| folder.is_dir()).flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}
