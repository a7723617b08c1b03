//! What is read: beside the writer, and every row against its checksum.

use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use crate::error::StoreError;
use crate::event::{Event, NewEvent};
use crate::importing::ABOUT;
use crate::kept::{self, Gathered, Ids, Kept, MOST_FAULTS, Named, fault, signed, sound};
use crate::kind::EventKind;
use crate::store::{About, Fault};
use crate::worth::Observation;

const EVENTS: &str = "SELECT sequence, user, item, kind, value, time, id, checksum FROM events";
const NAMED: &str = "number, id, listed, properties, checksum";

pub(super) fn value(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let find = "SELECT value, checksum FROM about WHERE key = ?1";
    let found = connection.query_row(find, params![key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.map(|(text, sum)| sound(key, text, sum)).transpose()
}

pub(super) fn about(connection: &Connection) -> Result<Option<About>, StoreError> {
    value(connection, ABOUT)?.map(|text| kept::about(&text)).transpose()
}

fn named(row: &Row<'_>) -> Result<Named, StoreError> {
    let named = Named { number: row.get(0)?, id: row.get(1)?, is_listed: row.get(2)?, properties: row.get(3)? };
    named.sound(row.get(4)?)
}

/// The id of a number.
fn id_of(statement: &mut Statement<'_>, number: i64) -> Result<String, StoreError> {
    let mut rows = statement.query(params![number])?;
    let row = rows.next()?.ok_or_else(|| StoreError::Damaged(format!("number {number} has no id")))?;
    Ok(named(row)?.id)
}

/// An event with its checksum.
fn event(row: &Row<'_>) -> Result<(Kept, u32), StoreError> {
    let value: f64 = row.get(4)?;
    let kept = Kept {
        sequence: row.get(0)?,
        user: row.get(1)?,
        item: row.get(2)?,
        kind: row.get(3)?,
        #[allow(clippy::cast_possible_truncation, reason = "it was widened from f32, which the checksum shows")]
        value: value as f32,
        time: row.get(5)?,
        id: row.get(6)?,
    };
    Ok((kept, row.get(7)?))
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
    let by_number = |table| connection.prepare(&format!("SELECT {NAMED} FROM {table} WHERE number = ?1"));
    let (mut users, mut items) = (by_number("users")?, by_number("items")?);
    while let Some(row) = rows.next()? {
        let (kept, sum) = event(row)?;
        let (user, item) = (kept.user, kept.item);
        let (Observation { sequence, kind, value, time }, id) = kept.sound(sum)?;
        let (user, item) = (id_of(&mut users, user)?, id_of(&mut items, item)?);
        each(Event { sequence, event: NewEvent { user, item, kind, value, time, id } });
    }
    Ok(())
}

fn ids(connection: &Connection, table: &'static str) -> Result<Ids, StoreError> {
    let mut ids = Ids::of(table);
    let mut find = connection.prepare("SELECT property, checksum FROM properties WHERE of = ?1 ORDER BY position")?;
    let mut rows = find.query(params![table])?;
    while let Some(row) = rows.next()? {
        ids.add_property(row.get(0)?, row.get(1)?)?;
    }
    let mut find = connection.prepare(&format!("SELECT {NAMED} FROM {table} ORDER BY number"))?;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        ids.add(named(row)?)?;
    }
    Ok(ids)
}

pub(super) fn snapshot(
    connection: &mut Connection,
    until: u64,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Dataset, StoreError> {
    // All of it is read as of one moment.
    let moment = connection.transaction()?;
    let about = about(&moment)?;
    let mut gathered = Gathered::new(ids(&moment, "users")?, ids(&moment, "items")?, is_cancelled);
    let mut find = moment.prepare(&format!("{EVENTS} WHERE sequence <= ?1 ORDER BY sequence"))?;
    let mut rows = find.query(params![signed(until)])?;
    while let Some(row) = rows.next()? {
        let (kept, sum) = event(row)?;
        gathered.add(kept, sum)?;
    }
    gathered.dataset(about.as_ref())
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
        faults.extend(fault(event(row).and_then(|(kept, sum)| kept.sound(sum))));
    }
    faults.extend(fault(about(connection)));
    // What is known of each, by itself: a fault in one does not hide those of the other.
    for table in ["users", "items"] {
        faults.extend(fault(ids(connection, table).and_then(|ids| ids.known.catalogue(&IdTable::default()))));
    }
    Ok(faults)
}
