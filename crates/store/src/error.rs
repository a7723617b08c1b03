//! What can go wrong with a store.

use std::fmt::{Display, Formatter, Result as Written};
use std::io;
use std::path::{Path, PathBuf};

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of the file system, or a file in it.
    Path(PathBuf),
    /// A database of a server, as `host:port/database`; without user and password.
    Database(String),
}

impl Place {
    /// How something else gets a place of its own.
    fn apart(&self, other: &str) -> String {
        match self {
            Self::Path(_) => format!("`--data-dir` gives {other} a folder of its own"),
            Self::Database(_) => format!("give {other} a database of its own"),
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl Display for Place {
    fn fmt(&self, out: &mut Formatter<'_>) -> Written {
        match self {
            Self::Path(path) => path.display().fmt(out),
            Self::Database(name) => write!(out, "schema `foretaste` of {name}"),
        }
    }
}

/// Why a store did not do what it was asked for. Unless a variant says otherwise, nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be used.
    #[error("cannot use the store in {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another process writes to it.
    #[error("the store in {place} is in use by {holder}; {}", place.apart("a second service"))]
    InUse {
        /// The folder or the database.
        place: Place,
        /// The process, as `process 123`.
        holder: String,
    },
    /// What is there is no store.
    #[error("{place} is no store of foretaste")]
    NoStore {
        /// The file or the database.
        place: Place,
    },
    /// It was written by a later foretaste.
    #[error(
        "{place} is a store of format {found}, this foretaste knows formats up to {known}; use the foretaste that wrote it, or a later one"
    )]
    Newer {
        /// The file or the database.
        place: Place,
        /// Its format.
        found: i64,
        /// The newest format that is known here.
        known: i64,
    },
    /// It holds the data of another source.
    #[error("the store in {place} holds {found}, not {asked}; {}", place.apart(asked))]
    OtherSource {
        /// The folder or the database.
        place: Place,
        /// The source that it holds.
        found: String,
        /// The source that was asked for.
        asked: String,
    },
    /// What is to hold it is not fit for that, or the URL says nothing that can be connected to.
    #[error("the store cannot be used: {0}")]
    Unusable(String),
    /// Its server cannot be reached, or takes nothing at the moment. What was to be written may be there or not: events that
    /// have ids can be sent again.
    #[error("the store cannot be reached now: {0}; send it again, with the same event ids")]
    Away(String),
    /// The disk is full.
    #[error("the disk of the store is full: nothing was written; free some space and send it again")]
    Full,
    /// The system could not write, or not say that it did. What was to be written may be there or not.
    #[error("the store cannot be written: {0}")]
    Failed(String),
    /// What is read is not what was written.
    #[error("the store is damaged: {0}; `foretaste fsck` names all that is")]
    Damaged(String),
    /// The reading was broken off.
    #[error("reading the store was broken off")]
    Stopped,
}
