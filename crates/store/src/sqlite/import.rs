//! A data set, written into the tables.

use std::ops::Range;

use foretaste_data::dataset::Dataset;
use rusqlite::{Transaction, TransactionBehavior, params};

use super::read;
use super::write::{ADD, Writer, add_event};
use crate::checksum;
use crate::error::{Place, StoreError};
use crate::event::NewEvent;
use crate::importing::{ABOUT, BEGUN, begun, events, in_parts, named, schema, tables};
use crate::store::{Imported, Progress};

pub(super) fn import(
    writer: &mut Writer,
    place: &Place,
    source: &str,
    data: &Dataset,
    progress: &mut Progress<'_>,
) -> Result<Imported, StoreError> {
    let held = read::value(&writer.connection, ABOUT)?.or(read::value(&writer.connection, BEGUN)?);
    let (text, has_begun) = begun(held, source, data, place)?;
    if !has_begun {
        begin(writer, data, &text)?;
    }
    let resumed = writer.last();
    let mut write = |places: Range<u64>| {
        let until = places.end;
        let change = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write_events(&change, data, places)?;
        change.commit()?;
        writer.set_last(until);
        Ok(())
    };
    in_parts(resumed, data, &mut write, progress)?;
    let change = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change.execute("DELETE FROM about WHERE key = ?1", params![BEGUN])?;
    note(&change, ABOUT, &text)?;
    change.commit()?;
    Ok(Imported { events: data.interactions.nnz() as u64, resumed })
}

/// Writes what is known of users and items.
fn begin(writer: &mut Writer, data: &Dataset, text: &str) -> Result<(), StoreError> {
    let change = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (table, ids, known) in tables(data) {
        let mut add = change.prepare(&format!(
            "INSERT INTO {table} (number, id, listed, properties, checksum) VALUES (?1, ?2, ?3, ?4, ?5)"
        ))?;
        for row in named(ids, known) {
            add.execute(params![row.number, row.id, row.is_listed, row.properties, row.checksum()])?;
        }
        let mut add =
            change.prepare("INSERT INTO properties (of, position, property, checksum) VALUES (?1, ?2, ?3, ?4)")?;
        for (position, text, sum) in schema(table, known)? {
            add.execute(params![table, position, text, sum])?;
        }
    }
    note(&change, BEGUN, text)?;
    Ok(change.commit()?)
}

fn note(change: &Transaction<'_>, key: &str, text: &str) -> Result<(), StoreError> {
    let add = "INSERT OR REPLACE INTO about (key, value, checksum) VALUES (?1, ?2, ?3)";
    change.execute(add, params![key, text, checksum::of_text(key, text)])?;
    Ok(())
}

fn write_events(change: &Transaction<'_>, data: &Dataset, places: Range<u64>) -> Result<(), StoreError> {
    let mut add = change.prepare_cached(ADD)?;
    for row in events(data, places) {
        let (kind, value, time) = (row.kind, row.value, row.time);
        let event = NewEvent { user: String::new(), item: String::new(), kind, value, time, id: None };
        add_event(&mut add, row.sequence, (row.user, row.item), &event)?;
    }
    Ok(())
}
