//! A store that is only looked at, also while a service writes to it.

use std::fs::File;
use std::path::{Path, PathBuf};

use foretaste_files::PrivateFolder;
use rusqlite::{Connection, OpenFlags, params};

use super::{FILE, read, schema};
use crate::error::StoreError;
use crate::event::Event;
use crate::store::{About, Fault};

/// The store in a folder, read beside the process that has it open, if one has. It sees what is durable.
#[derive(Debug)]
pub struct SqliteReader {
    path: PathBuf,
}

impl SqliteReader {
    /// Looks at the store in a folder.
    ///
    /// # Errors
    /// There is none, or a later foretaste wrote it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        if !path.is_file() {
            return Err(StoreError::NoStore { place: folder.into() });
        }
        let reader = Self { path };
        schema::known_format(&reader.connection()?, &reader.path)?;
        Ok(reader)
    }

    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection that reads as of the moment of each statement, or of a transaction.
    pub(super) fn connection(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Connection::open_with_flags(&self.path, flags)?)
    }

    /// What the store is of; `None` before an import is done.
    ///
    /// # Errors
    /// It cannot be read or is damaged.
    pub fn about(&self) -> Result<Option<About>, StoreError> {
        read::about(&self.connection()?)
    }

    /// Gives the events after a sequence number, in their order.
    ///
    /// # Errors
    /// The store cannot be read or is damaged.
    pub fn since(&self, after: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
        read::since(&self.connection()?, after, each)
    }

    /// Reads everything and names what is not as it was written.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn check(&self) -> Result<Vec<Fault>, StoreError> {
        read::check(&self.connection()?)
    }

    /// Copies the store as of one moment into a folder that is not there or empty; the copy is durable when this returns.
    ///
    /// # Errors
    /// There is something in the folder, or the copy cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let refused = |source| StoreError::Folder { path: to.to_owned(), source };
        let private = PrivateFolder::create(to).map_err(refused)?;
        if std::fs::read_dir(to).map_err(refused)?.next().is_some() {
            let taken = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it is not empty");
            return Err(refused(taken));
        }
        // For its owner alone before there is anything in it.
        drop(private.append(FILE).map_err(refused)?);
        let path = to.join(FILE);
        let copied = self.connection()?.execute("VACUUM INTO ?1", params![path.to_string_lossy()]);
        let copied = copied.map_err(StoreError::from).and_then(|_| {
            let synced = File::open(&path).and_then(|file| file.sync_all()).and_then(|()| File::open(to)?.sync_all());
            synced.map_err(refused)
        });
        if copied.is_err() {
            // Half a copy is none.
            let _ = private.remove(FILE);
        }
        copied
    }
}
