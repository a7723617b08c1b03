//! A column that may hold the values, and whose name does not say so.

use super::columns::usual_role;
use super::{ReadError, ReadOptions, Roles, normalised, suggest};
use crate::columnar;
use crate::table::{Dialect, Kind, Sketch};

/// Names of a header that an error shows.
const MOST_NAMES: usize = 64;
/// Roles of columns that names say: user, item, value and time.
const ROLES: usize = 4;
/// Different texts from which on they are no words for a value, such as `good` and `bad`.
const FEWEST_TEXTS: usize = 20;

/// What a column holds, as far as that says whether it may be the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Numbers that differ.
    Numbers,
    /// Such as can be no value.
    NoValue,
    /// It cannot be told.
    Open,
}

impl Holds {
    /// What a column of text holds.
    fn of(column: Option<&Sketch>) -> Self {
        let Some(column) = column.filter(|column| column.cells > 0) else { return Self::Open };
        match column.kind() {
            Kind::Time | Kind::Set => Self::NoValue,
            Kind::Whole | Kind::Number if column.distinct.len() > 1 => Self::Numbers,
            Kind::Text if column.numbers() == 0 && (column.phrases > 0 || column.distinct.len() >= FEWEST_TEXTS) => {
                Self::NoValue
            }
            _ => Self::Open,
        }
    }

    /// What a typed column holds.
    pub(super) fn typed(kind: columnar::Kind) -> Self {
        match kind {
            columnar::Kind::List | columnar::Kind::Time => Self::NoValue,
            columnar::Kind::Whole | columnar::Kind::Float => Self::Numbers,
            _ => Self::Open,
        }
    }
}

/// Refuses a table whose header names users and items and no value, if one of the other columns may be it.
///
/// # Errors
/// When there is such a column.
pub(super) fn refuse(
    names: &[String],
    roles: &Roles,
    holds: impl Fn(usize) -> Holds,
    options: &ReadOptions,
    file: &str,
) -> Result<(), ReadError> {
    if options.columns.is_some() || roles.value.is_some() {
        return Ok(());
    }
    let free: Vec<usize> = (0..names.len()).filter(|&at| roles.places().all(|(_, role)| role.at != at)).collect();
    let lone = names.len() == 3 && free.len() == 1;
    let may_be = |&at: &usize| {
        let name = normalised(names[at].as_bytes());
        // A count or a rating under another usual name would have been taken; that of one end of an edge says nothing.
        let usual = usual_role(names[at].as_bytes()).is_some_and(|role| role < ROLES);
        let known = name.is_empty() || name.starts_with("unnamed:") || usual;
        !known
            && !suggest::is_property(&names[at])
            && match holds(at) {
                Holds::Numbers => true,
                Holds::Open => lone,
                Holds::NoValue => false,
            }
    };
    let candidates: Vec<&str> = free.iter().filter(|at| may_be(at)).map(|&at| names[at].as_str()).collect();
    if candidates.is_empty() {
        return Ok(());
    }
    Err(ReadError::MissingColumn {
        name: file.to_owned(),
        role: "rating",
        column: None,
        found: names.iter().take(MOST_NAMES).cloned().collect(),
        likeliest: suggest::likeliest("rating", &candidates)
            .or_else(|| candidates.first().map(|&name| name.to_owned())),
    })
}

/// [`refuse`] for a table of text, whose columns the sample shows.
///
/// # Errors
/// When there is such a column.
pub(super) fn refuse_text(
    dialect: &Dialect,
    roles: &Roles,
    options: &ReadOptions,
    file: &str,
) -> Result<(), ReadError> {
    let Some(names) = &dialect.header else { return Ok(()) };
    let holds = |at: usize| {
        if dialect.index == Some(at) { Holds::NoValue } else { Holds::of(dialect.columns.get(at)) }
    };
    refuse(names, roles, holds, options, file)
}
