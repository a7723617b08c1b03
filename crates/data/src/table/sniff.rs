//! What the first bytes of a file say about the rest: separator, line ends, quoting.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fields::Fields;

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Separator {
    /// `,`
    #[serde(rename = ",")]
    Comma,
    /// `;`
    #[serde(rename = ";")]
    Semicolon,
    /// A tab.
    #[serde(rename = "\t")]
    Tab,
    /// `|`
    #[serde(rename = "|")]
    Pipe,
    /// `::`
    #[serde(rename = "::")]
    DoubleColon,
}

impl Separator {
    /// All separators; when two explain a file equally well, the earlier one wins.
    pub const ALL: [Self; 5] = [Self::DoubleColon, Self::Tab, Self::Semicolon, Self::Comma, Self::Pipe];

    /// The bytes in the file.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Comma => b",",
            Self::Semicolon => b";",
            Self::Tab => b"\t",
            Self::Pipe => b"|",
            Self::DoubleColon => b"::",
        }
    }

    /// Whether `"` quotes a field; only in `,` and `;` files, elsewhere it is a character like any other.
    #[must_use]
    pub fn quotes(self) -> bool {
        matches!(self, Self::Comma | Self::Semicolon)
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
            Self::Tab => "tab",
            Self::Pipe => "|",
            Self::DoubleColon => "::",
        })
    }
}

/// How a file is cut into rows and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Between fields.
    pub separator: Separator,
    /// Ends a line: `\n`, a `\r` before it being dropped; `\r` in files whose start has no `\n` at all.
    pub terminator: u8,
}

/// Sniffs the format of a file from a sample of its start, without byte order mark.
pub(super) fn format(sample: &[u8], complete: bool, separator: Option<Separator>) -> Format {
    let lone_cr = !sample.contains(&b'\n') && sample.contains(&b'\r');
    let terminator = if lone_cr { b'\r' } else { b'\n' };
    let separator = separator.unwrap_or_else(|| best_separator(sample, complete, terminator));
    Format { separator, terminator }
}

/// The separator that cuts most of the first lines into the same number of fields, at least three if possible.
fn best_separator(sample: &[u8], complete: bool, terminator: u8) -> Separator {
    let mut lines: Vec<&[u8]> = sample.split(|&byte| byte == terminator).take(33).collect();
    if lines.len() > 1 && (!complete || lines.len() == 33) {
        lines.pop();
    }
    lines.retain(|line| !line.trim_ascii().is_empty());
    let mut best = (Separator::Comma, (0, 0));
    let mut fields = Fields::default();
    for separator in Separator::ALL {
        let counts: Vec<usize> = lines
            .iter()
            .map(|line| {
                fields.split(line.strip_suffix(b"\r").unwrap_or(line), separator);
                fields.len() - 1
            })
            .collect();
        let agree = |least: usize| {
            counts
                .iter()
                .filter(|&&c| c >= least)
                .map(|&c| counts.iter().filter(|&&d| d == c).count())
                .max()
                .unwrap_or(0)
        };
        let score = (agree(2), agree(1));
        if score > best.1 {
            best = (separator, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_that_cuts_evenly_wins() {
        for (text, separator) in [
            ("1,2,3\n4,5,6\n", Separator::Comma),
            ("1;2;3,5\n4;5;6,5\n", Separator::Semicolon),
            ("1\t2\t3\t4\n", Separator::Tab),
            ("1::2::3::4", Separator::DoubleColon),
            ("1|2|3\r\n1|2|3", Separator::Pipe),
            ("movieId,title,genres\n1,\"A|B, C (1990)\",X|Y\n2,C,Z|W\n", Separator::Comma),
            ("1::A, B (1995)::X|Y|Z\n2::C, D (1995)::X|Y|Z\n", Separator::DoubleColon),
            ("", Separator::Comma),
            ("hello", Separator::Comma),
        ] {
            assert_eq!(format(text.as_bytes(), true, None).separator, separator, "{text:?}");
        }
    }
}
