//! Why a file gives no ratings at all.

use super::{Column, ReadReport, Reason};
use crate::table::TableError;

/// A fault of the file as a whole; rejected rows are counted in the report, and are no errors unless asked for.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read as text.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A column that was asked for, or must be there, is not.
    #[error("{name} has no column for {role}{}, found are {found:?}", named(.column))]
    MissingColumn {
        /// What was read.
        name: String,
        /// `user`, `item`, `rating`, or another thing a column holds.
        role: &'static str,
        /// The column asked for, if one was.
        column: Option<Column>,
        /// The header's fields, or the first row's.
        found: Vec<String>,
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
    #[error("columns for user, item and rating are {columns:?}, expected three different ones, counted from 1")]
    SameColumn {
        /// Column of users, items, ratings; counted from 1.
        columns: [usize; 3],
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
    #[error("{name} holds no ratings: of {} rows none is accepted{}", report.rows, first(report))]
    Empty {
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
