//! Events, written in one transaction.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, Row, Transaction, TransactionBehavior, params};

use crate::checksum;
use crate::error::StoreError;
use crate::event::{Appended, NewEvent};

/// Ids whose numbers are remembered; beyond them all are forgotten.
const REMEMBERED: usize = 1 << 20;

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    last: u64,
    users: Numbers,
    items: Numbers,
}

/// The numbers of ids, as far as they are remembered.
#[derive(Debug)]
struct Numbers {
    find: &'static str,
    next: &'static str,
    add: &'static str,
    known: HashMap<String, i64>,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Result<Self, StoreError> {
        let last: i64 = connection.query_row("SELECT coalesce(max(sequence), 0) FROM events", [], |row| row.get(0))?;
        let users = Numbers {
            find: "SELECT number, listed, properties, checksum FROM users WHERE id = ?1",
            next: "SELECT coalesce(max(number), 0) + 1 FROM users",
            add: "INSERT INTO users (number, id, listed, checksum) VALUES (?1, ?2, 0, ?3)",
            known: HashMap::new(),
        };
        let items = Numbers {
            find: "SELECT number, listed, properties, checksum FROM items WHERE id = ?1",
            next: "SELECT coalesce(max(number), 0) + 1 FROM items",
            add: "INSERT INTO items (number, id, listed, checksum) VALUES (?1, ?2, 0, ?3)",
            known: HashMap::new(),
        };
        Ok(Self { connection, last: last.cast_unsigned(), users, items })
    }

    /// The highest sequence number.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Writes events, all or none, and returns when they are durable.
    pub(super) fn append(&mut self, events: &[NewEvent]) -> Result<Vec<Appended>, StoreError> {
        let change = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let numbers = (&mut self.users, &mut self.items);
        let appended = add_all(&change, numbers, self.last, events).and_then(|appended| {
            change.commit()?;
            Ok(appended)
        });
        match appended {
            Ok(appended) => {
                let new = appended.iter().filter(|appended| matches!(appended, Appended::New(_))).count();
                self.last += new as u64;
                Ok(appended)
            }
            Err(error) => {
                // Numbers that were given out in it are gone with it.
                self.users.known.clear();
                self.items.known.clear();
                Err(error)
            }
        }
    }

    /// Says that events up to this one were written in another way.
    pub(super) fn set_last(&mut self, last: u64) {
        self.last = last;
    }
}

fn add_all(
    change: &Transaction<'_>,
    (users, items): (&mut Numbers, &mut Numbers),
    last: u64,
    events: &[NewEvent],
) -> Result<Vec<Appended>, StoreError> {
    let mut add = change.prepare_cached(ADD)?;
    let mut appended = Vec::with_capacity(events.len());
    let mut next = last + 1;
    for event in events {
        let numbers = (users.of(change, &event.user)?, items.of(change, &event.item)?);
        let is_new = add_event(&mut add, next, numbers, event)?;
        appended.push(if is_new { Appended::New(next) } else { Appended::Known });
        next += u64::from(is_new);
    }
    Ok(appended)
}

/// Adds an event, unless one of its name is there.
pub(super) const ADD: &str = "INSERT INTO events (sequence, user, item, kind, value, time, id, checksum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) WHERE id IS NOT NULL DO NOTHING";

/// Whether the event was not there before.
pub(super) fn add_event(
    add: &mut CachedStatement<'_>,
    sequence: u64,
    (user, item): (i64, i64),
    event: &NewEvent,
) -> Result<bool, StoreError> {
    let NewEvent { kind, value, time, ref id, .. } = *event;
    let sum = checksum::of_event(sequence, (user, item), (kind, value), time, id.as_deref());
    let sequence = sequence.cast_signed();
    let changed = add.execute(params![sequence, user, item, kind.number(), f64::from(value), time, id, sum])?;
    Ok(changed == 1)
}

impl Numbers {
    fn of(&mut self, change: &Transaction<'_>, id: &str) -> Result<i64, StoreError> {
        if let Some(&number) = self.known.get(id) {
            return Ok(number);
        }
        let mut find = change.prepare_cached(self.find)?;
        let found = find.query(params![id])?.next()?.map(|row| number_of(row, id)).transpose()?;
        let number = match found {
            Some(number) => number,
            None => {
                let number = change.prepare_cached(self.next)?.query_row([], |row| row.get(0))?;
                let sum = checksum::of_id(number, id, false, None);
                change.prepare_cached(self.add)?.execute(params![number, id, sum])?;
                number
            }
        };
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(id.to_owned(), number);
        Ok(number)
    }
}

/// The number of an id, as it was written.
fn number_of(row: &Row<'_>, id: &str) -> Result<i64, StoreError> {
    let (number, listed, properties): (i64, bool, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    if checksum::of_id(number, id, listed, properties.as_deref()) == row.get::<_, u32>(3)? {
        return Ok(number);
    }
    Err(StoreError::Damaged(format!("what is known of `{id}` is not as it was written")))
}
