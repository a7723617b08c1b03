//! Bytes as they are stored, counted, and the text they become.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const BUFFER_BYTES: usize = 1 << 16;

/// How far a file is read, in bytes as stored (compressed if it is).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far.
    pub bytes_read: u64,
    /// Bytes there are; 0 where nobody knows, such as of a pipe.
    pub bytes_total: u64,
}

/// How far the stored bytes are read; shared by the reader and who reports it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<AtomicU64>);

impl Counter {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// Stored bytes that can be read from any place.
pub(crate) struct Raw {
    place: Seekable,
    counter: Counter,
    read: u64,
}

enum Seekable {
    File(File),
    Bytes(Cursor<bytes::Bytes>),
}

impl Raw {
    pub(super) fn file(file: File) -> Self {
        Self { place: Seekable::File(file), counter: Counter::default(), read: 0 }
    }

    pub(super) fn bytes(bytes: bytes::Bytes) -> Self {
        Self { place: Seekable::Bytes(Cursor::new(bytes)), counter: Counter::default(), read: 0 }
    }

    /// Where it counts.
    pub(crate) fn counter(&self) -> Counter {
        self.counter.clone()
    }

    /// Counts from here on.
    pub(super) fn count_anew(&mut self) {
        self.read = 0;
        self.counter.set(0);
    }

    /// The file itself, at its start; `Err` are the bytes.
    #[cfg(feature = "parquet")]
    pub(crate) fn into_file(self) -> Result<File, bytes::Bytes> {
        match self.place {
            Seekable::File(file) => Ok(file),
            Seekable::Bytes(bytes) => Err(bytes.into_inner()),
        }
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = match &mut self.place {
            Seekable::File(file) => file.read(buffer),
            Seekable::Bytes(bytes) => bytes.read(buffer),
        }?;
        self.read += got as u64;
        self.counter.set(self.read);
        Ok(got)
    }
}

impl Seek for Raw {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.place {
            Seekable::File(file) => file.seek(to),
            Seekable::Bytes(bytes) => bytes.seek(to),
        }
    }
}

/// A stream that can be read once, counted.
pub(super) struct Counted<R> {
    inner: R,
    read: u64,
    counter: Counter,
}

impl<R> Counted<R> {
    pub(super) fn new(inner: R, counter: Counter) -> Self {
        Self { inner, read: 0, counter }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.read += got as u64;
        self.counter.set(self.read);
        Ok(got)
    }
}

pub(super) fn buffered<R: Read>(reader: R) -> BufReader<R> {
    BufReader::with_capacity(BUFFER_BYTES, reader)
}

/// Fills `buffer` unless the stream ends; returns the bytes read.
pub(crate) fn read_full(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match reader.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}
