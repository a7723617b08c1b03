//! Which column holds what, and whether what it holds agrees.

use super::decimals;
use super::doubts;
use super::unnamed;
use super::wide::Wide;
use super::{
    COUNT_NAMES, Column, ColumnRole, EVENT_NAMES, ITEM_NAMES, RATING_NAMES, ReadError, ReadOptions, Role, Roles,
    TIME_NAMES, USER_NAMES, normalised, roles,
};
use crate::table::{Asked, Decimal, Dialect, Kind, TableError};

/// Names of a header that are kept for the report.
const MOST_NAMES: usize = 64;

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

/// Which role a column of this name usually has: 0 user, 1 item, 2 value, 3 time; 4 and 5 where it is an end of an edge.
/// Of two names at the corner of a table of values the first is that of the rows.
pub(super) fn usual_role(name: &[u8]) -> Option<usize> {
    corner(name).or_else(|| known(&normalised(name)))
}

/// The role of the rows of a table of values at whose corner rows and columns are named: `user/item`, `movieId\userId`.
pub(super) fn corner(name: &[u8]) -> Option<usize> {
    let name = std::str::from_utf8(name).ok()?;
    let cut = [" / ", "/", "\\", "|", "×", " x ", "_", "-", " "].into_iter().find_map(|mark| {
        let (rows, columns) = name.split_once(mark)?;
        let role = |part: &str| {
            let part = normalised(part.as_bytes());
            known(&part).or_else(|| known(part.strip_suffix('s')?)).filter(|&role| role < 2)
        };
        role(rows).zip(role(columns))
    });
    cut.filter(|(rows, columns)| rows != columns).map(|(rows, _)| rows)
}

fn known(name: &str) -> Option<usize> {
    let roles = [&[USER_NAMES][..], &[ITEM_NAMES], &[RATING_NAMES, COUNT_NAMES, EVENT_NAMES], &[TIME_NAMES]];
    let role = roles.iter().position(|lists| lists.iter().any(|names| names.contains(&name)));
    role.or_else(|| roles::end_of_edge(name).map(|end| roles.len() + end))
}

/// What the recognition of a file is told by the options.
pub(super) fn asked<'a>(options: &ReadOptions, role: &'a dyn Fn(&[u8]) -> Option<usize>) -> Asked<'a> {
    let columns = [&options.user_column, &options.item_column, &options.rating_column, &options.time_column];
    let by_name = columns.iter().any(|column| matches!(column, Some(Column::Name(_))));
    Asked {
        separator: options.separator,
        quote: options.quote,
        header: options.header.or(by_name.then_some(true)),
        skips_first: options.columns.as_ref().map(|columns| columns.first() == Some(&ColumnRole::Skip)),
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
            let edge = roles::edge(names).into_iter().flat_map(|_| [0, 1]);
            edge.chain(names.iter().filter_map(|name| usual_role(name.as_bytes()))).filter(|&role| role < 3).collect()
        };
        let columns = [&options.user_column, &options.item_column, &options.rating_column, &options.time_column];
        let told = options.columns.is_some() || columns.iter().any(|column| column.is_some());
        let known = header.map(roles_of).unwrap_or_default();
        let is_long = known.contains(&0) && known.contains(&1);
        if options.wide == Some(true) || (!told && (!is_long || dialect.table)) {
            let wide = Wide::find(dialect, options, &usual_role).map_err(undecided)?;
            if let Some(wide) = wide {
                return Ok(Self::Table(wide));
            }
        }
        let by_place = !told && known.is_empty();
        let blank = vec![String::new(); dialect.width];
        let places = doubts::by_place(dialect);
        // An index has no name and no place among those that say nothing.
        let passed = header.is_some() && matches!(places, Ok((1, ..)));
        let before = usize::from(by_place && passed && dialect.width > 1);
        let names = header.unwrap_or(&blank);
        let mut roles = Roles::assign(&names[before..], header.is_some(), options, name)?;
        if by_place {
            roles.header = roles.header.map(|_| names.iter().take(MOST_NAMES).cloned().collect());
            roles.time = roles.time.map(|role| Role { at: role.at + before, ..role });
            let (user, item, value) = places.map_err(undecided)?;
            (roles.user.at, roles.item.at) = (user, item);
            roles.value = roles.value.zip(value).map(|(role, at)| Role { at, ..role });
        }
        unnamed::refuse_text(dialect, &roles, options, name)?;
        let last = roles.places().map(|(_, role)| role.at).max().unwrap_or(0);
        let value = roles.value.map(|role| role.at);
        let most_fields = if told || dialect.rows == 0 {
            dialect.longest
        } else {
            doubts::most_fields(dialect, value, last).map_err(undecided)?
        };
        let column = value.and_then(|at| dialect.columns.get(at));
        let decimal = match (options.decimal, column) {
            (Some(decimal), _) => decimals::told(decimal),
            (None, None) => Decimal::Open,
            (None, Some(column)) if column.kind() == Kind::Time => Decimal::Point,
            (None, Some(column)) => {
                decimals::found(&[column], &dialect.columns, dialect.format.separator).map_err(undecided)?
            }
        };
        Ok(Self::Rows { roles, most_fields, decimal })
    }
}
