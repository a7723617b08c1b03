//! Lines that read like an annotation and are none, so that a cell is no endpoint against its author's will.

use std::fmt;

use super::annotation::{Annotation, Verb};

/// Most characters of a line that are quoted.
const QUOTED: usize = 80;

/// A line that looks like an annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NearMiss {
    /// Its cell, from 1.
    cell: usize,
    /// Its place in the cell, from 1.
    line: usize,
    text: String,
    prefix: &'static str,
}

impl fmt::Display for NearMiss {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, line, text, prefix } = self;
        write!(
            to,
            "cell {cell}, line {line}: `{text}` makes no endpoint; the first line of a cell does, as `{prefix} GET /path`: \
             nothing before it, a space on both sides of the method, the method in capitals"
        )
    }
}

/// The lines of a cell that look like annotations, besides the first when it is one: nearly written as one before the
/// first line of code, or exactly as one anywhere.
pub(super) fn near_misses(cell: usize, source: &str, prefix: &'static str) -> Vec<NearMiss> {
    let mut before_code = true;
    let mut found = Vec::new();
    for (line, text) in (1..).zip(source.lines()) {
        let trimmed = text.trim();
        before_code &= trimmed.is_empty() || trimmed.starts_with(prefix) || trimmed.starts_with("%%");
        let annotation = Annotation::of(text, prefix);
        if line == 1 && annotation.is_some() {
            continue;
        }
        let is_exact = matches!(annotation, Some(Annotation::Endpoint(..) | Annotation::ResponseInfo(..)));
        if is_exact || (before_code && is_nearly_one(trimmed, prefix)) {
            let text = trimmed.chars().take(QUOTED).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            found.push(NearMiss { cell, line, text, prefix });
        }
    }
    found
}

/// Whether a comment is a method and a path, however they are written.
fn is_nearly_one(line: &str, prefix: &str) -> bool {
    let Some(mut rest) = line.strip_prefix(prefix) else { return false };
    while let Some(further) = rest.strip_prefix(prefix) {
        rest = further;
    }
    let (mut word, mut rest) = word_of(rest.trim_start().trim_start_matches('@'));
    if word.eq_ignore_ascii_case("ResponseInfo") {
        (word, rest) = word_of(rest.trim_start());
    }
    if !Verb::ALL.iter().any(|verb| verb.as_str().eq_ignore_ascii_case(word)) {
        return false;
    }
    let after = rest.strip_prefix(':').unwrap_or(rest);
    let path = after.trim_start();
    let is_path = path.starts_with('/') && path.chars().nth(1).is_none_or(|c| !c.is_whitespace());
    let is_spaced = path.len() < after.len();
    // `# post/pre processing` and `# get /tmp out of the way` are prose.
    let in_capitals = Verb::ALL.iter().any(|verb| verb.as_str() == word);
    is_path && (in_capitals || (is_spaced && !path.contains(char::is_whitespace)))
}

fn word_of(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(source: &str) -> Vec<usize> {
        near_misses(3, source, "#").iter().map(|miss| miss.line).collect()
    }

    #[test]
    fn a_line_that_is_nearly_an_annotation_is_named() {
        for (source, line) in [
            ("#GET /nospace\nx", 1),
            ("# get /lower\nx", 1),
            ("\n# GET /blank\nx", 2),
            ("# lists films\n# GET /comment\nx", 2),
            ("#@title Serve\n# GET /title\nx", 2),
            ("%%time\n# GET /magic\nx", 2),
            (" # GET /indented", 1),
            ("## GET /twice", 1),
            ("# GET: /colon", 1),
            ("#POST/joined", 1),
            ("#ResponseInfo GET /info", 1),
            ("x = 1\n# GET /below\ny", 2),
            ("# GET /one\nx\n# GET /another\ny", 3),
        ] {
            assert_eq!(lines(source), [line], "{source:?}");
        }
        let told = near_misses(3, "#GET /a\x1b[1m", "#")[0].to_string();
        assert!(told.starts_with("cell 3, line 1: `#GET /a\u{fffd}[1m` makes no endpoint; "), "{told}");
        assert!(told.contains("`# GET /path`"));
    }

    #[test]
    fn prose_and_code_are_left_alone() {
        for source in [
            "# GET /right\nx",
            "# get the films",
            "# post/pre processing",
            "# get /tmp out of the way",
            "# put / take",
            "# PATCH /a",
            "x = 1\n# get /lower below code",
            "# GET",
            "",
        ] {
            assert!(lines(source).is_empty(), "{source:?}");
        }
    }
}
