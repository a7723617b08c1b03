//! Events, written with one statement, by the one session that holds the lock.

use std::collections::HashSet;

use postgres::{Client, Statement};

use super::lock::SessionName;
use super::numbers::{Added, Numbers};
use super::server::Server;
use super::{lock, schema};
use crate::checksum;
use crate::error::StoreError;
use crate::event::{Appended, NewEvent};

/// Those of some names that are there.
const KNOWN: &str = "SELECT id FROM foretaste.events WHERE id = ANY($1) AND id IS NOT NULL";

/// New users, items and events, all or none.
const ADD: &str = "
    WITH new_users AS (
        INSERT INTO foretaste.users (number, id, listed, checksum)
        SELECT number, id, false, sum FROM unnest($1::bigint[], $2::bytea[], $3::integer[]) AS new (number, id, sum)
    ), new_items AS (
        INSERT INTO foretaste.items (number, id, listed, checksum)
        SELECT number, id, false, sum FROM unnest($4::bigint[], $5::bytea[], $6::integer[]) AS new (number, id, sum)
    )
    INSERT INTO foretaste.events (sequence, user_number, item_number, kind, value, time, id, checksum)
    SELECT * FROM unnest($7::bigint[], $8::bigint[], $9::bigint[], $10::smallint[], $11::real[], $12::bigint[],
        $13::bytea[], $14::integer[])";

/// What writes, connected or not.
pub(super) struct Writer {
    server: Server,
    session: Option<Session>,
    /// The session that there was last.
    name: Option<SessionName>,
    last: u64,
}

/// A connection that holds the lock.
pub(super) struct Session {
    pub(super) client: Client,
    last: u64,
    known: Statement,
    add: Statement,
    users: Numbers,
    items: Numbers,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Writer").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn open(server: &Server) -> Result<Self, StoreError> {
        let mut writer = Self { server: server.clone(), session: None, name: None, last: 0 };
        writer.session()?;
        Ok(writer)
    }

    /// The highest sequence number that is known to be durable.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The connection, which is made again where it was lost.
    pub(super) fn session(&mut self) -> Result<&mut Session, StoreError> {
        let session = match self.session.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => Session::begin(&self.server, &mut self.name)?,
        };
        self.last = session.last;
        Ok(self.session.insert(session))
    }

    /// Ends the connection, and what is known through it.
    fn end(&mut self) {
        self.session = None;
    }

    /// Writes events, all or none, and returns when they are durable.
    pub(super) fn append(&mut self, events: &[NewEvent]) -> Result<Vec<Appended>, StoreError> {
        let mut plan = self.session()?.plan(events);
        if let Err(StoreError::Away(_)) = plan {
            // Nothing was written so far; a connection that was lost while it was idle shows only now.
            self.end();
            plan = self.session()?.plan(events);
        }
        // On the session that planned it, and no other.
        let Some(session) = &mut self.session else { return plan.map(|plan| plan.appended) };
        let appended = plan.and_then(|plan| session.write(plan));
        match &appended {
            Ok(_) => self.last = session.last,
            // What became of the statement is found out by the next session.
            Err(StoreError::Away(_)) => self.end(),
            Err(_) => session.forget(),
        }
        appended
    }

    /// Counts anew, after events were written in another way.
    pub(super) fn recount(&mut self) {
        match self.session.as_mut().map(Session::count) {
            Some(Ok(last)) => self.last = last,
            Some(Err(_)) | None => self.end(),
        }
    }
}

/// What a batch comes to, in columns.
struct Plan<'a> {
    appended: Vec<Appended>,
    users: Added<'a>,
    items: Added<'a>,
    events: Columns<'a>,
}

#[derive(Default)]
struct Columns<'a> {
    sequences: Vec<i64>,
    users: Vec<i64>,
    items: Vec<i64>,
    kinds: Vec<i16>,
    values: Vec<f32>,
    times: Vec<Option<i64>>,
    ids: Vec<Option<&'a [u8]>>,
    sums: Vec<i32>,
}

impl Session {
    fn begin(server: &Server, name: &mut Option<SessionName>) -> Result<Self, StoreError> {
        let mut client = server.writing()?;
        if let Some(before) = name.as_ref() {
            lock::end(&mut client, before)?;
        }
        *name = Some(lock::session(&mut client)?);
        lock::take(&mut client, server.place())?;
        schema::settle(&mut client, server.place())?;
        let (known, add) = (client.prepare(KNOWN)?, client.prepare(ADD)?);
        let (users, items) = (Numbers::of(&mut client, "users")?, Numbers::of(&mut client, "items")?);
        let mut session = Self { client, last: 0, known, add, users, items };
        session.count()?;
        Ok(session)
    }

    /// Reads the highest numbers.
    fn count(&mut self) -> Result<u64, StoreError> {
        let last = self.client.query_one("SELECT coalesce(max(sequence), 0) FROM foretaste.events", &[])?;
        self.last = last.try_get::<_, i64>(0)?.cast_unsigned();
        self.users.count(&mut self.client)?;
        self.items.count(&mut self.client)?;
        Ok(self.last)
    }

    /// Reads what is needed to write events. What is found to be there is there when they are written: no other session writes.
    fn plan<'a>(&mut self, events: &'a [NewEvent]) -> Result<Plan<'a>, StoreError> {
        let named: Vec<&[u8]> = events.iter().filter_map(|event| event.id.as_deref()).map(str::as_bytes).collect();
        let mut there: HashSet<Vec<u8>> = HashSet::new();
        if !named.is_empty() {
            for row in self.client.query(&self.known, &[&named])? {
                there.insert(row.try_get(0)?);
            }
        }
        let mut seen: HashSet<&str> = HashSet::new();
        let is_new: Vec<bool> = events
            .iter()
            .map(|event| event.id.as_deref().is_none_or(|id| !there.contains(id.as_bytes()) && seen.insert(id)))
            .collect();
        // Also of events that are not written again, as in every store.
        let users: Vec<&str> = events.iter().map(|event| event.user.as_str()).collect();
        let items: Vec<&str> = events.iter().map(|event| event.item.as_str()).collect();
        let (user_numbers, users) = self.users.look_up(&mut self.client, &users)?;
        let (item_numbers, items) = self.items.look_up(&mut self.client, &items)?;
        let mut columns = Columns::default();
        let mut next = self.last + 1;
        let mut appended = Vec::with_capacity(events.len());
        for ((event, is_new), numbers) in events.iter().zip(is_new).zip(user_numbers.into_iter().zip(item_numbers)) {
            appended.push(if is_new { Appended::New(next) } else { Appended::Known });
            if is_new {
                columns.push(next, numbers, event);
                next += 1;
            }
        }
        Ok(Plan { appended, users, items, events: columns })
    }

    /// Writes what was planned, with one statement, which is durable when it is answered.
    fn write(&mut self, plan: Plan<'_>) -> Result<Vec<Appended>, StoreError> {
        let Plan { appended, users, items, events } = plan;
        if !(events.sequences.is_empty() && users.numbers.is_empty() && items.numbers.is_empty()) {
            self.client.execute(
                &self.add,
                &[
                    &users.numbers,
                    &users.ids,
                    &users.sums,
                    &items.numbers,
                    &items.ids,
                    &items.sums,
                    &events.sequences,
                    &events.users,
                    &events.items,
                    &events.kinds,
                    &events.values,
                    &events.times,
                    &events.ids,
                    &events.sums,
                ],
            )?;
        }
        self.last += events.sequences.len() as u64;
        self.users.keep(&users);
        self.items.keep(&items);
        Ok(appended)
    }

    /// Forgets numbers that were given out in what was not written.
    fn forget(&mut self) {
        self.users.forget();
        self.items.forget();
    }
}

impl<'a> Columns<'a> {
    fn push(&mut self, sequence: u64, (user, item): (i64, i64), event: &'a NewEvent) {
        let NewEvent { kind, value, time, ref id, .. } = *event;
        let sum = checksum::of_event(sequence, (user, item), (kind, value), time, id.as_deref());
        self.sequences.push(sequence.cast_signed());
        self.users.push(user);
        self.items.push(item);
        self.kinds.push(kind.number().into());
        self.values.push(value);
        self.times.push(time);
        self.ids.push(id.as_deref().map(str::as_bytes));
        self.sums.push(sum.cast_signed());
    }
}
