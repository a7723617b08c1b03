//! How a ratings file is to be read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::table::{Decimal, Encoding, Quote, Separator};

/// A column of a file, by its name in the header or by position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// Counted from 1.
    Position(usize),
    /// Compared without regard to case, `_`, `-` and spaces.
    Name(String),
}

impl FromStr for Column {
    type Err = std::convert::Infallible;

    /// A whole number is a position, anything else a name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Position))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => write!(f, "{position}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// How to read a file; the default finds out everything from the file itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Between fields; `None` takes what cuts the first lines evenly.
    pub separator: Option<Separator>,
    /// Around fields; `None` takes what the rows show.
    pub quote: Option<Quote>,
    /// What stands before the fraction of a value; `None` takes what the values show.
    pub decimal: Option<Decimal>,
    /// Whether it is a table of users x items, one value a cell; `None` finds out.
    pub wide: Option<bool>,
    /// Whether the first row names the columns; `None` looks for usual names in it.
    pub header: Option<bool>,
    /// Column of user ids; `None` goes by name, or is the first.
    pub user_column: Option<Column>,
    /// Column of item ids; `None` goes by name, or is the second.
    pub item_column: Option<Column>,
    /// Column of ratings; `None` goes by name, or is the third.
    pub rating_column: Option<Column>,
    /// How bytes stand for text; `None` finds out.
    pub encoding: Option<Encoding>,
    /// Takes the first so many ratings and stops; rejected rows on the way are counted, but not towards it. `None` takes
    /// all.
    pub rows: Option<u64>,
    /// Whether the first rejected row fails the whole file.
    pub strict: bool,
}
