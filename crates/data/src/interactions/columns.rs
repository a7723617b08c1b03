//! Which column holds what: by name, by position, or by the usual names in a header.

use super::{Column, ITEM_NAMES, RATING_NAMES, ReadError, ReadOptions, USER_NAMES, normalised};
use crate::table::Fields;

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

    /// Decides from the first row of a file.
    ///
    /// # Errors
    /// When a column that is named, or one of the three that a header must have, is not there; when two are the same.
    pub(super) fn find(first: &Fields, options: &ReadOptions, name: &str) -> Result<Self, ReadError> {
        let names: Vec<String> = first.iter().map(normalised).collect();
        let asked = [&options.user_column, &options.item_column, &options.rating_column];
        let usual = [USER_NAMES, ITEM_NAMES, RATING_NAMES];
        let by_name = asked.iter().any(|column| matches!(column, Some(Column::Name(_))));
        let known = names.iter().any(|name| usual.iter().any(|usual| usual.contains(&name.as_str())));
        let numeric =
            first.iter().any(|field| std::str::from_utf8(field).is_ok_and(|text| text.parse::<f64>().is_ok()));
        let is_header = options.header.unwrap_or(by_name || (known && !numeric));
        let found =
            || first.iter().map(|field| String::from_utf8_lossy(field).into_owned()).take(64).collect::<Vec<_>>();
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
