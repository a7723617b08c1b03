//! Why a file is not a table of text.

use std::path::PathBuf;

/// The formats that this build reads.
const FORMATS: &str = if cfg!(feature = "parquet") {
    "delimited text, JSON lines, Parquet or Arrow IPC"
} else {
    "delimited text or JSON lines"
};

/// A fault of the file as a whole; faults of single rows are counted, not raised.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file does not open.
    #[error("{} does not open: {source}", path.display())]
    Open {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes end early, do not decompress, or do not come.
    #[error("{name} breaks off after {bytes} bytes of text: {source}")]
    Read {
        /// What was read.
        name: String,
        /// Bytes of text that came before.
        bytes: u64,
        /// What the reader said.
        source: std::io::Error,
    },
    /// The text is UTF-16.
    #[error("{name} is UTF-16 ({order}-endian), expected UTF-8 or latin-1; save it as UTF-8")]
    Utf16 {
        /// What was read.
        name: String,
        /// `little` or `big`.
        order: &'static str,
    },
    /// A format that is known, and not read.
    #[error("{name} is {found}, expected {FORMATS}; {advice}")]
    Refused {
        /// What was read.
        name: String,
        /// The format, with its article.
        found: String,
        /// What to do.
        advice: String,
    },
    /// Columns that do not decode, or a file of them that ends early.
    #[error("{name} is {format} that breaks off after {rows} rows: {reason}")]
    Columns {
        /// What was read.
        name: String,
        /// `a Parquet file` and the like.
        format: &'static str,
        /// Rows that came before.
        rows: u64,
        /// What the decoder said.
        reason: String,
    },
    /// Files that are read as one table do not belong together.
    #[error("{name} does not continue {first}: {reason}; give files of one table, or one of the files alone")]
    Parts {
        /// The file that differs.
        name: String,
        /// The first file.
        first: String,
        /// In what it differs.
        reason: String,
    },
    /// The zip archive is broken or uses what is not supported.
    #[error("{name} is a zip archive that cannot be read: {reason}")]
    Zip {
        /// What was read.
        name: String,
        /// Why.
        reason: String,
    },
    /// The zip archive has no entry that is asked for.
    #[error("{name} holds {found:?}, expected one file, or one of {wanted:?}")]
    ZipEntry {
        /// What was read.
        name: String,
        /// Entries found, at most the first 20.
        found: Vec<String>,
        /// Entry names looked for.
        wanted: Vec<String>,
    },
    /// Two readings are equally good.
    #[error("{name} can be read in two ways: {}; or {}. Say which, by {}", undecided.one, undecided.other, undecided.flags)]
    Undecided {
        /// What was read.
        name: String,
        /// The two readings.
        undecided: Undecided,
    },
}

/// Two readings of one file, and what picks one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// What is not decided: `header`, `columns`, `decimal`, `table`, `separator`.
    pub what: &'static str,
    /// The one reading.
    pub one: String,
    /// The other.
    pub other: String,
    /// Flags that pick one.
    pub flags: String,
}
