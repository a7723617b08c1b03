//! Where the bytes come from: files, memory or a pipe, with compression undone and the format told by its first bytes.

mod archive;
mod compression;
mod content;
mod error;
mod sparse;
mod stream;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes as Memory;

pub(crate) use archive::is_litter;
pub(crate) use compression::Bytes;
pub use compression::Compression;
pub(crate) use content::Content;
use content::{HEAD_BYTES, Refusal};
pub use error::{TableError, Undecided};
use stream::Counted;
pub use stream::Progress;
pub(crate) use stream::{Counter, Raw, read_full};

/// Longest line, and longest quoted row over several lines, in bytes; a longer one is one rejected row.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Most layers of compression that are undone, such as gzip in a zip archive.
const MOST_LAYERS: usize = 3;

/// A table that is not opened yet.
#[derive(Clone, Debug)]
pub struct Source {
    place: Place,
    entries: Vec<String>,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Bytes(Memory),
    Stdin,
    Parts(String, Vec<Source>),
}

/// A table that is opened, its compression undone.
pub(crate) struct Decoded {
    pub(crate) name: String,
    /// What it is; never refused, nor UTF-16.
    pub(crate) content: Content,
    pub(crate) body: Body,
    /// The outermost compression.
    pub(crate) compression: Compression,
    /// How many stored bytes are read.
    pub(crate) counter: Counter,
    /// How many stored bytes there are; 0 where nobody knows.
    pub(crate) total: u64,
}

/// The bytes of a table.
pub(crate) enum Body {
    /// To be read once, from the start.
    Stream(Bytes),
    /// To be read at any place, of formats with a directory at their end.
    Whole(#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "only typed formats are read whole"))] Raw),
}

impl Source {
    /// A file, opened when it is read; `-` is the standard input.
    #[must_use]
    pub fn file(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let place = if path.as_os_str() == "-" { Place::Stdin } else { Place::File(path.to_path_buf()) };
        Self { place, entries: Vec::new() }
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self { place: Place::Bytes(bytes.into().into()), entries: Vec::new() }
    }

    /// Files of one table, read one after the other as if they were one file of that name. They have the same columns
    /// in the same order, and the same header if the first has one; or the first alone has one.
    #[must_use]
    pub fn parts(name: impl Into<String>, parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part.into_parts() {
            Ok((_, parts)) => parts,
            Err(part) => vec![part],
        });
        Self { place: Place::Parts(name.into(), flat.collect()), entries: Vec::new() }
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
            Place::Stdin => "the standard input".to_owned(),
            Place::Parts(name, _) => name.clone(),
        }
    }

    /// Whether it can be read a second time, and gives the same bytes unless somebody changed them: pipes cannot.
    #[must_use]
    pub fn rereadable(&self) -> bool {
        match &self.place {
            Place::File(path) => std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()),
            Place::Bytes(_) => true,
            Place::Stdin => false,
            Place::Parts(_, parts) => parts.iter().all(Self::rereadable),
        }
    }

    /// Whether it is a pipe, as far as the file system says.
    pub(crate) fn is_pipe(&self) -> bool {
        match &self.place {
            Place::File(path) => std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()),
            Place::Stdin => true,
            Place::Bytes(_) | Place::Parts(..) => false,
        }
    }

    /// Names of the files in it if it is a zip archive that can be read twice, without what systems leave in archives.
    ///
    /// # Errors
    /// When the file does not open or is a broken archive.
    pub fn archived(&self) -> Result<Option<Vec<String>>, TableError> {
        if !self.rereadable() || matches!(self.place, Place::Parts(..)) {
            return Ok(None);
        }
        let name = self.name();
        let Stored::Seekable(mut raw, _) = self.place.clone().open()? else { return Ok(None) };
        let head = head_of(&mut raw, 4, &name)?;
        if archive::is_zip(&head) { archive::list(raw, &name).map(Some) } else { Ok(None) }
    }

    /// The name and the files of a table of several; `Err` is one of a single file.
    pub(crate) fn into_parts(self) -> Result<(String, Vec<Self>), Self> {
        let Place::Parts(name, parts) = self.place else { return Err(self) };
        let entries = self.entries;
        let part = |part: Self| if part.entries.is_empty() { Self { entries: entries.clone(), ..part } } else { part };
        Ok((name, parts.into_iter().map(part).collect()))
    }

    /// Opens the source, undoes compression, and finds out what it is.
    pub(crate) fn decode(self) -> Result<Decoded, TableError> {
        let name = self.name();
        match self.place.open()? {
            Stored::Seekable(raw, total) => open_seekable(raw, total, name, &self.entries),
            Stored::Once(bytes, counter) => open_once(bytes, counter, name, &self.entries),
        }
    }
}

/// Bytes as they are stored.
enum Stored {
    /// From any place, and how many.
    Seekable(Raw, u64),
    /// Once, from the start.
    Once(Bytes, Counter),
}

impl Place {
    fn open(self) -> Result<Stored, TableError> {
        match self {
            Self::File(path) => {
                let open = |source| TableError::Open { path: path.clone(), source };
                let file = File::open(&path).map_err(open)?;
                let metadata = file.metadata().map_err(open)?;
                if metadata.is_dir() {
                    return Err(open(io::ErrorKind::IsADirectory.into()));
                }
                if metadata.is_file() {
                    return Ok(Stored::Seekable(Raw::file(file), metadata.len()));
                }
                Ok(once(file))
            }
            Self::Bytes(bytes) => {
                let total = bytes.len() as u64;
                Ok(Stored::Seekable(Raw::bytes(bytes), total))
            }
            Self::Stdin | Self::Parts(..) => Ok(once(io::stdin())),
        }
    }
}

fn once(reader: impl Read + Send + 'static) -> Stored {
    let counter = Counter::default();
    Stored::Once(Box::new(Counted::new(reader, counter.clone())), counter)
}

/// The first bytes; the reader is put back to the start.
fn head_of(raw: &mut Raw, length: usize, name: &str) -> Result<Vec<u8>, TableError> {
    let read = |source| TableError::Read { name: name.to_owned(), bytes: 0, source };
    let head = head(raw, length).map_err(read)?;
    raw.seek(SeekFrom::Start(0)).map_err(read)?;
    raw.count_anew();
    Ok(head)
}

/// Up to `length` bytes, fewer only at the end of the stream.
fn head(reader: &mut dyn Read, length: usize) -> io::Result<Vec<u8>> {
    let mut head = vec![0; length];
    let got = read_full(reader, &mut head)?;
    head.truncate(got);
    Ok(head)
}

fn open_seekable(mut raw: Raw, total: u64, name: String, entries: &[String]) -> Result<Decoded, TableError> {
    let counter = raw.counter();
    let head = head_of(&mut raw, HEAD_BYTES, &name)?;
    if archive::is_zip(&head) {
        let (bytes, total) = archive::entry(raw, &name, entries)?;
        return Layers { compression: Compression::Zip, counter, total, name }.open(bytes, 1);
    }
    if let Some(compression) = Compression::of(&head) {
        let bytes = compression.undo(Box::new(raw));
        return Layers { compression, counter, total, name }.open(bytes, 1);
    }
    let layers = Layers { compression: Compression::None, counter, total, name };
    match Content::of(&head, head.len() < HEAD_BYTES) {
        content @ (Content::Parquet | Content::ArrowFile) => Ok(layers.decoded(content, Body::Whole(raw))),
        content => layers.content(content, Box::new(raw)),
    }
}

fn open_once(mut bytes: Bytes, counter: Counter, name: String, entries: &[String]) -> Result<Decoded, TableError> {
    let read = |source| TableError::Read { name: name.clone(), bytes: 0, source };
    let head = head(&mut bytes, HEAD_BYTES).map_err(read)?;
    let compression = Compression::of(&head);
    let content = Content::of(&head, head.len() < HEAD_BYTES);
    let from_start = Box::new(Cursor::new(head.clone()).chain(bytes));
    if archive::is_zip(&head) || (compression.is_none() && matches!(content, Content::Parquet | Content::ArrowFile)) {
        // Their directory stands at the end, so they are held as a whole.
        let bytes = gather(from_start).map_err(read)?;
        let total = bytes.len() as u64;
        return open_seekable(Raw::bytes(bytes), total, name, entries);
    }
    let layers = Layers { compression: compression.unwrap_or(Compression::None), counter, total: 0, name };
    match compression {
        Some(compression) => layers.open(compression.undo(from_start), 1),
        None => layers.content(content, from_start),
    }
}

fn gather(mut bytes: Bytes) -> io::Result<Memory> {
    let mut all = Vec::new();
    bytes.read_to_end(&mut all)?;
    Ok(all.into())
}

/// What was undone so far, for who reports it.
struct Layers {
    compression: Compression,
    counter: Counter,
    total: u64,
    name: String,
}

impl Layers {
    /// Looks at what came out of `undone` layers of compression; undoes the next one if there is one.
    fn open(self, mut bytes: Bytes, undone: usize) -> Result<Decoded, TableError> {
        let read = |source| TableError::Read { name: self.name.clone(), bytes: 0, source };
        let head = head(&mut bytes, HEAD_BYTES).map_err(read)?;
        let complete = head.len() < HEAD_BYTES;
        let next = Compression::of(&head);
        let zip = archive::is_zip(&head);
        let content = Content::of(&head, complete);
        let from_start: Bytes = Box::new(Cursor::new(head).chain(bytes));
        if zip || (next.is_some() && undone == MOST_LAYERS) {
            let found =
                if zip { "a zip archive within an archive or a compressed file" } else { "compressed four times" };
            return Err(self.refused(Refusal { found, advice: "unpack it and give the file or the folder within" }));
        }
        match (next, content) {
            (Some(next), _) => self.open(next.undo(from_start), undone + 1),
            (None, Content::Parquet | Content::ArrowFile) => {
                let raw = Raw::bytes(gather(from_start).map_err(read)?);
                Ok(self.decoded(content, Body::Whole(raw)))
            }
            (None, content) => self.content(content, from_start),
        }
    }

    fn content(self, content: Content, bytes: Bytes) -> Result<Decoded, TableError> {
        match content {
            Content::Refused(refusal) => Err(self.refused(refusal)),
            Content::Utf16(order) => Err(TableError::Utf16 { name: self.name, order }),
            content => Ok(self.decoded(content, Body::Stream(bytes))),
        }
    }

    fn decoded(self, content: Content, body: Body) -> Decoded {
        let Self { compression, counter, total, name } = self;
        Decoded { name, content, body, compression, counter, total }
    }

    fn refused(self, refusal: Refusal) -> TableError {
        let within = match self.compression {
            Compression::None => "",
            Compression::Gzip => ", in gzip",
            Compression::Zip => ", in a zip archive",
            Compression::Zstd => ", in zstd",
            Compression::Bzip2 => ", in bz2",
            Compression::Xz => ", in xz",
        };
        let found = format!("{}{within}", refusal.found);
        TableError::Refused { name: self.name, found, advice: refusal.advice.to_owned() }
    }
}
