//! What can go wrong with a store.

use std::io;
use std::path::PathBuf;

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
    #[error("the store in {} is in use by {holder}; `--data-dir` gives a second service a folder of its own", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process, as `process 123`.
        holder: String,
    },
    /// The file is no store.
    #[error("{} is no store of foretaste", path.display())]
    NoStore {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a later foretaste.
    #[error("{} is a store of format {found}, this foretaste knows formats up to {known}; use the foretaste that wrote it, or a later one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that is known here.
        known: i64,
    },
    /// It holds the data of another source.
    #[error("the store in {} holds {found}, not {asked}; `--data-dir` gives {asked} a folder of its own", path.display())]
    OtherSource {
        /// The folder.
        path: PathBuf,
        /// The source that it holds.
        found: String,
        /// The source that was asked for.
        asked: String,
    },
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
