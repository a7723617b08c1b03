//! A data set, written in parts each of which is durable, so that a broken import goes on where it was.

use std::path::Path;

use foretaste_data::catalogue::Catalogue;
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{IdTable, UserIx};
use foretaste_data::interactions::Feedback;
use rusqlite::{Transaction, TransactionBehavior, params};

use super::read;
use super::write::{ADD, Writer, add_event};
use crate::catalogue::{Property, object};
use crate::checksum;
use crate::error::StoreError;
use crate::event::NewEvent;
use crate::kind::EventKind;
use crate::store::{About, Imported, Progress};

/// Events of one transaction.
const TOGETHER: u64 = 200_000;

/// What an import that has begun is of.
const BEGUN: &str = "import";
/// What the store is of, once an import is done.
pub(super) const ABOUT: &str = "source";

pub(super) fn import(
    writer: &mut Writer,
    folder: &Path,
    source: &str,
    data: &Dataset,
    progress: &mut Progress<'_>,
) -> Result<Imported, StoreError> {
    let about = About {
        source: source.to_owned(),
        name: data.name.clone(),
        data_hash: data.hash(),
        feedback: data.interactions.feedback(),
        has_times: data.interactions.times().is_some(),
    };
    let text = serde_json::to_string(&about).map_err(|error| StoreError::Failed(error.to_string()))?;
    let held = read::value(&writer.connection, ABOUT)?.or(read::value(&writer.connection, BEGUN)?);
    match held {
        None => begin(writer, data, &text)?,
        Some(held) if held == text => {}
        Some(held) => {
            let found = serde_json::from_str::<About>(&held).map_or(held, |about| about.source);
            let (path, asked) = (folder.to_owned(), about.source);
            return Err(StoreError::OtherSource { path, found, asked });
        }
    }
    let total = data.interactions.nnz() as u64;
    let resumed = writer.last();
    while writer.last() < total {
        let from = writer.last();
        let until = total.min(from + TOGETHER);
        let change = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write_events(&change, data, from..until)?;
        change.commit()?;
        writer.set_last(until);
        if progress(until, total).is_break() {
            return Err(StoreError::Stopped);
        }
    }
    let change = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change.execute("DELETE FROM about WHERE key = ?1", params![BEGUN])?;
    note(&change, ABOUT, &text)?;
    change.commit()?;
    Ok(Imported { events: total, resumed })
}

/// Writes what is known of users and items, whose numbers are those of the data, counted from 1.
fn begin(writer: &mut Writer, data: &Dataset, text: &str) -> Result<(), StoreError> {
    let change = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let interactions = &data.interactions;
    for (table, ids, known) in
        [("users", interactions.users(), &data.users), ("items", interactions.items(), &data.catalogue)]
    {
        write_known(&change, table, ids, known)?;
    }
    note(&change, BEGUN, text)?;
    Ok(change.commit()?)
}

fn note(change: &Transaction<'_>, key: &str, text: &str) -> Result<(), StoreError> {
    let add = "INSERT OR REPLACE INTO about (key, value, checksum) VALUES (?1, ?2, ?3)";
    change.execute(add, params![key, text, checksum::of_text(key, text)])?;
    Ok(())
}

fn write_known(change: &Transaction<'_>, table: &str, ids: &IdTable, known: &Catalogue) -> Result<(), StoreError> {
    let mut add = change.prepare(&format!(
        "INSERT INTO {table} (number, id, listed, properties, checksum) VALUES (?1, ?2, 1, ?3, ?4)"
    ))?;
    for (row, id) in ids.iter().chain(known.unrated().iter()).enumerate() {
        let (number, object) = (row as i64 + 1, object(known, row));
        add.execute(params![number, id, object, checksum::of_id(number, id, true, object.as_deref())])?;
    }
    let mut add =
        change.prepare("INSERT INTO properties (of, position, property, checksum) VALUES (?1, ?2, ?3, ?4)")?;
    for (position, property) in Property::all_of(known).iter().enumerate() {
        let text = serde_json::to_string(property).map_err(|error| StoreError::Failed(error.to_string()))?;
        add.execute(params![table, position as i64, text, checksum::of_text(table, &text)])?;
    }
    Ok(())
}

/// Writes the interactions of some places of the matrix; the sequence number of each is its place, counted from 1.
fn write_events(change: &Transaction<'_>, data: &Dataset, places: std::ops::Range<u64>) -> Result<(), StoreError> {
    let interactions = &data.interactions;
    let (matrix, times) = (interactions.matrix(), interactions.times());
    let kind = match interactions.feedback() {
        Feedback::Explicit { .. } => EventKind::RATING,
        Feedback::Implicit => EventKind::INTERACTION,
    };
    let mut add = change.prepare_cached(ADD)?;
    let offsets = matrix.offsets();
    let places = usize::try_from(places.start).unwrap_or(usize::MAX)..usize::try_from(places.end).unwrap_or(usize::MAX);
    let mut user = UserIx(u32::try_from(offsets.partition_point(|&offset| offset <= places.start)).unwrap_or(0));
    for place in places {
        // The row that the place belongs to; rows without an entry are passed over.
        while offsets[user.0 as usize] <= place {
            user.0 += 1;
        }
        let numbers = (i64::from(user.0), i64::from(matrix.columns()[place]) + 1);
        let event = NewEvent {
            user: String::new(),
            item: String::new(),
            kind,
            value: matrix.values()[place],
            time: times.map(|times| times[place]),
            id: None,
        };
        add_event(&mut add, place as u64 + 1, numbers, &event)?;
    }
    Ok(())
}
