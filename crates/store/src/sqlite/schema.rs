//! The tables, and how older ones become them.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::StoreError;

/// Marks a file as ours: `Ftst`.
const APPLICATION: i64 = 0x4674_7374;

/// What each format adds to the one before it; the first makes an empty file a store. A format that was released is never
/// changed.
const MIGRATIONS: [&str; 1] = ["
    -- A checksum is over all other fields of its row.
    CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID;

    -- A number is never given twice. Listed are those of a file of users or items, also without an event.
    CREATE TABLE users (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, listed INTEGER NOT NULL, properties TEXT,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE items (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, listed INTEGER NOT NULL, properties TEXT,
        checksum INTEGER NOT NULL
    ) STRICT;

    -- The types of what stands in `properties`: of `items` or `users`.
    CREATE TABLE properties (
        of TEXT NOT NULL, position INTEGER NOT NULL, property TEXT NOT NULL, checksum INTEGER NOT NULL,
        PRIMARY KEY (of, position)
    ) STRICT, WITHOUT ROWID;

    -- Times are milliseconds since 1970 (UTC).
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY, user INTEGER NOT NULL, item INTEGER NOT NULL, kind INTEGER NOT NULL,
        value REAL NOT NULL, time INTEGER, id TEXT, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX events_by_id ON events (id) WHERE id IS NOT NULL;
"];

/// Pages of the log after which it is written back: 16 MiB.
const CHECKPOINT: i64 = 4096;
/// Kibibytes of pages that are kept.
const CACHE: i64 = 65_536;

/// Opens the file for writing and brings it to the newest format.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    let found = known_format(&connection, path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    // What is deleted is overwritten.
    connection.pragma_update(None, "secure_delete", true)?;
    for (format, migration) in (1i64..).zip(MIGRATIONS).skip(usize::try_from(found).unwrap_or(0)) {
        let change = connection.transaction()?;
        change.execute_batch(migration)?;
        change.pragma_update(None, "application_id", APPLICATION)?;
        change.pragma_update(None, "user_version", format)?;
        change.commit()?;
    }
    Ok(connection)
}

/// The format of a store; 0 of an empty file.
pub(super) fn known_format(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let no_store = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NoStore { place: path.into() },
        _ => error.into(),
    };
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, found) = (number("application_id").map_err(no_store)?, number("user_version")?);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match (application, tables) {
        (0, 0) | (APPLICATION, _) => {}
        _ => return Err(StoreError::NoStore { place: path.into() }),
    }
    if found > known {
        return Err(StoreError::Newer { place: path.into(), found, known });
    }
    Ok(found)
}
