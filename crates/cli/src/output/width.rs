//! How much stands on a line: the width of the terminal, and text made to fit.

use std::env;
use std::io;

use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width of lines where no other is stated.
const USUAL: usize = 80;

/// Columns that a line on stdout may take: those of the terminal; else what `COLUMNS` says, else 80.
pub(crate) fn width() -> usize {
    let stated = || env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|&columns| columns > 0);
    let terminal =
        terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width)).filter(|&width| width > 0);
    terminal.or_else(stated).unwrap_or(USUAL)
}

/// A text in at most `most` columns; one that is too long ends in an ellipsis.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut taken = 1;
    for character in text.chars() {
        taken += character.width().unwrap_or(0);
        if taken > most {
            break;
        }
        short.push(character);
    }
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// A sentence on lines of at most `most` columns, broken at spaces, from the second on indented by two. A word that is
/// longer than a line stays whole.
#[cfg(any(test, target_os = "linux"))]
pub(crate) fn wrapped(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let (mut lines, mut line) = (String::new(), String::new());
    for word in text.split(' ') {
        if !line.trim().is_empty() && line.width() + 1 + word.width() > most {
            lines += &line;
            lines.push('\n');
            line = format!("  {word}");
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
    }
    lines + &line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shortened_to_the_width_and_no_further() {
        assert_eq!(shortened("Toy Story", 9), "Toy Story");
        assert_eq!(shortened("Toy Story", 8), "Toy Sto…");
        assert_eq!(shortened("Toy Story", 5), "Toy…");
        assert_eq!(shortened("日本", 3), "日…");
    }

    #[test]
    fn a_sentence_is_broken_at_spaces() {
        assert_eq!(wrapped("one two three", 13), "one two three");
        assert_eq!(wrapped("one two three four", 9), "one two\n  three\n  four");
        assert_eq!(wrapped("a averylongwordindeed b", 8), "a\n  averylongwordindeed\n  b");
    }
}
