//! How an interactions file is to be read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{MissingCodes, Repeat, Weights};
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

/// What a column of a file without names holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// The user's id.
    User,
    /// The item's id.
    Item,
    /// A rating, a count, or a word that has a weight.
    Value,
    /// When it happened.
    Time,
    /// Nothing that is read.
    Skip,
}

impl ColumnRole {
    /// Reads a list such as `user,item,-,time`.
    ///
    /// # Errors
    /// A sentence, when a word is not known, a role is given twice, or users or items have no column.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let role = |word: &str| match word.trim() {
            "user" => Ok(Self::User),
            "item" => Ok(Self::Item),
            "value" | "rating" => Ok(Self::Value),
            "time" | "timestamp" => Ok(Self::Time),
            "-" | "_" => Ok(Self::Skip),
            other => {
                Err(format!("found `{other}`, expected `user`, `item`, `value`, `time`, or `-` for any other column"))
            }
        };
        let roles = text.split(',').map(role).collect::<Result<Vec<_>, _>>()?;
        let count = |wanted| roles.iter().filter(|&&role| role == wanted).count();
        for (role, name, least) in
            [(Self::User, "user", 1), (Self::Item, "item", 1), (Self::Value, "value", 0), (Self::Time, "time", 0)]
        {
            match count(role) {
                0 if least > 0 => return Err(format!("no column is `{name}`, expected one")),
                0 | 1 => {}
                more => return Err(format!("{more} columns are `{name}`, expected one")),
            }
        }
        Ok(roles)
    }
}

/// How to read a file; the default finds out everything from the file itself.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// Column of ratings, counts or words; `None` goes by name, or is the third. A header may have none.
    pub rating_column: Option<Column>,
    /// Column of times; `None` goes by name.
    pub time_column: Option<Column>,
    /// What every column is, in order; goes before the four above.
    pub columns: Option<Vec<ColumnRole>>,
    /// Weights of the words in the value column; `None` when it holds numbers.
    pub value: Option<Weights>,
    /// What becomes of several rows of one user and item; `None` keeps the last where there is a column of numbers, and
    /// adds up where there is none.
    pub repeat: Option<Repeat>,
    /// What stands for "no rating" in the value column.
    pub missing: MissingCodes,
    /// How bytes stand for text; `None` finds out.
    pub encoding: Option<Encoding>,
    /// Takes the first so many ratings and stops; rejected rows on the way are counted, but not towards it. `None` takes
    /// all.
    pub rows: Option<u64>,
    /// Whether the first rejected row fails the whole file.
    pub strict: bool,
}

impl ReadOptions {
    /// Whether they say how the table is written or what its columns hold, beyond what the values mean.
    pub(super) fn tells(&self) -> bool {
        let columns = [&self.user_column, &self.item_column, &self.rating_column, &self.time_column];
        self.columns.is_some()
            || columns.iter().any(|column| column.is_some())
            || self.separator.is_some()
            || self.header.is_some()
            || self.wide.is_some()
            || self.value.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_columns_is_checked_as_a_whole() {
        use ColumnRole::{Item, Skip, Time, User, Value};
        assert_eq!(ColumnRole::list("time,user,-,item, value"), Ok(vec![Time, User, Skip, Item, Value]));
        for (text, part) in [("user,thing", "`thing`"), ("user,value", "`item`"), ("user,item,user", "2 columns")] {
            let error = ColumnRole::list(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
