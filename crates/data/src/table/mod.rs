//! Delimited text as a stream of rows: compression, encoding, separators, quoting. Knows no meaning of a column.
//!
//! ```text
//! Source ──open──> ByteStream ──chunks──> Lines ──records──> Fields
//!  files, bytes,     compression undone,   one row a time     separators, quotes undone
//!  a pipe            format told by the      │
//!                    first bytes             └──sample──> Dialect: how the table is written, with evidence
//! ```
//!
//! What is no text (Parquet, Arrow IPC, JSON lines) is read by [`columnar`](crate::columnar), and shown here as text of
//! commas to readers that know rows alone.
//!
//! Memory is bounded by one chunk and [`MAX_LINE_BYTES`], whatever the file holds.

mod decode;
mod dialect;
mod fields;
mod format;
mod lines;
mod parts;
mod stream;

pub use decode::{Decoder, Encoding};
pub use dialect::{Asked, Decimal, Dialect, Kind, Sketch, Surplus};
pub(crate) use dialect::{ends_in_fractions, is_missing, unnamed};
pub use fields::Fields;
pub use format::{Format, Quote, Separator};
pub use lines::{Lines, Record};
pub(crate) use stream::{ByteStream, Opened, as_text, open, open_text};

pub use crate::source::{Compression, MAX_LINE_BYTES, Progress, Source, TableError, Undecided};

/// How many bytes are asked of the file at a time.
pub const CHUNK_BYTES: usize = 1 << 18;
