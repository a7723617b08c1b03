//! Why a file gives no ratings at all.

use super::{Column, ReadReport, Reason, suggest};
use crate::table::TableError;

/// A fault of the file as a whole; rejected rows are counted in the report, and are no errors unless asked for.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read as text.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A column that was asked for, or must be there, is not.
    #[error("{name} has no column for {role}{}, found are {found:?}{}", named(.column), cure(role, .likeliest))]
    MissingColumn {
        /// What was read.
        name: String,
        /// `user`, `item`, `rating`, or another thing a column holds.
        role: &'static str,
        /// The column asked for, if one was.
        column: Option<Column>,
        /// The header's fields, or the first row's.
        found: Vec<String>,
        /// The field that is likeliest meant, if one is.
        likeliest: Option<String>,
    },
    /// A property was declared that no column has the name of.
    #[error("{name} has no column for property `{property}` (--property), found are {found:?}")]
    MissingProperty {
        /// What was read.
        name: String,
        /// The name in the declaration.
        property: String,
        /// The properties that there are.
        found: Vec<String>,
    },
    /// Two roles ask for the same column.
    #[error(
        "column {column}, counted from 1, is taken for {} and for {}, expected two columns; say which with `{} COLUMN` or \
         `{} COLUMN`",
        roles[0],
        roles[1],
        suggest::flag(roles[0]),
        suggest::flag(roles[1])
    )]
    SameColumn {
        /// What it is taken for: `user`, `item`, `rating` or `time`.
        roles: [&'static str; 2],
        /// The column, counted from 1.
        column: usize,
    },
    /// A word in the value column has no weight, and the caller wanted no row to be rejected.
    #[error(
        "{name}, line {line}: `{word}` has no weight; add it to `--value`, such as `--value {}=1`",
        suggest::typed(word)
    )]
    WordWithoutWeight {
        /// What was read.
        name: String,
        /// Line on which the row starts.
        line: u64,
        /// The word.
        word: String,
    },
    /// A row is rejected, and the caller wanted none to be.
    #[error("{name}, line {line}: {reason}")]
    Rejected {
        /// What was read.
        name: String,
        /// Line on which the row starts.
        line: u64,
        /// Why.
        reason: Reason,
    },
    /// No row was accepted.
    #[error("{name} holds no ratings: of {} rows none is accepted{}{}", report.rows, first(report), advice(report))]
    Empty {
        /// What was read.
        name: String,
        /// What the rows were.
        report: Box<ReadReport>,
    },
    /// More rows were rejected for one reason than were accepted, or many for their form, in a dialect that was found and not told.
    #[error(
        "{name} was not understood: of {} rows {} are accepted and {} rejected{}; `--columns user,item,value` says what \
         its columns are, `--separator`, `--header` and `--wide` how it is written; with one of these it is read as told",
        report.rows, report.accepted, report.rejected.total, first(report)
    )]
    NotUnderstood {
        /// What was read.
        name: String,
        /// What the rows were.
        report: Box<ReadReport>,
    },
    /// More than dense 32-bit indices can name.
    #[error("{name} holds too many or too long ids: {reason}")]
    TooLarge {
        /// What was read.
        name: String,
        /// Which limit.
        reason: String,
    },
    /// The progress callback asked to stop.
    #[error("reading {name} was stopped")]
    Stopped {
        /// What was read.
        name: String,
    },
}

fn named(column: &Option<Column>) -> String {
    column.as_ref().map(|column| format!(" (`{column}`)")).unwrap_or_default()
}

fn first(report: &ReadReport) -> String {
    let Some(row) = report.rejected.first.first() else { return String::new() };
    format!(" (line {}: {})", row.line, row.reason)
}

/// The flag that names the column.
fn cure(role: &str, likeliest: &Option<String>) -> String {
    let flag = suggest::flag(role);
    let none = if role == "rating" { "; if each row counts 1, add `--columns` with `-` in its place" } else { "" };
    match likeliest {
        Some(column) => format!("; if it is `{column}`, add `{flag} {}`{none}", suggest::typed(column)),
        None => format!("; name it with `{flag} COLUMN`, or all of them with `--columns user,item,value,time`"),
    }
}

/// What to do about a file whose rows are all rejected for one reason.
fn advice(report: &ReadReport) -> String {
    let [(reason, _)] = report.rejected.by_reason.iter().collect::<Vec<_>>()[..] else { return String::new() };
    match reason {
        Reason::RatingNotANumber => {
            "; if the column holds words, give them weights with `--value WORD=NUMBER`; if another column holds the \
             ratings, name it with `--rating-column COLUMN`"
                .to_owned()
        }
        Reason::WordWithoutWeight => {
            let words: Vec<String> =
                report.words_without_weight.keys().map(|word| format!("{}=1", suggest::typed(word))).collect();
            format!("; found words without a weight: add `--value {}`", words.join(","))
        }
        Reason::TooFewFields => {
            "; between fields `,` `;` tab `|` `::` and spaces are known, so write another separator as one of these; if the \
             rows hold user and item only, add `--columns user,item`"
                .to_owned()
        }
        Reason::NotATime => "; name another column with `--time-column COLUMN`".to_owned(),
        _ => String::new(),
    }
}
