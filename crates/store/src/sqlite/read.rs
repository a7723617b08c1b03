//! What is read: beside the writer, and every row against its checksum.

use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use super::import::ABOUT;
use crate::catalogue::{Known, Property};
use crate::checksum;
use crate::error::StoreError;
use crate::event::{Event, NewEvent};
use crate::kind::EventKind;
use crate::snapshot::{Rows, dataset};
use crate::store::{About, Fault};
use crate::worth::Observation;

/// Events between two looks at whether to stop.
const LOOK: usize = 1 << 16;
/// Most faults that are named.
const MOST_FAULTS: usize = 1000;

const EVENTS: &str = "SELECT sequence, user, item, kind, value, time, id, checksum FROM events";

pub(super) fn value(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let find = "SELECT value, checksum FROM about WHERE key = ?1";
    let found = connection.query_row(find, params![key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.map(|(text, sum)| sound(key, text, sum)).transpose()
}

/// The text, if it is as it was written.
fn sound(name: &str, text: String, sum: u32) -> Result<String, StoreError> {
    if checksum::of_text(name, &text) == sum {
        return Ok(text);
    }
    Err(StoreError::Damaged(format!("what is noted of `{name}` is not as it was written")))
}

pub(super) fn about(connection: &Connection) -> Result<Option<About>, StoreError> {
    let broken = |error| StoreError::Damaged(format!("what the store is of is not readable: {error}"));
    value(connection, ABOUT)?.map(|text| serde_json::from_str(&text).map_err(broken)).transpose()
}

/// The number and id of a user or an item, and what is known of it.
struct Named {
    number: i64,
    id: String,
    is_listed: bool,
    properties: Option<String>,
}

impl Named {
    const ALL: &str = "number, id, listed, properties, checksum";

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let (number, id): (i64, String) = (row.get(0)?, row.get(1)?);
        let (is_listed, properties): (bool, Option<String>) = (row.get(2)?, row.get(3)?);
        if checksum::of_id(number, &id, is_listed, properties.as_deref()) == row.get::<_, u32>(4)? {
            return Ok(Self { number, id, is_listed, properties });
        }
        Err(StoreError::Damaged(format!("what is known of `{id}`, number {number}, is not as it was written")))
    }

    /// The id of a number.
    fn find(statement: &mut Statement<'_>, number: i64) -> Result<String, StoreError> {
        let mut rows = statement.query(params![number])?;
        let row = rows.next()?.ok_or_else(|| StoreError::Damaged(format!("number {number} has no id")))?;
        Ok(Self::read(row)?.id)
    }
}

/// A sequence number as SQLite has it.
fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// An event whose checksum was right.
struct Kept {
    user: i64,
    item: i64,
    id: Option<String>,
    observation: Observation,
}

impl Kept {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let (sequence, user, item): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (number, value, time): (u8, f64, Option<i64>) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let (id, sum): (Option<String>, u32) = (row.get(6)?, row.get(7)?);
        let damaged = || StoreError::Damaged(format!("event {sequence} is not as it was written"));
        let kind = EventKind::of_number(number).ok_or_else(damaged)?;
        #[allow(clippy::cast_possible_truncation, reason = "it was widened from f32, which the checksum shows")]
        let value = value as f32;
        let sequence = sequence.cast_unsigned();
        if checksum::of_event(sequence, (user, item), (kind, value), time, id.as_deref()) != sum {
            return Err(damaged());
        }
        Ok(Self { user, item, id, observation: Observation { sequence, kind, value, time } })
    }
}

pub(super) fn since(connection: &Connection, after: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
    let find = format!("{EVENTS} WHERE sequence > {} ORDER BY sequence", signed(after));
    events(connection, &find, each)
}

pub(super) fn of_kinds(
    connection: &Connection,
    kinds: &[EventKind],
    until: u64,
    each: &mut dyn FnMut(Event),
) -> Result<(), StoreError> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.number().to_string()).collect();
    let kinds = kinds.join(", ");
    let find = format!("{EVENTS} WHERE sequence <= {} AND kind IN ({kinds}) ORDER BY sequence", signed(until));
    events(connection, &find, each)
}

/// Gives the events that a statement finds.
fn events(connection: &Connection, find: &str, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
    let mut find = connection.prepare(find)?;
    let mut rows = find.query([])?;
    let by_number = |table| connection.prepare(&format!("SELECT {} FROM {table} WHERE number = ?1", Named::ALL));
    let (mut users, mut items) = (by_number("users")?, by_number("items")?);
    while let Some(row) = rows.next()? {
        let kept = Kept::read(row)?;
        let Observation { sequence, kind, value, time } = kept.observation;
        let (user, item) = (Named::find(&mut users, kept.user)?, Named::find(&mut items, kept.item)?);
        each(Event { sequence, event: NewEvent { user, item, kind, value, time, id: kept.id } });
    }
    Ok(())
}

/// Ids by their numbers, which have few gaps.
struct Ids {
    ids: Vec<String>,
    /// The place of each number, less one.
    places: Vec<u32>,
}

impl Ids {
    const NONE: u32 = u32::MAX;

    fn read(connection: &Connection, table: &str) -> Result<(Self, Known), StoreError> {
        let mut find =
            connection.prepare("SELECT property, checksum FROM properties WHERE of = ?1 ORDER BY position")?;
        let mut rows = find.query(params![table])?;
        let mut schema: Vec<Property> = Vec::new();
        while let Some(row) = rows.next()? {
            let text = sound(table, row.get(0)?, row.get(1)?)?;
            let broken = |error| StoreError::Damaged(format!("a property of {table} is not readable: {error}"));
            schema.push(serde_json::from_str(&text).map_err(broken)?);
        }
        let mut find = connection.prepare(&format!("SELECT {} FROM {table} ORDER BY number", Named::ALL))?;
        let mut rows = find.query([])?;
        let mut known = Known { schema, rows: Vec::new() };
        let mut ids = Self { ids: Vec::new(), places: Vec::new() };
        while let Some(row) = rows.next()? {
            let Named { number, id, is_listed, properties } = Named::read(row)?;
            let at = usize::try_from(number - 1)
                .map_err(|_| StoreError::Damaged(format!("`{id}` of {table} has number {number}")))?;
            ids.places.resize(at, Self::NONE);
            ids.places.push(u32::try_from(ids.ids.len()).unwrap_or(Self::NONE));
            if is_listed || properties.is_some() {
                known.rows.push((id.clone(), properties));
            }
            ids.ids.push(id);
        }
        Ok((ids, known))
    }

    fn place(&self, number: i64) -> Option<u32> {
        let place = usize::try_from(number - 1).ok().and_then(|at| self.places.get(at).copied());
        place.filter(|&place| place != Self::NONE)
    }
}

pub(super) fn snapshot(
    connection: &mut Connection,
    until: u64,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Dataset, StoreError> {
    // All of it is read as of one moment.
    let moment = connection.transaction()?;
    let about = about(&moment)?.ok_or_else(|| StoreError::Damaged("nothing was imported into it".to_owned()))?;
    let ((users, known_users), (items, known_items)) = (Ids::read(&moment, "users")?, Ids::read(&moment, "items")?);
    let mut find = moment.prepare(&format!("{EVENTS} WHERE sequence <= ?1 ORDER BY sequence"))?;
    let mut rows = find.query(params![signed(until)])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let Kept { user, item, observation, .. } = Kept::read(row)?;
        let (Some(user), Some(item)) = (users.place(user), items.place(item)) else {
            let sequence = observation.sequence;
            return Err(StoreError::Damaged(format!("event {sequence} is of a user or an item without an id")));
        };
        events.push((user, item, observation));
        if events.len() % LOOK == 0 && is_cancelled() {
            return Err(StoreError::Stopped);
        }
    }
    dataset(&about, Rows { users: users.ids, items: items.ids, events }, &known_items, &known_users)
}

pub(super) fn check(connection: &Connection) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    let mut pages = connection.prepare("PRAGMA integrity_check(1000)")?;
    for line in pages.query_map([], |row| row.get::<_, String>(0))? {
        let line = line?;
        if line != "ok" {
            faults.push(Fault(line));
        }
    }
    let mut find = connection.prepare(&format!("{EVENTS} ORDER BY sequence"))?;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()?
        && faults.len() < MOST_FAULTS
    {
        faults.extend(fault(Kept::read(row)));
    }
    faults.extend(fault(about(connection)));
    // What is known of each, by itself: a fault in one does not hide those of the other.
    for table in ["users", "items"] {
        faults.extend(fault(Ids::read(connection, table).and_then(|(_, known)| known.catalogue(&IdTable::default()))));
    }
    Ok(faults)
}

/// What a row that cannot be read says; also a number that is out of range, which it was not when it was written.
fn fault<T>(read: Result<T, StoreError>) -> Option<Fault> {
    match read {
        Err(StoreError::Damaged(fault) | StoreError::Failed(fault)) => Some(Fault(fault)),
        _ => None,
    }
}
