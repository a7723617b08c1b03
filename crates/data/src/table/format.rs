//! How a file is cut into rows and fields: separator, line ends, quotes.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// `||`
    #[serde(rename = "||")]
    DoublePipe,
    /// Two tabs.
    #[serde(rename = "\t\t")]
    DoubleTab,
    /// Spaces and tabs, one or more.
    #[serde(rename = " ")]
    Space,
}

impl Separator {
    /// All separators; when two explain a file equally well, the earlier one wins.
    pub const ALL: [Self; 8] = [
        Self::DoubleColon,
        Self::DoublePipe,
        Self::DoubleTab,
        Self::Tab,
        Self::Semicolon,
        Self::Comma,
        Self::Pipe,
        Self::Space,
    ];

    /// The bytes in the file; of spaces, one.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Comma => b",",
            Self::Semicolon => b";",
            Self::Tab => b"\t",
            Self::Pipe => b"|",
            Self::DoubleColon => b"::",
            Self::DoublePipe => b"||",
            Self::DoubleTab => b"\t\t",
            Self::Space => b" ",
        }
    }

    /// Whether `"` quotes a field unless the file shows otherwise: in `,` and `;` files.
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
            Self::DoublePipe => "||",
            Self::DoubleTab => "two tabs",
            Self::Space => "space",
        })
    }
}

/// What quotes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quote {
    /// Nothing; quotes are characters like any others.
    None,
    /// `"`, and `""` within is one.
    Double,
    /// `"`, and `\"` within is one.
    Backslash,
    /// `'`, and `''` within is one.
    Single,
    /// `'`, and `\'` within is one.
    SingleBackslash,
}

impl Quote {
    /// The quote character, if there is one.
    #[must_use]
    pub fn byte(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Double | Self::Backslash => Some(b'"'),
            Self::Single | Self::SingleBackslash => Some(b'\''),
        }
    }

    /// Whether a backslash takes the quote behind it for a character.
    pub(super) fn escapes(self) -> bool {
        matches!(self, Self::Backslash | Self::SingleBackslash)
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Double => "double",
            Self::Backslash => "backslash",
            Self::Single => "single",
            Self::SingleBackslash => "single-backslash",
        })
    }
}

/// How a file is cut into rows and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Between fields.
    pub separator: Separator,
    /// Around fields.
    pub quote: Quote,
    /// Ends a line: `\n`, a `\r` before it being dropped; `\r` in files whose start has no `\n` at all.
    pub terminator: u8,
}

impl Format {
    /// The format of a separator, with its usual quotes.
    #[must_use]
    pub fn usual(separator: Separator) -> Self {
        let quote = if separator.quotes() { Quote::Double } else { Quote::None };
        Self { separator, quote, terminator: b'\n' }
    }
}
