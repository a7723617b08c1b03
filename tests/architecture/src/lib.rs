//! Reads the source of the workspace as text: which rooms a file names, by `crate::` or by `super::`.
//!
//! A room is a folder or file right below a crate's `src/`. The tables of who may import whom stand in
//! `tables`, and `tests/tables.rs` holds the source against them.

pub mod prose;
pub mod tables;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All Rust files below a folder, in the order of their names; build folders are left out.
///
/// # Errors
/// When a folder cannot be read.
pub fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The modules from the crate's root to a file's own: `svd/mod.rs` and `svd.rs` are `svd`, `svd/fit.rs` is `svd`, `fit`.
///
/// `file` is relative to `src/`.
#[must_use]
pub fn module_of(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> = file.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if let Some(last) = parts.pop() {
        let stem = last.trim_end_matches(".rs");
        if !matches!(stem, "mod" | "lib" | "main") {
            parts.push(stem.to_owned());
        }
    }
    parts
}

/// The rooms that a file names, in code that is not a comment.
///
/// `module` is the file's own, from [`module_of`]. A path that begins with `crate::` counts by its next part, one that
/// begins with `super::` by where it leads; an inner `mod` of a file (its tests) adds a `super::` of its own, so a path
/// that would leave the crate counts from the root.
#[must_use]
pub fn rooms_named(source: &str, module: &[String]) -> BTreeSet<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        rooms.extend(heads(&code[at + "crate::".len()..]));
    }
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let mut rest = &code[at..];
        let mut depth = module.len();
        while let Some(after) = rest.strip_prefix("super::") {
            rest = after;
            depth = depth.saturating_sub(1);
        }
        match module.first() {
            Some(room) if depth > 0 => drop(rooms.insert(room.clone())),
            _ => rooms.extend(heads(rest)),
        }
    }
    rooms
}

/// The first names of a path, or of each path of a list in braces.
fn heads(rest: &str) -> Vec<String> {
    let Some(inner) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut depth = 0;
    let mut names = vec![name(inner)];
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&inner[at + 1..])),
            _ => {}
        }
    }
    names
}

fn name(path: &str) -> String {
    path.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str, module: &str) -> Vec<String> {
        rooms_named(source, &module_of(Path::new(module))).into_iter().collect()
    }

    #[test]
    fn paths_from_the_root_and_from_above_are_found() {
        assert_eq!(named("use crate::{ids::{A, B}, table};\n// crate::no", "x.rs"), ["ids", "table"]);
        assert_eq!(named("use super::ids::A;", "x.rs"), ["ids"]);
        assert_eq!(named("use super::super::ids;\nuse super::y;", "x/z.rs"), ["ids", "x"]);
        assert_eq!(named("use super::y;", "x/z/mod.rs"), ["x"]);
    }
}
