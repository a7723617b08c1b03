//! Pairs of user and item from a table of any form that ratings can have.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use foretaste::dataset::table_of;
use foretaste::interactions::{Column, ITEM_NAMES, Reason, USER_NAMES, normalised};
use foretaste::table::{CHUNK_BYTES, Fields, Lines, Record, Separator, Source};

use super::bad_pairs;
use crate::args::PairColumns;
use crate::exit::{Exit, coded};

/// A row of the pairs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The line on which it starts, counted from 1.
    pub(super) line: u64,
    /// As far as it can be read, as the item.
    pub(super) user: String,
    pub(super) item: String,
    /// Why the row is no pair.
    pub(super) fault: Option<Reason>,
}

/// Reads pairs, one row at a time.
#[derive(Debug)]
pub(super) struct Pairs {
    name: PathBuf,
    lines: Lines,
    fields: Fields,
    /// Rows read while the columns were looked for.
    pending: VecDeque<Pair>,
    columns: [usize; 2],
    /// What the header says about these columns.
    header: Option<[String; 2]>,
    /// Fields of the first row: one with more has a separator too many.
    most: usize,
}

impl Pairs {
    /// Opens a file, or standard input for `-`, and finds the columns.
    pub(super) fn open(name: &Path, asked: Option<&PairColumns>, separator: Option<Separator>) -> Result<Self> {
        let source = if name == Path::new("-") {
            let mut bytes = Vec::new();
            bad_pairs(io::stdin().lock().read_to_end(&mut bytes), name)?;
            Source::bytes(bytes)
        } else {
            bad_pairs(table_of(name), name)?
        };
        let lines = bad_pairs(Lines::open(source, separator, None, CHUNK_BYTES), name)?;
        let mut pairs = Self {
            name: name.to_owned(),
            lines,
            fields: Fields::default(),
            pending: VecDeque::new(),
            columns: [0, 1],
            header: None,
            most: usize::MAX,
        };
        pairs.find_columns(asked)?;
        Ok(pairs)
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Pair>> {
        if let Some(pair) = self.pending.pop_front() {
            return Ok(Some(pair));
        }
        Ok(match self.row()? {
            None => None,
            Some((line, Err(reason))) => {
                Some(Pair { line, user: String::new(), item: String::new(), fault: Some(reason) })
            }
            Some((line, Ok(()))) => Some(self.pair(line)),
        })
    }

    /// What was read as what, for a user whose pairs are all unknown.
    pub(super) fn reading(&self) -> String {
        let [user, item] = [0, 1].map(|role| {
            let name = self.header.as_ref().map_or_else(String::new, |names| format!(" (`{}`)", names[role]));
            format!("column {}{name}", self.columns[role] + 1)
        });
        let separator = self.lines.format().separator;
        format!("users were read from {user}, items from {item}, with `{separator}` between fields")
    }

    /// Splits the next row into `self.fields`, or says why it cannot.
    fn row(&mut self) -> Result<Option<(u64, std::result::Result<(), Reason>)>> {
        let found = bad_pairs(self.lines.next(&mut |_| ControlFlow::Continue(())), &self.name)?;
        let Some((line, record)) = found else { return Ok(None) };
        Ok(match record {
            Record::Row(row) => {
                self.fields.split(self.lines.row(&row), self.lines.format().separator);
                Some((line, Ok(())))
            }
            Record::TooLong => Some((line, Err(Reason::LineTooLong))),
            Record::Unterminated => Some((line, Err(Reason::UnterminatedQuote))),
            Record::Stopped => None,
        })
    }

    fn find_columns(&mut self, asked: Option<&PairColumns>) -> Result<()> {
        while let Some((line, row)) = self.row()? {
            if let Err(reason) = row {
                self.pending.push_back(Pair { line, user: String::new(), item: String::new(), fault: Some(reason) });
                continue;
            }
            let first = first_row(&self.fields, asked);
            let (columns, is_header) = first.map_err(|what| self.refusal(line, &what))?;
            if self.fields.len() <= columns[0].max(columns[1]) {
                let what =
                    format!("has {} of the columns {} and {}", self.fields.len(), columns[0] + 1, columns[1] + 1);
                return Err(self.refusal(line, &what));
            }
            (self.columns, self.most) = (columns, self.fields.len());
            if is_header {
                self.header = Some(columns.map(|at| lossy(self.fields.get(at).unwrap_or_default())));
            } else {
                let pair = self.pair(line);
                self.pending.push_back(pair);
            }
            return Ok(());
        }
        Ok(())
    }

    fn refusal(&self, line: u64, what: &str) -> anyhow::Error {
        let (name, found) = (self.name.display(), self.fields.iter().map(lossy).take(64).collect::<Vec<_>>());
        let separator = self.lines.format().separator;
        let cure = "--pairs-columns USER,ITEM names the columns or counts them from 1, --pairs-separator states what \
                    stands between them";
        coded(Exit::Data, anyhow!("{name}, line {line}: the row {found:?}, cut at `{separator}`, {what}; {cure}"))
    }

    /// The pair in `self.fields`.
    fn pair(&mut self, line: u64) -> Pair {
        let [user, item] = self.columns.map(|at| self.fields.get(at));
        let is_short = user.is_none() || item.is_none();
        let mut fault = is_short.then_some(Reason::TooFewFields);
        if self.fields.len() > self.most {
            fault = Some(Reason::TooManyFields);
        }
        let mut text = |bytes: Option<&[u8]>| {
            let bytes = bytes.unwrap_or_default();
            if bytes.is_empty() {
                fault = fault.or(Some(Reason::EmptyId));
            }
            let text = self.lines.decoder().text(bytes).map(std::borrow::Cow::into_owned);
            text.unwrap_or_else(|| {
                fault = fault.or(Some(Reason::IdNotUtf8));
                lossy(bytes)
            })
        };
        let (user, item) = (text(user), text(item));
        let is_header = self.header.as_ref().is_some_and(|[a, b]| (a, b) == (&user, &item));
        Pair { line, user, item, fault: if is_header { Some(Reason::RepeatedHeader) } else { fault } }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The columns of user and item, counted from 0, and whether the first row is a header; or what is wrong with the row.
///
/// A header is a row without a number in which the usual names of a user's and of an item's column stand, or the names
/// asked for.
fn first_row(first: &Fields, asked: Option<&PairColumns>) -> std::result::Result<([usize; 2], bool), String> {
    let names: Vec<String> = first.iter().map(normalised).collect();
    let usual = [USER_NAMES, ITEM_NAMES]
        .map(|usual| usual.iter().find_map(|usual| names.iter().position(|name| name == usual)));
    let has_number = first.iter().any(|field| std::str::from_utf8(field).is_ok_and(|text| text.parse::<f64>().is_ok()));
    let is_header = matches!(usual, [Some(user), Some(item)] if user != item) && !has_number;
    let Some(asked) = asked else {
        return match usual {
            [Some(user), Some(item)] if is_header => Ok(([user, item], true)),
            [Some(_), None] if !has_number => Err("names a column for users and none for items".to_owned()),
            [None, Some(_)] if !has_number => Err("names a column for items and none for users".to_owned()),
            _ if first.len() < 2 => Err("has one field, expected are a user and an item".to_owned()),
            _ => Ok(([0, 1], false)),
        };
    };
    let mut columns = [0; 2];
    for (at, column) in asked.0.iter().enumerate() {
        columns[at] = match column {
            Column::Position(position) => position.saturating_sub(1),
            Column::Name(wanted) => {
                let wanted_name = normalised(wanted.as_bytes());
                let found = names.iter().position(|name| *name == wanted_name);
                found.ok_or_else(|| format!("has no column `{wanted}`"))?
            }
        };
    }
    let by_name = asked.0.iter().any(|column| matches!(column, Column::Name(_)));
    if columns[0] == columns[1] {
        Err("has one column for both".to_owned())
    } else {
        Ok((columns, by_name || is_header))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(row: &str, asked: Option<&str>) -> std::result::Result<([usize; 2], bool), String> {
        let mut fields = Fields::default();
        fields.split(row.as_bytes(), Separator::Comma);
        first_row(&fields, asked.map(|asked| asked.parse().unwrap()).as_ref())
    }

    #[test]
    fn columns_are_found_by_name_or_are_the_first_two() {
        assert_eq!(columns("userId,movieId,rating,timestamp", None), Ok(([0, 1], true)));
        assert_eq!(columns(",item_id,User", None), Ok(([2, 1], true)));
        assert_eq!(columns("1,99", None), Ok(([0, 1], false)));
        assert_eq!(columns("anna,b-17,4,x", None), Ok(([0, 1], false)));
        assert_eq!(columns("user,5", None), Ok(([0, 1], false)), "a user of that name");
    }

    #[test]
    fn columns_asked_for_go_before_names() {
        assert_eq!(columns("when,sku,visitor", Some("visitor,sku")), Ok(([2, 1], true)));
        assert_eq!(columns("9,b,a", Some("3,2")), Ok(([2, 1], false)));
        assert_eq!(columns("user,item", Some("1,2")), Ok(([0, 1], true)));
        assert!(columns("when,sku", Some("visitor,sku")).unwrap_err().contains("`visitor`"));
        assert!(columns("a,b", Some("2,2")).is_err());
    }

    #[test]
    fn a_first_row_that_names_half_of_it_is_refused() {
        for row in ["userId,thing", "thing,movieId", "alone"] {
            assert!(columns(row, None).is_err(), "{row}");
        }
    }
}
