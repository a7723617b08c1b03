//! A table opened: text as a stream of bytes, or typed columns; columns as text for readers that know rows alone.

use std::fmt;
use std::io;

use super::{Compression, Progress, Source, TableError, parts};
use crate::columnar::{ColumnStream, Written};
use crate::source::{Body, Bytes, Content, Counter, Decoded, read_full};

/// A table that is opened: rows of text, or columns with types.
#[derive(Debug)]
pub(crate) enum Opened {
    Text(ByteStream),
    Columns(ColumnStream),
}

/// Opens a source, undoes compression, and finds out whether it is text.
pub(crate) fn open(source: Source) -> Result<Opened, TableError> {
    match source.into_parts() {
        Ok((name, parts)) => parts::open(name, parts),
        Err(source) => {
            let decoded = source.decode()?;
            match (decoded.content, decoded.body) {
                (Content::Text, Body::Stream(bytes)) => {
                    let Decoded { name, compression, counter, total, .. } = decoded;
                    Ok(Opened::Text(ByteStream { bytes, name, compression, counter, total, from_columns: false }))
                }
                (content, body) => ColumnStream::open(Decoded { content, body, ..decoded }).map(Opened::Columns),
            }
        }
    }
}

/// Opens a source as text. Columns become text of commas, with a header.
pub(crate) fn open_text(source: Source) -> Result<ByteStream, TableError> {
    match open(source)? {
        Opened::Text(text) => Ok(text),
        Opened::Columns(columns) => Ok(as_text(columns)),
    }
}

/// Columns as text of commas, with a header.
pub(crate) fn as_text(columns: ColumnStream) -> ByteStream {
    ByteStream {
        name: columns.name().to_owned(),
        compression: columns.compression(),
        counter: columns.counter(),
        total: columns.progress().bytes_total,
        bytes: Box::new(Written::new(columns)),
        from_columns: true,
    }
}

/// Text, with how much of the file it took so far.
pub(crate) struct ByteStream {
    pub(super) bytes: Bytes,
    pub(super) name: String,
    pub(super) compression: Compression,
    pub(super) counter: Counter,
    pub(super) total: u64,
    /// Text that was written here from columns: separated by commas, with a header.
    pub(super) from_columns: bool,
}

impl ByteStream {
    pub(super) fn progress(&self) -> Progress {
        Progress { bytes_read: self.counter.get(), bytes_total: self.total }
    }

    /// Fills `buffer` unless the text ends; returns the bytes read.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_full(&mut self.bytes, buffer)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, compression, total, .. } = self;
        f.debug_struct("ByteStream")
            .field("name", name)
            .field("compression", compression)
            .field("total", total)
            .finish()
    }
}
