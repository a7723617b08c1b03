//! A store in a schema of a Postgres database, which several machines can read, and one process at a time writes.

mod errors;
mod import;
mod lock;
mod numbers;
mod read;
mod schema;
mod server;
mod write;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foretaste_data::dataset::Dataset;

use crate::error::{Place, StoreError};
use crate::event::{Appended, Event, NewEvent};
use crate::kind::EventKind;
use crate::store::{About, Fault, Imported, Progress, Store};
use server::Server;
use write::Writer;

/// A store in the schema `foretaste` of a database, to which one process at a time writes: it holds an advisory lock of the
/// database as long as it is connected.
///
/// A connection that was lost is made again by what needs it next. Where it is lost while events are written, it is not known
/// whether they are there: [`StoreError::Away`], and those that have ids can be sent again.
#[derive(Debug)]
pub struct PostgresStore {
    server: Server,
    writer: Mutex<Writer>,
    /// The last sequence number that is known to be durable.
    sequence: AtomicU64,
}

impl PostgresStore {
    /// Opens the store of a database, `postgres://user:password@host:port/database`, or with the folder of a Unix socket
    /// `postgres:///database?host=/run/postgresql`, and makes its tables where they are missing. There is no TLS yet. A pooler
    /// in between must give a session a connection of its own.
    ///
    /// # Errors
    /// The server cannot be reached, or would acknowledge what is not durable; another process writes to the store, which is
    /// named; the schema is no store, or a later foretaste wrote it.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let server = Server::at(url)?;
        let writer = Writer::open(&server)?;
        let sequence = AtomicU64::new(writer.last());
        Ok(Self { server, writer: Mutex::new(writer), sequence })
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for PostgresStore {
    fn place(&self) -> Place {
        self.server.place().clone()
    }

    fn about(&self) -> Result<Option<About>, StoreError> {
        read::about(&mut self.server.reading()?)
    }

    fn import(&self, source: &str, data: &Dataset, progress: &mut Progress<'_>) -> Result<Imported, StoreError> {
        let mut writer = self.writer();
        let imported = import::import(&mut writer, &self.server, source, data, progress);
        writer.recount();
        self.sequence.store(writer.last(), Ordering::Release);
        imported
    }

    fn append(&self, events: &[NewEvent]) -> Result<Vec<Appended>, StoreError> {
        let mut writer = self.writer();
        let appended = writer.append(events);
        self.sequence.store(writer.last(), Ordering::Release);
        appended
    }

    fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    fn since(&self, after: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
        read::since(&mut self.server.reading()?, after, each)
    }

    fn of_kinds(&self, kinds: &[EventKind], until: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
        read::of_kinds(&mut self.server.reading()?, kinds, until, each)
    }

    fn snapshot(&self, until: u64, is_cancelled: &dyn Fn() -> bool) -> Result<Dataset, StoreError> {
        read::snapshot(&mut self.server.reading()?, until, is_cancelled)
    }

    fn check(&self) -> Result<Vec<Fault>, StoreError> {
        read::check(&mut self.server.reading()?)
    }
}
