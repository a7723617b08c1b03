//! The tables, and how older ones become them.

use postgres::Client;

use crate::error::{Place, StoreError};

/// Marks a schema as ours.
const APPLICATION: &str = "foretaste store";

/// What each format adds to the one before it; the first makes an empty schema a store. A format that was released is never
/// changed.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE foretaste.format (application text NOT NULL, format bigint NOT NULL);

    -- A checksum is over all other fields of its row: 32 bits, the sign is one of them.
    CREATE TABLE foretaste.about (key text PRIMARY KEY, value text NOT NULL, checksum integer NOT NULL);

    -- A number is never given twice. Listed are those of a file of users or items, also without an event. Ids are bytes: UTF-8
    -- that may hold what a text of Postgres cannot, compared as bytes.
    CREATE TABLE foretaste.users (
        number bigint PRIMARY KEY, id bytea NOT NULL UNIQUE, listed boolean NOT NULL, properties text,
        checksum integer NOT NULL
    );
    CREATE TABLE foretaste.items (
        number bigint PRIMARY KEY, id bytea NOT NULL UNIQUE, listed boolean NOT NULL, properties text,
        checksum integer NOT NULL
    );

    -- The types of what stands in `properties`: of `items` or `users`.
    CREATE TABLE foretaste.properties (
        of text NOT NULL, position bigint NOT NULL, property text NOT NULL, checksum integer NOT NULL,
        PRIMARY KEY (of, position)
    );

    -- Times are milliseconds since 1970 (UTC).
    CREATE TABLE foretaste.events (
        sequence bigint PRIMARY KEY, user_number bigint NOT NULL, item_number bigint NOT NULL, kind smallint NOT NULL,
        value real NOT NULL, time bigint, id bytea, checksum integer NOT NULL
    );
    CREATE UNIQUE INDEX events_by_id ON foretaste.events (id) WHERE id IS NOT NULL;
"];

/// Brings the schema to the newest format, under the lock.
pub(super) fn settle(client: &mut Client, place: &Place) -> Result<(), StoreError> {
    let found = known_format(client, place)?;
    for (format, migration) in (1i64..).zip(MIGRATIONS).skip(usize::try_from(found).unwrap_or(0)) {
        let mut change = client.transaction()?;
        if found == 0
            && change.query_opt("SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'foretaste'", &[])?.is_none()
        {
            change.batch_execute("CREATE SCHEMA foretaste")?;
        }
        change.batch_execute(migration)?;
        change.execute("DELETE FROM foretaste.format", &[])?;
        change.execute("INSERT INTO foretaste.format VALUES ($1, $2)", &[&APPLICATION, &format])?;
        change.commit()?;
    }
    Ok(())
}

/// The format of a store; 0 where there is nothing.
fn known_format(client: &mut Client, place: &Place) -> Result<i64, StoreError> {
    let count = "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'foretaste'";
    if client.query_one(count, &[])?.try_get::<_, i64>(0)? == 0 {
        return Ok(0);
    }
    let no_store = || StoreError::NoStore { place: place.clone() };
    let columns = "SELECT count(*) FROM information_schema.columns
        WHERE table_schema = 'foretaste' AND table_name = 'format'
            AND (column_name, data_type) IN (('application', 'text'), ('format', 'bigint'))";
    if client.query_one(columns, &[])?.try_get::<_, i64>(0)? != 2 {
        return Err(no_store());
    }
    let rows = client.query("SELECT application, format FROM foretaste.format", &[])?;
    let [row] = rows.as_slice() else { return Err(no_store()) };
    let (application, found): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
    if application != APPLICATION || found < 1 {
        return Err(no_store());
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer { place: place.clone(), found, known });
    }
    Ok(found)
}
