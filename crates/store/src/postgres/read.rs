//! What is read: beside the writer, and every row against its checksum.

use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Row, RowIter};

use crate::error::StoreError;
use crate::event::{Event, NewEvent};
use crate::importing::ABOUT;
use crate::kept::{self, Gathered, Ids, Kept, MOST_FAULTS, Named, fault, signed, sound};
use crate::kind::EventKind;
use crate::store::{About, Fault};
use crate::worth::Observation;

/// Columns of an event.
const EVENT: &str = "e.sequence, e.user_number, e.item_number, e.kind, e.value, e.time, e.id, e.checksum";
/// How many they are.
const EVENT_COLUMNS: usize = 8;
/// How many a user or an item has.
const NAMED_COLUMNS: usize = 5;

/// Rows as they come, not all of them in memory.
fn rows<'a>(client: &'a mut Client, find: &str, values: &[&(dyn ToSql + Sync)]) -> Result<RowIter<'a>, StoreError> {
    Ok(client.query_raw::<_, &(dyn ToSql + Sync), _>(find, values.iter().copied())?)
}

fn checksum(row: &Row, column: usize) -> Result<u32, StoreError> {
    Ok(row.try_get::<_, i32>(column)?.cast_unsigned())
}

/// An id, which was UTF-8 when it was written.
fn id(bytes: &[u8]) -> Result<String, StoreError> {
    let damaged = |_| StoreError::Damaged(format!("the id `{}` is no UTF-8", String::from_utf8_lossy(bytes)));
    std::str::from_utf8(bytes).map(str::to_owned).map_err(damaged)
}

pub(super) fn value(client: &mut Client, key: &str) -> Result<Option<String>, StoreError> {
    let found = client.query_opt("SELECT value, checksum FROM foretaste.about WHERE key = $1", &[&key])?;
    found.map(|row| sound(key, row.try_get(0)?, checksum(&row, 1)?)).transpose()
}

pub(super) fn about(client: &mut Client) -> Result<Option<About>, StoreError> {
    value(client, ABOUT)?.map(|text| kept::about(&text)).transpose()
}

/// A user or an item: `number, id, listed, properties, checksum`.
pub(super) fn named(row: &Row) -> Result<Named, StoreError> {
    named_at(row, 0)
}

fn named_at(row: &Row, at: usize) -> Result<Named, StoreError> {
    let named = Named {
        number: row.try_get(at)?,
        id: id(row.try_get(at + 1)?)?,
        is_listed: row.try_get(at + 2)?,
        properties: row.try_get(at + 3)?,
    };
    named.sound(checksum(row, at + 4)?)
}

/// An event with its checksum.
fn event(row: &Row) -> Result<(Kept, u32), StoreError> {
    let sequence: i64 = row.try_get(0)?;
    let kind = u8::try_from(row.try_get::<_, i16>(3)?)
        .map_err(|_| StoreError::Damaged(format!("event {sequence} is not as it was written")))?;
    let kept = Kept {
        sequence,
        user: row.try_get(1)?,
        item: row.try_get(2)?,
        kind,
        value: row.try_get(4)?,
        time: row.try_get(5)?,
        id: row.try_get::<_, Option<&[u8]>>(6)?.map(id).transpose()?,
    };
    Ok((kept, checksum(row, 7)?))
}

pub(super) fn since(client: &mut Client, after: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
    events(client, "e.sequence > $1", &[&signed(after)], each)
}

pub(super) fn of_kinds(
    client: &mut Client,
    kinds: &[EventKind],
    until: u64,
    each: &mut dyn FnMut(Event),
) -> Result<(), StoreError> {
    let kinds: Vec<i16> = kinds.iter().map(|kind| kind.number().into()).collect();
    events(client, "e.sequence <= $1 AND e.kind = ANY($2)", &[&signed(until), &kinds], each)
}

/// Gives the events for which something holds.
fn events(
    client: &mut Client,
    which: &str,
    values: &[&(dyn ToSql + Sync)],
    each: &mut dyn FnMut(Event),
) -> Result<(), StoreError> {
    let find = format!(
        "SELECT {EVENT}, u.number, u.id, u.listed, u.properties, u.checksum, i.number, i.id, i.listed, i.properties, i.checksum
        FROM foretaste.events e LEFT JOIN foretaste.users u ON u.number = e.user_number
            LEFT JOIN foretaste.items i ON i.number = e.item_number
        WHERE {which} ORDER BY e.sequence"
    );
    let mut rows = rows(client, &find, values)?;
    while let Some(row) = rows.next()? {
        let (kept, sum) = event(&row)?;
        let numbers = [(EVENT_COLUMNS, kept.user), (EVENT_COLUMNS + NAMED_COLUMNS, kept.item)];
        let (Observation { sequence, kind, value, time }, name) = kept.sound(sum)?;
        let [user, item] = numbers.map(|(at, number)| match row.try_get::<_, Option<i64>>(at)? {
            Some(_) => Ok(named_at(&row, at)?.id),
            None => Err(StoreError::Damaged(format!("number {number} has no id"))),
        });
        each(Event { sequence, event: NewEvent { user: user?, item: item?, kind, value, time, id: name } });
    }
    Ok(())
}

fn ids(client: &mut Client, table: &'static str) -> Result<Ids, StoreError> {
    let mut ids = Ids::of(table);
    let find = "SELECT property, checksum FROM foretaste.properties WHERE of = $1 ORDER BY position";
    for row in client.query(find, &[&table])? {
        ids.add_property(row.try_get(0)?, checksum(&row, 1)?)?;
    }
    let find = format!("SELECT number, id, listed, properties, checksum FROM foretaste.{table} ORDER BY number");
    let mut rows = rows(client, &find, &[])?;
    while let Some(row) = rows.next()? {
        ids.add(named(&row)?)?;
    }
    Ok(ids)
}

/// Reads all; `client` is of no further use when it fails.
pub(super) fn snapshot(
    client: &mut Client,
    until: u64,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Dataset, StoreError> {
    // All of it is read as of one moment.
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let about = about(client)?;
    let mut gathered = Gathered::new(ids(client, "users")?, ids(client, "items")?, is_cancelled);
    let find = format!("SELECT {EVENT} FROM foretaste.events e WHERE e.sequence <= $1 ORDER BY e.sequence");
    let mut rows = rows(client, &find, &[&signed(until)])?;
    while let Some(row) = rows.next()? {
        let (kept, sum) = event(&row)?;
        gathered.add(kept, sum)?;
    }
    gathered.dataset(about.as_ref())
}

pub(super) fn check(client: &mut Client) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    let find = format!("SELECT {EVENT} FROM foretaste.events e ORDER BY e.sequence");
    let mut rows = rows(client, &find, &[])?;
    while let Some(row) = rows.next()?
        && faults.len() < MOST_FAULTS
    {
        faults.extend(fault(event(&row).and_then(|(kept, sum)| kept.sound(sum))));
    }
    drop(rows);
    faults.extend(fault(about(client)));
    // What is known of each, by itself: a fault in one does not hide those of the other.
    for table in ["users", "items"] {
        faults.extend(fault(ids(client, table).and_then(|ids| ids.known.catalogue(&IdTable::default()))));
    }
    Ok(faults)
}
