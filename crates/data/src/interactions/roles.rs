//! Which column is what: as asked for, by its usual name, or by its place.

use serde::Serialize;

use super::names::{AMOUNT_NAMES, COUNT_NAMES, EVENT_NAMES, TIME_NAMES};
use super::options::ColumnRole;
use super::{Column, ITEM_NAMES, RATING_NAMES, ReadError, ReadOptions, USER_NAMES, normalised, suggest};

/// Names of a header that are kept for the report.
const MOST_NAMES: usize = 64;
/// Positions are below this.
const MOST_COLUMNS: usize = 1 << 16;

/// Names of the columns of edges, [`normalised`]: where an edge begins, and where it ends.
const EDGES: [(&str, &str); 6] = [
    ("source", "target"),
    ("src", "dst"),
    ("from", "to"),
    ("sourceid", "targetid"),
    ("srcid", "dstid"),
    ("fromid", "toid"),
];

/// Why a column is taken for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A flag asks for it.
    Asked,
    /// It has a usual name.
    Name,
    /// It stands in the usual place.
    Position,
}

/// A column with a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its place in a row, counted from 0.
    pub at: usize,
    /// Why it is taken for that.
    pub evidence: Evidence,
}

/// Where user, item, value and time stand in a row, and whether the first row said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The users' ids.
    pub user: Role,
    /// The items' ids.
    pub item: Role,
    /// Ratings, counts, or words that `--value` gives weights; without it each row counts 1.
    pub value: Option<Role>,
    /// When it happened.
    pub time: Option<Role>,
    /// The header's fields, if the first row is one; at most 64 of them.
    pub header: Option<Vec<String>>,
}

impl Roles {
    /// User, item and value in this order, without a header.
    #[must_use]
    pub fn by_position() -> Self {
        let role = |at| Role { at, evidence: Evidence::Position };
        Self { user: role(0), item: role(1), value: Some(role(2)), time: None, header: None }
    }

    /// Decides by the fields of the first row, which are names when `is_header`.
    ///
    /// What the options ask for goes first. In a header of which at least one name is usual, the other roles go by
    /// usual names, each column having one role; elsewhere user, item and value are the first three columns, unless the
    /// name of one of them hints at another role. A header may lack a value, then each row counts 1.
    ///
    /// # Errors
    /// When a column that is asked for, or that of users or items, is not there or not to be told; when two roles ask
    /// for one column.
    pub(super) fn assign(
        first: &[String],
        is_header: bool,
        options: &ReadOptions,
        file: &str,
    ) -> Result<Self, ReadError> {
        let header = is_header.then(|| first.iter().take(MOST_NAMES).cloned().collect());
        let roles = match &options.columns {
            Some(columns) => in_order(columns, first, header, file)?,
            None => Names::new(first, is_header, file).assign(options, header)?,
        };
        roles.differ()?;
        Ok(roles)
    }

    /// The places of user, item, value and time that there are, each with its role.
    pub(super) fn places(&self) -> impl Iterator<Item = (&'static str, Role)> {
        let all = [("user", Some(self.user)), ("item", Some(self.item)), ("rating", self.value), ("time", self.time)];
        all.into_iter().filter_map(|(name, role)| Some((name, role?)))
    }

    fn differ(&self) -> Result<(), ReadError> {
        for (index, (name, role)) in self.places().enumerate() {
            if let Some((other, _)) = self.places().take(index).find(|(_, other)| other.at == role.at) {
                return Err(ReadError::SameColumn { roles: [other, name], column: role.at + 1 });
            }
        }
        Ok(())
    }

    /// Whether the values are counts by the name of their column.
    pub(super) fn counts_by_name(&self) -> bool {
        self.value_name().is_some_and(|name| name == "weight" || name == "w" || COUNT_NAMES.contains(&name.as_str()))
    }

    /// Whether rows of one user and item add up by the name of the column of values.
    pub(super) fn adds_up_by_name(&self) -> bool {
        self.value_name().is_some_and(|name| AMOUNT_NAMES.contains(&name.as_str()))
    }

    fn value_name(&self) -> Option<String> {
        let name = self.value.and_then(|role| self.header.as_ref()?.get(role.at));
        name.map(|name| normalised(name.as_bytes()))
    }
}

/// The roles of columns that are listed in order.
fn in_order(
    columns: &[ColumnRole],
    first: &[String],
    header: Option<Vec<String>>,
    file: &str,
) -> Result<Roles, ReadError> {
    let find = |role| columns.iter().position(|&column| column == role);
    let found = |role| find(role).map(|at| Role { at, evidence: Evidence::Asked });
    let missing = |role: &'static str| ReadError::MissingColumn {
        name: file.to_owned(),
        role,
        column: None,
        found: first.iter().take(MOST_NAMES).cloned().collect(),
        likeliest: None,
    };
    Ok(Roles {
        user: found(ColumnRole::User).ok_or_else(|| missing("user"))?,
        item: found(ColumnRole::Item).ok_or_else(|| missing("item"))?,
        value: found(ColumnRole::Value),
        time: found(ColumnRole::Time),
        header,
    })
}

/// Which end of an edge of a graph a normalised name may be: 0 where it begins, 1 where it ends.
pub(super) fn end_of_edge(name: &str) -> Option<usize> {
    let ends = |&(from, to): &(&str, &str)| [from, to].iter().position(|end| *end == name);
    EDGES.iter().find_map(ends)
}

/// Where an edge of a graph begins and ends, by the names of the two columns: the beginning is the user.
pub(super) fn edge(names: &[String]) -> Option<(usize, usize)> {
    let names: Vec<String> = names.iter().map(|name| normalised(name.as_bytes())).collect();
    let place = |wanted: &str| names.iter().position(|name| name == wanted);
    EDGES.iter().find_map(|(from, to)| Some((place(from)?, place(to)?)))
}

/// The fields of a first row, and the columns that have a role already.
struct Names<'a> {
    first: &'a [String],
    normalised: Vec<String>,
    is_header: bool,
    file: &'a str,
    taken: Vec<usize>,
}

impl<'a> Names<'a> {
    fn new(first: &'a [String], is_header: bool, file: &'a str) -> Self {
        let normalised = first.iter().map(|name| normalised(name.as_bytes())).collect();
        Self { first, normalised, is_header, file, taken: Vec::new() }
    }

    fn assign(mut self, options: &ReadOptions, header: Option<Vec<String>>) -> Result<Roles, ReadError> {
        let user = self.asked("user", options.user_column.as_ref())?;
        let item = self.asked("item", options.item_column.as_ref())?;
        let value = self.asked("rating", options.rating_column.as_ref())?;
        let time = self.asked("time", options.time_column.as_ref())?;
        let edge = edge(self.first).filter(|_| self.is_header && !self.knows_users_or_items());
        let (user, item) = match edge {
            Some((from, to)) => (user.or_else(|| self.named(from)), item.or_else(|| self.named(to))),
            None => (user, item),
        };
        let by_name = self.is_header && (edge.is_some() || self.knows_a_name());
        let place = |at| Role { at, evidence: Evidence::Position };
        let (user, item, value) = if by_name {
            let user = user.or_else(|| self.usual(&[USER_NAMES])).ok_or_else(|| self.missing("user", None))?;
            let item = item.or_else(|| self.usual(&[ITEM_NAMES])).ok_or_else(|| self.missing("item", None))?;
            let value = match (value, &options.value) {
                (Some(value), _) => Some(value),
                (None, Some(_)) => {
                    let events = self.usual(&[EVENT_NAMES, RATING_NAMES, COUNT_NAMES]);
                    Some(events.ok_or_else(|| self.missing("rating", None))?)
                }
                (None, None) if edge.is_some() => self.usual(&[RATING_NAMES, COUNT_NAMES, &["w"]]),
                (None, None) => self.usual(&[RATING_NAMES, COUNT_NAMES]),
            };
            (user, item, value)
        } else {
            // A name that hints at another role than that of its place goes before the place.
            let by_place = |names: &Self, role, at: usize| match names.normalised.get(at) {
                Some(name) if names.is_header && suggest::hints_elsewhere(name, at) => Err(names.missing(role, None)),
                _ => Ok(place(at)),
            };
            let two = self.is_header && self.first.len() == 2;
            let user = user.map_or_else(|| by_place(&self, "user", 0), Ok)?;
            let item = item.map_or_else(|| by_place(&self, "item", 1), Ok)?;
            let value = match value {
                None if two => None,
                None => Some(by_place(&self, "rating", 2)?),
                some => some,
            };
            (user, item, value)
        };
        let time = time.or_else(|| if self.is_header { self.usual(&[TIME_NAMES]) } else { None });
        if by_name && self.numbers_rows(user.at, item.at) {
            return Err(self.missing("user", None));
        }
        Ok(Roles { user, item, value, time, header })
    }

    /// The column that is asked for.
    fn asked(&mut self, role: &'static str, column: Option<&Column>) -> Result<Option<Role>, ReadError> {
        let Some(column) = column else { return Ok(None) };
        let at = match column {
            Column::Position(position) => position.checked_sub(1).filter(|&at| at < MOST_COLUMNS),
            Column::Name(wanted) if self.is_header => {
                let wanted = normalised(wanted.as_bytes());
                self.normalised.iter().position(|name| *name == wanted)
            }
            Column::Name(_) => None,
        };
        let at = at.ok_or_else(|| self.missing(role, Some(column)))?;
        self.taken.push(at);
        Ok(Some(Role { at, evidence: Evidence::Asked }))
    }

    /// The column with a known name, unless it has a role.
    fn named(&mut self, at: usize) -> Option<Role> {
        if self.taken.contains(&at) {
            return None;
        }
        self.taken.push(at);
        Some(Role { at, evidence: Evidence::Name })
    }

    fn knows_users_or_items(&self) -> bool {
        self.normalised.iter().any(|name| [USER_NAMES, ITEM_NAMES].iter().any(|list| list.contains(&name.as_str())))
    }

    /// The first column without a role that has one of these names; earlier names and lists go first.
    fn usual(&mut self, lists: &[&[&str]]) -> Option<Role> {
        let free = |name: &&str| {
            let mut places = self.normalised.iter().enumerate();
            places.find(|(at, found)| found == name && !self.taken.contains(at)).map(|(at, _)| at)
        };
        let at = lists.iter().copied().flatten().find_map(free)?;
        self.taken.push(at);
        Some(Role { at, evidence: Evidence::Name })
    }

    fn knows_a_name(&self) -> bool {
        let lists = [USER_NAMES, ITEM_NAMES, RATING_NAMES, COUNT_NAMES];
        self.normalised.iter().any(|name| lists.iter().any(|list| list.contains(&name.as_str())))
    }

    /// Whether `uid` may number the rows, as it does beside `anime_uid` and other names that end so.
    fn numbers_rows(&self, user: usize, item: usize) -> bool {
        let name = |at: usize| self.normalised.get(at).map_or("", String::as_str);
        name(user) == "uid" && name(item).ends_with("uid")
    }

    fn missing(&self, role: &'static str, column: Option<&Column>) -> ReadError {
        let free = (0..self.first.len()).filter(|at| !self.taken.contains(at));
        let free: Vec<&str> = free.map(|at| self.first[at].as_str()).collect();
        ReadError::MissingColumn {
            name: self.file.to_owned(),
            role,
            column: column.cloned(),
            found: self.first.iter().take(MOST_NAMES).cloned().collect(),
            likeliest: if self.is_header { suggest::likeliest(role, &free) } else { None },
        }
    }
}
