//! Delimited text as a stream of rows: compression, encoding, separators, quoting. Knows no meaning of a column.
//!
//! ```text
//! Source ──open──> ByteStream ──chunks──> Lines ──records──> Fields
//!  file, bytes      gzip, zip undone       one row a time     separators, quotes undone
//!                                            │
//!                                            └──sample──> Dialect: how the table is written, with evidence
//! ```
//!
//! Memory is bounded by one chunk and [`MAX_LINE_BYTES`], whatever the file holds.

mod decode;
mod dialect;
mod error;
mod fields;
mod format;
mod lines;
mod source;

pub use decode::{Decoder, Encoding};
pub(crate) use dialect::is_missing;
pub use dialect::{Asked, Decimal, Dialect, Kind, Sketch, Undecided};
pub use error::TableError;
pub use fields::Fields;
pub use format::{Format, Quote, Separator};
pub use lines::{Lines, Record};
pub use source::{Compression, Progress, Source};

/// Longest line, and longest quoted row over several lines, in bytes; a longer one is one rejected row.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// How many bytes are asked of the file at a time.
pub const CHUNK_BYTES: usize = 1 << 18;
