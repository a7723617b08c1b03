//! Text that a user reads: string literals and doc comments of Rust source, each with its line.

/// The string literals of `source`, tests left out, and with `docs` its `///` lines; each with its line, from 1.
///
/// Comments and character literals are passed over. Everything from the first `#[cfg(test)]` on counts as a test.
#[must_use]
pub fn texts(source: &str, docs: bool) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut found, mut line, mut rest) = (Vec::new(), 1, source);
    while let Some(at) = rest.find(['"', '/', '\'', '\n', 'r']) {
        let (before, here) = rest.split_at(at);
        let part_of_a_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (length, text) = match here.as_bytes() {
            [b'\n', ..] => (1, None),
            [b'/', b'/', ..] => {
                let comment = here.lines().next().unwrap_or_default();
                (comment.len(), comment.strip_prefix("///").filter(|_| docs))
            }
            [b'\'', b'\\', _, b'\'', ..] => (4, None),
            [b'\'', _, b'\'', ..] => (3, None),
            [b'"', ..] => quoted(here),
            [b'r', b'"' | b'#', ..] if !part_of_a_name => raw(here),
            _ => (1, None),
        };
        found.extend(text.map(|text| (line, text.to_owned())));
        line += here[..length].matches('\n').count();
        rest = &here[length..];
    }
    found
}

/// The length of the literal that `here` begins with, and what stands between its quotes.
fn quoted(here: &str) -> (usize, Option<&str>) {
    let mut escaped = false;
    for (at, c) in here.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (at + 1, Some(&here[1..at])),
            _ => {}
        }
    }
    (here.len(), Some(&here[1..]))
}

/// As [`quoted`], of a raw literal; one byte where it is none.
fn raw(here: &str) -> (usize, Option<&str>) {
    let hashes = here[1..].bytes().take_while(|&byte| byte == b'#').count();
    let Some(body) = here[1 + hashes..].strip_prefix('"') else { return (1, None) };
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).unwrap_or(body.len());
    ((2 + hashes + length + end.len()).min(here.len()), Some(&body[..length]))
}

/// The first of `words` that stands in `text` as whole words, in any case.
#[must_use]
pub fn banned<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    let letters = |text: &str| -> String {
        text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect()
    };
    let spaced = |text: &str| format!(" {} ", letters(text).split_whitespace().collect::<Vec<_>>().join(" "));
    let text = spaced(text);
    words.iter().find(|word| text.contains(&spaced(word))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_with_their_lines_and_comments_are_not() {
        let source = "/// so\n// \"no\"\nlet a = \"one \\\" two\"; let c = '\"';\nlet b = r#\"raw \"x\" text\"#;\n\
                      #[cfg(test)]\nlet d = \"test\";";
        let literals = [(3, "one \\\" two".to_owned()), (4, "raw \"x\" text".to_owned())];
        assert_eq!(texts(source, false), literals);
        assert_eq!(texts(source, true)[0], (1, " so".to_owned()));
    }

    #[test]
    fn whole_words_count_whatever_stands_between_them() {
        assert_eq!(banned("takes So\n   many rows", &["nobody", "so many"]), Some("so many"));
        assert_eq!(banned("also many, and outdoors", &["so many", "door"]), None);
    }
}
