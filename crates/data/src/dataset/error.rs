//! Why a path gives no data set.

use std::path::PathBuf;

use crate::interactions::ReadError;

/// A fault of the data set as a whole.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of it cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The path does not exist or cannot be looked at.
    #[error("{} cannot be read: {source}", path.display())]
    Path {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The type of a property is stated, but there is no file that could have it.
    #[error("property `{property}` is declared, but there is no file of {what}; {flag} FILE names one")]
    NoTable {
        /// Name of the first property.
        property: String,
        /// `items` or `users`.
        what: &'static str,
        /// The flag that names a file.
        flag: &'static str,
    },
    /// A folder with several files that could be the interactions.
    #[error(
        "folder {} holds several tables: {}; give the one that holds the interactions as DATA, and one that describes the \
         items with --items", path.display(), found.join(", ")
    )]
    Several {
        /// The folder.
        path: PathBuf,
        /// Their names.
        found: Vec<String>,
    },
    /// A folder without a table.
    #[error("folder {} holds no table, expected one file of a table, or files whose names differ in numbers alone", path.display())]
    NoTableIn {
        /// The folder.
        path: PathBuf,
    },
    /// A folder without a ratings file.
    #[error("folder {} holds no ratings, looked for {}", path.display(), wanted.join(", "))]
    Layout {
        /// The folder.
        path: PathBuf,
        /// File names looked for.
        wanted: Vec<String>,
    },
}
