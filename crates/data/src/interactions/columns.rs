//! Which column holds what, and whether what it holds agrees.

use super::doubts;
use super::wide::Wide;
use super::{Column, ITEM_NAMES, RATING_NAMES, ReadError, ReadOptions, USER_NAMES, normalised};
use crate::table::{Asked, Decimal, Dialect, Kind, TableError};

/// Where user, item and rating stand in a row, counted from 0, and whether the first row said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Columns of user, item and rating.
    pub columns: [usize; 3],
    /// The header's fields, if the first row is one.
    pub header: Option<Vec<String>>,
}

impl Roles {
    /// Columns a row must have.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.columns.iter().max().map_or(3, |last| last + 1)
    }

    fn assign(first: &[String], is_header: bool, options: &ReadOptions, name: &str) -> Result<Self, ReadError> {
        let names: Vec<String> = first.iter().map(|name| normalised(name.as_bytes())).collect();
        let asked = [&options.user_column, &options.item_column, &options.rating_column];
        let usual = [USER_NAMES, ITEM_NAMES, RATING_NAMES];
        let known = names.iter().any(|name| usual.iter().any(|usual| usual.contains(&name.as_str())));
        let found = || first.iter().take(64).cloned().collect::<Vec<_>>();
        let mut columns = [0usize; 3];
        for (index, role) in ["user", "item", "rating"].into_iter().enumerate() {
            let missing = |column: &Option<Column>| ReadError::MissingColumn {
                name: name.to_owned(),
                role,
                column: column.clone(),
                found: found(),
            };
            let position = match asked[index] {
                Some(Column::Position(position)) => position.checked_sub(1).filter(|&at| at < 1 << 16),
                Some(Column::Name(wanted)) if is_header => {
                    let wanted = normalised(wanted.as_bytes());
                    names.iter().position(|name| *name == wanted)
                }
                Some(Column::Name(_)) => None,
                None if is_header && known => {
                    usual[index].iter().find_map(|usual| names.iter().position(|name| name == usual))
                }
                None => Some(index),
            };
            columns[index] = position.ok_or_else(|| missing(asked[index]))?;
        }
        if columns[0] == columns[1] || columns[1] == columns[2] || columns[0] == columns[2] {
            return Err(ReadError::SameColumn { columns: columns.map(|column| column + 1) });
        }
        Ok(Self { columns, header: is_header.then(found) })
    }
}

/// How the rows of a file become interactions.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// One a row.
    Rows {
        /// Which column is what.
        roles: Roles,
        /// Most fields a row may have.
        most_fields: usize,
        /// Decimal separator of the values.
        decimal: Decimal,
    },
    /// One a cell.
    Table(Wide),
}

/// Which role a column of this name usually has: 0 user, 1 item, 2 value, 3 time.
pub(super) fn usual_role(name: &[u8]) -> Option<usize> {
    let name = normalised(name);
    let times: &[&str] = &["timestamp", "time", "date", "datetime", "ts"];
    [USER_NAMES, ITEM_NAMES, RATING_NAMES, times].iter().position(|names| names.contains(&name.as_str()))
}

/// What the recognition of a file is told by the options.
pub(super) fn asked<'a>(options: &ReadOptions, role: &'a dyn Fn(&[u8]) -> Option<usize>) -> Asked<'a> {
    let columns = [&options.user_column, &options.item_column, &options.rating_column];
    let by_name = columns.iter().any(|column| matches!(column, Some(Column::Name(_))));
    Asked {
        separator: options.separator,
        quote: options.quote,
        header: options.header.or(by_name.then_some(true)),
        role,
    }
}

impl Layout {
    /// Decides from how the table is written.
    ///
    /// # Errors
    /// When a column is not there that must be, and when another reading is as likely.
    pub(super) fn find(dialect: &Dialect, options: &ReadOptions, name: &str) -> Result<Self, ReadError> {
        let undecided = |undecided| TableError::Undecided { name: name.to_owned(), undecided };
        let header = dialect.header.as_deref();
        let roles_of = |names: &[String]| -> Vec<usize> {
            names.iter().filter_map(|name| usual_role(name.as_bytes())).filter(|&role| role < 3).collect()
        };
        let told = options.user_column.is_some() || options.item_column.is_some() || options.rating_column.is_some();
        let known = header.map(roles_of).unwrap_or_default();
        let is_long = known.contains(&0) && known.contains(&1);
        if options.wide == Some(true) || (!told && !is_long) {
            let wide = Wide::find(dialect, options.wide, &usual_role).map_err(undecided)?;
            if let Some(wide) = wide {
                return Ok(Self::Table(wide));
            }
        }
        let by_place = !told && known.is_empty();
        let blank = vec![String::new(); dialect.width];
        let mut roles = Roles::assign(header.unwrap_or(&blank), header.is_some(), options, name)?;
        if by_place {
            roles.columns = doubts::by_place(dialect).map_err(undecided)?;
        }
        let last = roles.needed() - 1;
        let most_fields = if told || dialect.rows == 0 {
            dialect.longest
        } else {
            doubts::most_fields(dialect, roles.columns[2], last).map_err(undecided)?
        };
        let decimal = match (options.decimal, dialect.columns.get(roles.columns[2])) {
            (Some(decimal), _) => decimal,
            (None, None) => Decimal::Open,
            (None, Some(column)) if column.kind() == Kind::Time => Decimal::Point,
            (None, Some(column)) => column.decimal().ok_or_else(|| undecided(doubts::thousands()))?,
        };
        Ok(Self::Rows { roles, most_fields, decimal })
    }
}
