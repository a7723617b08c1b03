//! Delimited text as a stream of rows: compression, encoding, separators, quoting. Knows no meaning of a column.
//!
//! ```text
//! Source ──open──> ByteStream ──chunks──> Lines ──records──> Fields
//!  file, bytes      gzip, zip undone       one row a time     separators, quotes undone
//! ```
//!
//! Memory is bounded by one chunk and [`MAX_LINE_BYTES`], whatever the file holds.

mod decode;
mod error;
mod fields;
mod lines;
mod sniff;
mod source;

pub use decode::{Decoder, Encoding};
pub use error::TableError;
pub use fields::Fields;
pub use lines::{Lines, Record};
pub use sniff::{Format, Separator};
pub use source::{Compression, Progress, Source};

/// Longest line, and longest quoted row over several lines, in bytes; a longer one is one rejected row.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// How many bytes are asked of the file at a time.
pub const CHUNK_BYTES: usize = 1 << 18;
