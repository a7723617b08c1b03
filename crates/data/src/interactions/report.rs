//! What happened to each row of a file: accepted, or rejected for one stated reason.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::roles::Role;
use super::{Evidence, Feedback, Repeat, Roles, TimeFormat};
use crate::columnar::Format;
use crate::table::{Compression, Encoding, Separator};

pub use crate::table::Progress;

/// Why a row is rejected. The first that applies, in this order within a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The line is longer than a line may be.
    LineTooLong,
    /// A quote opens and never closes.
    UnterminatedQuote,
    /// Fewer fields than the columns that are read.
    TooFewFields,
    /// More fields than the header or the first row has.
    TooManyFields,
    /// The header once more.
    RepeatedHeader,
    /// An id without a character.
    EmptyId,
    /// An id that is not UTF-8 in a file that is.
    IdNotUtf8,
    /// An id with a NUL or another control character.
    IdControlCharacter,
    /// An id of more bytes than an id may have.
    IdTooLong,
    /// A rating that is not a number.
    RatingNotANumber,
    /// A rating that is NaN, infinite, or too large for a 64-bit float.
    RatingNotFinite,
    /// A rating too large, or too close to zero, for a 32-bit float.
    RatingOutOfRange,
    /// A word that `--value` gives no weight.
    WordWithoutWeight,
    /// A time that cannot be read, in a column that was asked for.
    NotATime,
    /// The code for "no rating"; such a row is counted apart, and is not rejected.
    NoRating,
    /// No value in a column of typed data: null, or a key that is not there.
    Missing,
    /// An id that is a number with a fraction.
    IdNotWhole,
    /// A line that is no JSON object.
    NotAnObject,
    /// A title cut in two by the separator.
    SplitTitle,
    /// A second row for the same item.
    RepeatedItem,
    /// Text of a property that is not UTF-8 in a file that is.
    TextNotUtf8,
    /// Text of a property that is longer than text may be.
    TextTooLong,
    /// A cell that is not of the type declared for its property.
    WrongType,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LineTooLong => "line too long",
            Self::UnterminatedQuote => "a quote opens and never closes",
            Self::TooFewFields => "too few fields",
            Self::TooManyFields => "too many fields",
            Self::RepeatedHeader => "the header once more",
            Self::EmptyId => "empty id",
            Self::IdNotUtf8 => "id is not UTF-8",
            Self::IdControlCharacter => "id holds a control character",
            Self::IdTooLong => "id too long",
            Self::RatingNotANumber => "rating is not a number",
            Self::RatingNotFinite => "rating is not finite",
            Self::RatingOutOfRange => "rating is out of range",
            Self::WordWithoutWeight => "the word has no weight in --value",
            Self::NotATime => {
                "time is neither seconds nor milliseconds since 1970 nor a date such as 2024-02-29T23:59:59Z"
            }
            Self::NoRating => "no rating",
            Self::Missing => "missing",
            Self::IdNotWhole => "id is a number with a fraction",
            Self::NotAnObject => "line is no JSON object",
            Self::SplitTitle => "title is cut in two by the separator",
            Self::RepeatedItem => "item has a row already",
            Self::TextNotUtf8 => "text is not UTF-8",
            Self::TextTooLong => "text is longer than 32 KiB",
            Self::WrongType => "a cell is not of the type of its property",
        })
    }
}

/// Rows that were rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// How many.
    pub total: u64,
    /// How many for each reason; the sum is `total`.
    pub by_reason: BTreeMap<Reason, u64>,
    /// The first [`Rejected::SHOWN`] of them, in file order.
    pub first: Vec<RejectedRow>,
}

/// A rejected row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// Line on which it starts, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
}

impl Rejected {
    /// How many rejected rows are named one by one.
    pub const SHOWN: usize = 20;

    /// Counts a rejected row.
    pub fn add(&mut self, line: u64, reason: Reason) {
        self.total += 1;
        *self.by_reason.entry(reason).or_default() += 1;
        if self.first.len() < Self::SHOWN {
            self.first.push(RejectedRow { line, reason });
        }
    }
}

/// What was read from an interactions file. `rows == accepted + rejected.total + missing`, and the matrix stores
/// `accepted - duplicates` entries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadReport {
    /// Rows, the header and blank lines not counted.
    pub rows: u64,
    /// Rows that are interactions.
    pub accepted: u64,
    /// Rows that are not.
    pub rejected: Rejected,
    /// Rows whose value is the code for "no rating".
    pub missing: u64,
    /// Accepted rows that were combined with another row of the same user and item.
    pub duplicates: u64,
    /// How repeated rows were combined.
    pub repeat: Repeat,
    /// Blank lines.
    pub blank_lines: u64,
    /// Bytes of text read, decompressed. With a limit on rows it may be a chunk more than these rows take.
    pub bytes: u64,
    /// How columns are stored; `None` for delimited text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columnar: Option<Format>,
    /// Between fields; a comma for columns.
    pub separator: Separator,
    /// How bytes stand for text.
    pub encoding: Encoding,
    /// What was undone to read it.
    pub compression: Compression,
    /// The header's fields, if there is one.
    pub header: Option<Vec<String>>,
    /// Which column was taken for what.
    pub columns: ColumnsRead,
    /// What the values are; `None` when no row was accepted.
    pub feedback: Option<Feedback>,
    /// How times are written; `None` where none are kept.
    pub time_format: Option<TimeFormat>,
    /// Why a column with the name of a time gave no times.
    pub not_a_time: Option<NotATime>,
    /// How a table of users x items was read; `None` where each row is one interaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableRead>,
    /// What was recognised beyond separator and columns, and why: one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Words without a weight and how often each came, at most 20 of them.
    pub words_without_weight: BTreeMap<String, u64>,
}

/// Rejected rows that say nothing of a file, however few it has.
const FEW: u64 = 3;

/// How a table of users x items was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TableRead {
    /// Whether the rows are items and the columns users.
    pub rows_are_items: bool,
    /// Columns of values, whose names are ids.
    pub columns: usize,
    /// The first of them, counted from 1.
    pub first: usize,
    /// The last of them.
    pub last: usize,
    /// Whether a zero was taken for no value.
    pub zero_is_missing: bool,
}

/// Which column was taken for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnsRead {
    /// The users' ids.
    pub user: ColumnRead,
    /// The items' ids.
    pub item: ColumnRead,
    /// The values; without it each row counts 1.
    pub value: Option<ColumnRead>,
    /// The times.
    pub time: Option<ColumnRead>,
    /// Named columns that were not read.
    pub ignored: Vec<IgnoredColumn>,
}

/// A column that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnRead {
    /// Counted from 1.
    pub position: usize,
    /// Its name in the header.
    pub name: Option<String>,
    /// Why it was taken for that.
    pub evidence: Evidence,
}

/// A column that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IgnoredColumn {
    /// Counted from 1.
    pub position: usize,
    /// Its name in the header.
    pub name: String,
}

/// A field that is no time, in a column that was only taken for times by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotATime {
    /// The line of its row, counted from 1.
    pub line: u64,
    /// The field, at most 40 characters of it.
    pub text: String,
}

impl ReadReport {
    /// Whether more rows were rejected for one reason than were accepted, or more than one in twenty for their number of
    /// fields or their quotes; a few at least. Rows without a rating count for neither.
    pub(super) fn is_not_understood(&self) -> bool {
        let of_form = [Reason::TooFewFields, Reason::TooManyFields, Reason::UnterminatedQuote];
        let misshapen: u64 = of_form.iter().filter_map(|reason| self.rejected.by_reason.get(reason)).sum();
        let one = self.rejected.by_reason.values().max().copied().unwrap_or(0);
        one > self.accepted.max(FEW) || misshapen > FEW.max(self.rows / 20)
    }
}

impl ColumnsRead {
    /// The columns of a table of values, of which each is read.
    pub(super) fn of_table(roles: &Roles) -> Self {
        Self { ignored: Vec::new(), ..Self::new(roles) }
    }

    pub(super) fn new(roles: &Roles) -> Self {
        let name = |at: usize| roles.header.as_ref().and_then(|header| header.get(at).cloned());
        let read = |role: Role| ColumnRead { position: role.at + 1, name: name(role.at), evidence: role.evidence };
        let is_read = |at: usize| roles.places().any(|(_, role)| role.at == at);
        let names = roles.header.iter().flatten().enumerate().filter(|&(at, _)| !is_read(at));
        Self {
            user: read(roles.user),
            item: read(roles.item),
            value: roles.value.map(read),
            time: roles.time.map(read),
            ignored: names.map(|(at, name)| IgnoredColumn { position: at + 1, name: name.clone() }).collect(),
        }
    }
}
