//! What happened to each row of a file: accepted, or rejected for one stated reason.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

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
    /// A rating below zero.
    RatingNegative,
    /// A rating too large, or too close to zero, for a 32-bit float.
    RatingOutOfRange,
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
    /// A title, genre or date that is not UTF-8 in a file that is.
    TextNotUtf8,
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
            Self::RatingNegative => "rating is negative",
            Self::RatingOutOfRange => "rating is out of range",
            Self::Missing => "missing",
            Self::IdNotWhole => "id is a number with a fraction",
            Self::NotAnObject => "line is no JSON object",
            Self::SplitTitle => "title is cut in two by the separator",
            Self::RepeatedItem => "item has a row already",
            Self::TextNotUtf8 => "text is not UTF-8",
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

/// What was read from a ratings file. `rows == accepted + rejected.total`, and the matrix stores
/// `accepted - duplicates` ratings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadReport {
    /// Rows, the header and blank lines not counted.
    pub rows: u64,
    /// Rows that are ratings.
    pub accepted: u64,
    /// Rows that are not.
    pub rejected: Rejected,
    /// Accepted rows that a later row of the same user and item replaced.
    pub duplicates: u64,
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
    /// Columns of user, item and rating, counted from 1.
    pub columns: [usize; 3],
}
