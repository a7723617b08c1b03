//! A data set, copied into the tables.

use std::ops::Range;

use foretaste_data::dataset::Dataset;
use postgres::Transaction;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::Type;

use super::read;
use super::server::Server;
use super::write::Writer;
use crate::checksum;
use crate::error::StoreError;
use crate::importing::{ABOUT, BEGUN, begun, events, in_parts, named, schema, tables};
use crate::store::{Imported, Progress};

pub(super) fn import(
    writer: &mut Writer,
    server: &Server,
    source: &str,
    data: &Dataset,
    progress: &mut Progress<'_>,
) -> Result<Imported, StoreError> {
    let client = &mut writer.session()?.client;
    let held = read::value(client, ABOUT)?.or(read::value(client, BEGUN)?);
    let (text, has_begun) = begun(held, source, data, server.place())?;
    if !has_begun {
        let mut change = client.transaction()?;
        begin(&mut change, data, &text)?;
        change.commit()?;
    }
    let resumed = writer.last();
    let client = &mut writer.session()?.client;
    let mut write = |places: Range<u64>| {
        let mut change = client.transaction()?;
        copy_events(&mut change, data, places)?;
        Ok(change.commit()?)
    };
    in_parts(resumed, data, &mut write, progress)?;
    let mut change = client.transaction()?;
    change.execute("DELETE FROM foretaste.about WHERE key = $1", &[&BEGUN])?;
    note(&mut change, ABOUT, &text)?;
    change.commit()?;
    // What a plan of a statement is made from.
    client.batch_execute("ANALYZE foretaste.users, foretaste.items, foretaste.events")?;
    Ok(Imported { events: data.interactions.nnz() as u64, resumed })
}

/// Writes what is known of users and items.
fn begin(change: &mut Transaction<'_>, data: &Dataset, text: &str) -> Result<(), StoreError> {
    for (table, ids, known) in tables(data) {
        let copy =
            format!("COPY foretaste.{table} (number, id, listed, properties, checksum) FROM STDIN (FORMAT binary)");
        let types = [Type::INT8, Type::BYTEA, Type::BOOL, Type::TEXT, Type::INT4];
        let mut rows = BinaryCopyInWriter::new(change.copy_in(&copy)?, &types);
        for row in named(ids, known) {
            let sum = row.checksum().cast_signed();
            rows.write(&[&row.number, &row.id.as_bytes(), &row.is_listed, &row.properties, &sum])?;
        }
        rows.finish()?;
        let add = "INSERT INTO foretaste.properties (of, position, property, checksum) VALUES ($1, $2, $3, $4)";
        for (position, text, sum) in schema(table, known)? {
            change.execute(add, &[&table, &position, &text, &sum.cast_signed()])?;
        }
    }
    note(change, BEGUN, text)
}

fn note(change: &mut Transaction<'_>, key: &str, text: &str) -> Result<(), StoreError> {
    let add = "INSERT INTO foretaste.about (key, value, checksum) VALUES ($1, $2, $3)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum";
    change.execute(add, &[&key, &text, &checksum::of_text(key, text).cast_signed()])?;
    Ok(())
}

fn copy_events(change: &mut Transaction<'_>, data: &Dataset, places: Range<u64>) -> Result<(), StoreError> {
    let copy = "COPY foretaste.events (sequence, user_number, item_number, kind, value, time, checksum)
        FROM STDIN (FORMAT binary)";
    let types = [Type::INT8, Type::INT8, Type::INT8, Type::INT2, Type::FLOAT4, Type::INT8, Type::INT4];
    let mut rows = BinaryCopyInWriter::new(change.copy_in(copy)?, &types);
    for row in events(data, places) {
        let (sequence, kind, sum) =
            (row.sequence.cast_signed(), i16::from(row.kind.number()), row.checksum().cast_signed());
        rows.write(&[&sequence, &row.user, &row.item, &kind, &row.value, &row.time, &sum])?;
    }
    rows.finish()?;
    Ok(())
}
