//! Where the bytes come from: a file or memory, with gzip and zip undone. Told by their magic, not by their name.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use serde::Serialize;
use zip::{CompressionMethod, ZipArchive};

use super::TableError;

const BUFFER_BYTES: usize = 1 << 16;
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// A table that is not opened yet.
#[derive(Clone, Debug)]
pub struct Source {
    place: Place,
    entries: Vec<String>,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// What was undone to get at the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Nothing.
    None,
    /// gzip, of one or more members.
    Gzip,
    /// One entry of a zip archive.
    Zip,
}

/// How far a file is read, in bytes as stored (compressed if it is).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far.
    pub bytes_read: u64,
    /// Bytes there are.
    pub bytes_total: u64,
}

impl Source {
    /// A file, opened when it is read.
    #[must_use]
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self { place: Place::File(path.as_ref().to_path_buf()), entries: Vec::new() }
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self { place: Place::Bytes(bytes.into()), entries: Vec::new() }
    }

    /// Names of the zip entry to read, the first that exists wins: a full entry name, or the last part of one. With
    /// none given or none found, an archive of exactly one file is read.
    #[must_use]
    pub fn entries<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.entries = names.into_iter().map(str::to_owned).collect();
        self
    }

    /// The name by which errors speak of it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.place {
            Place::File(path) => path.display().to_string(),
            Place::Bytes(_) => "the table".to_owned(),
        }
    }

    /// Whether this is a zip archive with an entry of one of the names asked for.
    ///
    /// # Errors
    /// When the file does not open or is a broken archive.
    pub fn has_entry(&self) -> Result<bool, TableError> {
        let name = self.name();
        let (mut raw, _) = self.place.clone().open()?;
        let magic = magic(&mut raw).map_err(|source| TableError::Read { name: name.clone(), bytes: 0, source })?;
        if !is_zip(&magic) {
            return Ok(false);
        }
        let fail = |reason: String| TableError::Zip { name: name.clone(), reason };
        let mut archive = ZipArchive::new(raw).map_err(|error| fail(error.to_string()))?;
        let files = zip_files(&mut archive).map_err(|error| fail(error.to_string()))?;
        Ok(self.entries.iter().any(|want| find_entry(&files, want).is_some()))
    }

    /// Opens the source and undoes compression.
    pub(super) fn open(self) -> Result<ByteStream, TableError> {
        let name = self.name();
        let (mut raw, total) = self.place.open()?;
        let magic = magic(&mut raw).map_err(|source| TableError::Read { name: name.clone(), bytes: 0, source })?;
        let (stream, compression, total) = if magic.starts_with(GZIP_MAGIC) {
            (Stream::Gzip(Box::new(MultiGzDecoder::new(counted(raw, u64::MAX)))), Compression::Gzip, total)
        } else if is_zip(&magic) {
            let (stream, total) = zip_entry(raw, &name, &self.entries)?;
            (stream, Compression::Zip, total)
        } else {
            (Stream::Plain(Counted { inner: raw.take(u64::MAX), count: 0 }), Compression::None, total)
        };
        Ok(ByteStream { stream, name, compression, total })
    }
}

impl Place {
    /// The bytes, and how many there are.
    fn open(self) -> Result<(Raw, u64), TableError> {
        match self {
            Self::File(path) => {
                let open = |source| TableError::Open { path: path.clone(), source };
                let file = File::open(&path).map_err(open)?;
                let metadata = file.metadata().map_err(open)?;
                if metadata.is_dir() {
                    return Err(open(io::ErrorKind::IsADirectory.into()));
                }
                Ok((Raw::File(file), metadata.len()))
            }
            Self::Bytes(bytes) => {
                let total = bytes.len() as u64;
                Ok((Raw::Bytes(Cursor::new(bytes)), total))
            }
        }
    }
}

/// The first bytes, fewer than 4 only of a shorter file; the reader is put back to the start.
fn magic(raw: &mut Raw) -> io::Result<Vec<u8>> {
    let mut magic = [0u8; 4];
    let got = read_full(raw, &mut magic)?;
    raw.seek(SeekFrom::Start(0))?;
    Ok(magic[..got].to_vec())
}

fn is_zip(magic: &[u8]) -> bool {
    magic == b"PK\x03\x04" || magic == b"PK\x05\x06"
}

fn zip_files(archive: &mut ZipArchive<Raw>) -> zip::result::ZipResult<Vec<(String, usize)>> {
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index)?;
        if entry.is_file() {
            files.push((String::from_utf8_lossy(entry.name_raw()).into_owned(), index));
        }
    }
    Ok(files)
}

fn find_entry(files: &[(String, usize)], want: &str) -> Option<usize> {
    let ends = |entry: &str| entry == want || entry.rsplit('/').next() == Some(want);
    files.iter().find(|(entry, _)| ends(entry)).map(|&(_, index)| index)
}

fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
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

fn counted(raw: Raw, length: u64) -> BufReader<Counted> {
    BufReader::with_capacity(BUFFER_BYTES, Counted { inner: raw.take(length), count: 0 })
}

/// Finds the entry, and gives its bytes without borrowing the archive.
fn zip_entry(raw: Raw, name: &str, wanted: &[String]) -> Result<(Stream, u64), TableError> {
    let fail = |reason: String| TableError::Zip { name: name.to_owned(), reason };
    let mut archive = ZipArchive::new(raw).map_err(|error| fail(error.to_string()))?;
    let files = zip_files(&mut archive).map_err(|error| fail(error.to_string()))?;
    let only = if let [(_, index)] = files[..] { Some(index) } else { None };
    let Some(index) = wanted.iter().find_map(|want| find_entry(&files, want)).or(only) else {
        let found = files.into_iter().map(|(entry, _)| entry).take(20).collect();
        return Err(TableError::ZipEntry { name: name.to_owned(), found, wanted: wanted.to_vec() });
    };
    let entry = archive.by_index_raw(index).map_err(|error| fail(error.to_string()))?;
    if entry.encrypted() {
        return Err(fail("the entry is encrypted".to_owned()));
    }
    let (method, length, crc, size) = (entry.compression(), entry.compressed_size(), entry.crc32(), entry.size());
    let start = entry.data_start().ok_or_else(|| fail("the entry has no data".to_owned()))?;
    drop(entry);
    let mut raw = archive.into_inner();
    raw.seek(SeekFrom::Start(start)).map_err(|error| fail(error.to_string()))?;
    let bytes = counted(raw, length);
    let stream = match method {
        CompressionMethod::Stored => Stored::Plain(bytes),
        CompressionMethod::Deflated => Stored::Deflate(DeflateDecoder::new(bytes)),
        other => return Err(fail(format!("compression {other:?}, supported are stored and deflate"))),
    };
    Ok((Stream::Zip(Box::new(Checked { stream, crc, size, hasher: crc32fast::Hasher::new(), read: 0 })), length))
}

/// Text, with how much of the file it took so far.
#[derive(Debug)]
pub(super) struct ByteStream {
    stream: Stream,
    pub(super) name: String,
    pub(super) compression: Compression,
    total: u64,
}

impl ByteStream {
    pub(super) fn progress(&self) -> Progress {
        let bytes_read = match &self.stream {
            Stream::Plain(reader) => reader.count,
            Stream::Gzip(reader) => reader.get_ref().get_ref().count,
            Stream::Zip(reader) => match &reader.stream {
                Stored::Plain(reader) => reader.get_ref().count,
                Stored::Deflate(reader) => reader.get_ref().get_ref().count,
            },
        };
        Progress { bytes_read, bytes_total: self.total }
    }

    /// Fills `buffer` unless the text ends; returns the bytes read.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(reader) => read_full(reader, buffer),
            Stream::Gzip(reader) => read_full(reader, buffer),
            Stream::Zip(reader) => read_full(reader.as_mut(), buffer),
        }
    }
}

#[derive(Debug)]
enum Stream {
    Plain(Counted),
    Gzip(Box<MultiGzDecoder<BufReader<Counted>>>),
    Zip(Box<Checked>),
}

#[derive(Debug)]
enum Stored {
    Plain(BufReader<Counted>),
    Deflate(DeflateDecoder<BufReader<Counted>>),
}

/// A zip entry whose length and checksum are compared with the archive's directory at its end.
#[derive(Debug)]
struct Checked {
    stream: Stored,
    crc: u32,
    size: u64,
    hasher: crc32fast::Hasher,
    read: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = match &mut self.stream {
            Stored::Plain(reader) => reader.read(buffer)?,
            Stored::Deflate(reader) => reader.read(buffer)?,
        };
        self.hasher.update(&buffer[..got]);
        self.read += got as u64;
        if got == 0 && !buffer.is_empty() && (self.read != self.size || self.hasher.clone().finalize() != self.crc) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "zip entry does not match its checksum"));
        }
        Ok(got)
    }
}

#[derive(Debug)]
enum Raw {
    File(File),
    Bytes(Cursor<Vec<u8>>),
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Bytes(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Raw {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Bytes(bytes) => bytes.seek(to),
        }
    }
}

#[derive(Debug)]
struct Counted {
    inner: io::Take<Raw>,
    count: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.count += got as u64;
        Ok(got)
    }
}
