//! Rows as a store keeps them: each is believed only if its checksum is right.

use foretaste_data::dataset::Dataset;

use crate::catalogue::{Known, Property};
use crate::checksum;
use crate::error::StoreError;
use crate::kind::EventKind;
use crate::snapshot::{Rows, dataset};
use crate::store::{About, Fault};
use crate::worth::Observation;

/// Events between two looks at whether to stop.
const LOOK: usize = 1 << 16;
/// Most faults that are named.
pub(crate) const MOST_FAULTS: usize = 1000;

/// A sequence number as SQL has it.
pub(crate) fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// The text, if it is as it was written.
pub(crate) fn sound(name: &str, text: String, sum: u32) -> Result<String, StoreError> {
    if checksum::of_text(name, &text) == sum {
        return Ok(text);
    }
    Err(StoreError::Damaged(format!("what is noted of `{name}` is not as it was written")))
}

/// What a store is of, as it is noted.
pub(crate) fn about(text: &str) -> Result<About, StoreError> {
    let broken = |error| StoreError::Damaged(format!("what the store is of is not readable: {error}"));
    serde_json::from_str(text).map_err(broken)
}

/// The number and id of a user or an item, and what is known of it.
pub(crate) struct Named {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) is_listed: bool,
    pub(crate) properties: Option<String>,
}

impl Named {
    pub(crate) fn checksum(&self) -> u32 {
        checksum::of_id(self.number, &self.id, self.is_listed, self.properties.as_deref())
    }

    /// The row, if it is as it was written.
    pub(crate) fn sound(self, sum: u32) -> Result<Self, StoreError> {
        if self.checksum() == sum {
            return Ok(self);
        }
        let Self { number, id, .. } = self;
        Err(StoreError::Damaged(format!("what is known of `{id}`, number {number}, is not as it was written")))
    }
}

/// An event with the numbers of its user and its item.
pub(crate) struct Kept {
    pub(crate) sequence: i64,
    pub(crate) user: i64,
    pub(crate) item: i64,
    pub(crate) kind: u8,
    pub(crate) value: f32,
    pub(crate) time: Option<i64>,
    pub(crate) id: Option<String>,
}

impl Kept {
    /// What it says, and its name, if it is as it was written.
    pub(crate) fn sound(self, sum: u32) -> Result<(Observation, Option<String>), StoreError> {
        let Self { sequence, user, item, kind, value, time, id } = self;
        let damaged = || StoreError::Damaged(format!("event {sequence} is not as it was written"));
        let kind = EventKind::of_number(kind).ok_or_else(damaged)?;
        let sequence = sequence.cast_unsigned();
        if checksum::of_event(sequence, (user, item), (kind, value), time, id.as_deref()) != sum {
            return Err(damaged());
        }
        Ok((Observation { sequence, kind, value, time }, id))
    }
}

/// Ids by their numbers, which have few gaps, and what is known of them.
pub(crate) struct Ids {
    table: &'static str,
    ids: Vec<String>,
    /// The place of each number, less one.
    places: Vec<u32>,
    pub(crate) known: Known,
}

impl Ids {
    const NONE: u32 = u32::MAX;

    pub(crate) fn of(table: &'static str) -> Self {
        Self { table, ids: Vec::new(), places: Vec::new(), known: Known::default() }
    }

    /// Adds a property to the schema.
    pub(crate) fn add_property(&mut self, text: String, sum: u32) -> Result<(), StoreError> {
        let table = self.table;
        let broken = |error| StoreError::Damaged(format!("a property of {table} is not readable: {error}"));
        let property: Property = serde_json::from_str(&sound(table, text, sum)?).map_err(broken)?;
        self.known.schema.push(property);
        Ok(())
    }

    /// Adds a row; rows come in the order of their numbers.
    pub(crate) fn add(&mut self, row: Named) -> Result<(), StoreError> {
        let Named { number, id, is_listed, properties } = row;
        let at = usize::try_from(number - 1)
            .map_err(|_| StoreError::Damaged(format!("`{id}` of {} has number {number}", self.table)))?;
        self.places.resize(at, Self::NONE);
        self.places.push(u32::try_from(self.ids.len()).unwrap_or(Self::NONE));
        if is_listed || properties.is_some() {
            self.known.rows.push((id.clone(), properties));
        }
        self.ids.push(id);
        Ok(())
    }

    fn place(&self, number: i64) -> Option<u32> {
        let place = usize::try_from(number - 1).ok().and_then(|at| self.places.get(at).copied());
        place.filter(|&place| place != Self::NONE)
    }
}

/// Events on their way into a data set.
pub(crate) struct Gathered<'a> {
    pub(crate) users: Ids,
    pub(crate) items: Ids,
    events: Vec<(u32, u32, Observation)>,
    is_cancelled: &'a dyn Fn() -> bool,
}

impl<'a> Gathered<'a> {
    pub(crate) fn new(users: Ids, items: Ids, is_cancelled: &'a dyn Fn() -> bool) -> Self {
        Self { users, items, events: Vec::new(), is_cancelled }
    }

    /// Adds an event, if it is as it was written; breaks off when that is asked for.
    pub(crate) fn add(&mut self, kept: Kept, sum: u32) -> Result<(), StoreError> {
        let (user, item) = (self.users.place(kept.user), self.items.place(kept.item));
        let (observation, _) = kept.sound(sum)?;
        let (Some(user), Some(item)) = (user, item) else {
            let sequence = observation.sequence;
            return Err(StoreError::Damaged(format!("event {sequence} is of a user or an item without an id")));
        };
        self.events.push((user, item, observation));
        if self.events.len().is_multiple_of(LOOK) && (self.is_cancelled)() {
            return Err(StoreError::Stopped);
        }
        Ok(())
    }

    pub(crate) fn dataset(self, about: Option<&About>) -> Result<Dataset, StoreError> {
        let about = about.ok_or_else(|| StoreError::Damaged("nothing was imported into it".to_owned()))?;
        let rows = Rows { users: self.users.ids, items: self.items.ids, events: self.events };
        dataset(about, rows, &self.items.known, &self.users.known)
    }
}

/// What a row that cannot be read says; also a number that is out of range, which it was not when it was written.
pub(crate) fn fault<T>(read: Result<T, StoreError>) -> Option<Fault> {
    match read {
        Err(StoreError::Damaged(fault) | StoreError::Failed(fault)) => Some(Fault(fault)),
        _ => None,
    }
}
