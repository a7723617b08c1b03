//! One process writes: a lock of its session, which ends with the connection.

use std::time::{Duration, Instant};

use postgres::Client;

use crate::error::{Place, StoreError};

/// The number of the lock in its database: `Foretast`.
const KEY: i64 = 0x466f_7265_7461_7374;
/// How long a holder that may be about to end is waited for.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Who has it, as the server knows it.
const HOLDER: &str = "
    SELECT nullif(a.application_name, ''), l.pid, host(a.client_addr)
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND (l.classid::bigint << 32) | l.objid::bigint = $1
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())";

/// A session, of all that a server ever had.
#[derive(Clone, Debug)]
pub(super) struct SessionName(String);

/// The session of this connection.
pub(super) fn session(client: &mut Client) -> Result<SessionName, StoreError> {
    let name = "SELECT pid || ' ' || backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()";
    Ok(SessionName(client.query_one(name, &[])?.try_get(0)?))
}

/// Ends a session whose connection was lost, which the server may not know yet: until then it has the lock. What it has begun to
/// commit it commits or does not.
pub(super) fn end(client: &mut Client, session: &SessionName) -> Result<(), StoreError> {
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid || ' ' || backend_start = $1";
    client.execute(end, &[&session.0])?;
    Ok(())
}

/// Takes the lock for the session of this connection.
pub(super) fn take(client: &mut Client, place: &Place) -> Result<(), StoreError> {
    let begun = Instant::now();
    loop {
        let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&KEY])?;
        if row.try_get(0)? {
            return Ok(());
        }
        if begun.elapsed() >= PATIENCE {
            let holder = holder(client)?;
            return Err(StoreError::InUse { place: place.clone(), holder });
        }
        std::thread::sleep(PAUSE);
    }
}

fn holder(client: &mut Client) -> Result<String, StoreError> {
    let Some(row) = client.query_opt(HOLDER, &[&KEY])? else { return Ok("another process".to_owned()) };
    let (name, session, host): (Option<String>, i32, Option<String>) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let name = name.unwrap_or_else(|| "another process".to_owned());
    let host = host.map(|host| format!(" on {host}")).unwrap_or_default();
    Ok(format!("{name}{host} (session {session} of the server)"))
}
