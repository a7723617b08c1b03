//! A store in one SQLite file: write-ahead log, synced at every commit.

mod errors;
mod import;
mod read;
mod reader;
mod schema;
mod write;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foretaste_data::dataset::Dataset;
use foretaste_files::PrivateFolder;

use crate::error::{Place, StoreError};
use crate::event::{Appended, Event, NewEvent};
use crate::kind::EventKind;
use crate::store::{About, Fault, Imported, Progress, Store};
pub use reader::SqliteReader;
use write::Writer;

/// The file.
const FILE: &str = "store.sqlite";
/// Held by the process that writes.
const LOCK: &str = "store.lock";

/// A store in a folder of its own, which one process at a time has open.
#[derive(Debug)]
pub struct SqliteStore {
    reader: SqliteReader,
    writer: Mutex<Writer>,
    /// The last sequence number that is durable.
    sequence: AtomicU64,
    /// Tells other processes that the folder is taken, until it is closed.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in a folder, and makes both where they are missing.
    ///
    /// # Errors
    /// Another process has it open, which is named; the file is no store, or a later foretaste wrote it; the folder is not
    /// private or cannot be used.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let refused = |source| StoreError::Folder { path: folder.to_owned(), source };
        let private = PrivateFolder::create(folder).map_err(refused)?;
        let lock = locked(&private, folder)?;
        let path = private.path().join(FILE);
        // It is for its owner alone from its first instant; so are the files beside it, which take its mode.
        drop(private.append(FILE).map_err(refused)?);
        let connection = schema::open(&path)?;
        let writer = Writer::new(connection)?;
        let sequence = AtomicU64::new(writer.last());
        Ok(Self { reader: SqliteReader::at(path), writer: Mutex::new(writer), sequence, _lock: lock })
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> Place {
        let path = self.reader.path();
        path.parent().unwrap_or(path).into()
    }
}

/// The lock of a folder, with the process that holds it written down.
fn locked(private: &PrivateFolder, folder: &Path) -> Result<File, StoreError> {
    let refused = |source| StoreError::Folder { path: folder.to_owned(), source };
    match private.lock(LOCK).map_err(refused)? {
        Some(mut lock) => {
            lock.set_len(0).and_then(|()| write!(lock, "process {}", std::process::id())).map_err(refused)?;
            Ok(lock)
        }
        None => {
            let mut holder = String::new();
            if let Some(mut file) = private.read(LOCK).map_err(refused)? {
                file.read_to_string(&mut holder).map_err(refused)?;
            }
            let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
            Err(StoreError::InUse { place: folder.into(), holder })
        }
    }
}

impl Store for SqliteStore {
    fn place(&self) -> Place {
        let file = self.reader.path();
        file.parent().unwrap_or(file).into()
    }

    fn about(&self) -> Result<Option<About>, StoreError> {
        self.reader.about()
    }

    fn import(&self, source: &str, data: &Dataset, progress: &mut Progress<'_>) -> Result<Imported, StoreError> {
        let mut writer = self.writer();
        let imported = import::import(&mut writer, &self.place(), source, data, progress);
        self.sequence.store(writer.last(), Ordering::Release);
        imported
    }

    fn append(&self, events: &[NewEvent]) -> Result<Vec<Appended>, StoreError> {
        let mut writer = self.writer();
        let appended = writer.append(events)?;
        self.sequence.store(writer.last(), Ordering::Release);
        Ok(appended)
    }

    fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    fn since(&self, after: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
        self.reader.since(after, each)
    }

    fn of_kinds(&self, kinds: &[EventKind], until: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
        read::of_kinds(&self.reader.connection()?, kinds, until, each)
    }

    fn snapshot(&self, until: u64, is_cancelled: &dyn Fn() -> bool) -> Result<Dataset, StoreError> {
        read::snapshot(&mut self.reader.connection()?, until, is_cancelled)
    }

    fn check(&self) -> Result<Vec<Fault>, StoreError> {
        self.reader.check()
    }
}
