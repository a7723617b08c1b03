//! Tables of typed columns: Parquet, Arrow IPC, and JSON lines, in batches of rows. Knows no meaning of a column.
//!
//! ```text
//! Source ──open──> ColumnStream ──select──> batches of Whole, Float, Text, Time
//!                        └──────Written──> text, for readers that know rows of text alone
//! ```
//!
//! Memory is bounded by one batch and what its format holds at a time: a page of each column of Parquet, a batch as
//! written of Arrow, a chunk of lines of JSON. Parquet and Arrow files that are compressed as a whole, or come through a
//! pipe, are held in memory, since their directory stands at the end.

#[cfg(feature = "parquet")]
mod arrow;
mod batch;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod text;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use batch::{Batch, Column, Texts, Values};
use serde::Serialize;
pub(crate) use text::{Written, iso};

use crate::source::{Body, Compression, Content, Counter, Decoded, Progress, Source, TableError};

/// Rows in a batch, where the format does not say.
const BATCH_ROWS: usize = 1 << 13;

/// How columns are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JSON object a line; its keys are the columns.
    JsonLines,
    /// Parquet.
    Parquet,
    /// Arrow IPC, the file format; Feather 2 is the same.
    ArrowFile,
    /// Arrow IPC, the stream format.
    ArrowStream,
}

impl Format {
    fn named(self) -> &'static str {
        match self {
            Self::JsonLines => "a file of JSON lines",
            Self::Parquet => "a Parquet file",
            Self::ArrowFile => "an Arrow IPC file",
            Self::ArrowStream => "an Arrow IPC stream",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JsonLines => "JSON lines",
            Self::Parquet => "Parquet",
            Self::ArrowFile => "Arrow IPC",
            Self::ArrowStream => "Arrow IPC stream",
        })
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Whole numbers.
    Whole,
    /// Numbers with a fraction.
    Float,
    /// True or false.
    Bool,
    /// Text.
    Text,
    /// Points in time, or days.
    Time,
    /// Lists of numbers or text; shown as text with `|` between the entries.
    List,
    /// Nested values and types that are not read; such a column is ignored.
    Other,
}

/// A column's name and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnInfo {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// A decoder of one file.
trait Batches: Send {
    fn columns(&self) -> &[ColumnInfo];

    /// Says, before the first batch, which columns to decode, in this order.
    fn select(&mut self, columns: &[usize]);

    /// The next batch, or why there is none.
    fn next(&mut self) -> Result<Option<Batch>, String>;
}

/// Typed columns of one file, or of several one after the other.
pub(crate) struct ColumnStream {
    reader: Box<dyn Batches>,
    name: String,
    part: String,
    format: Format,
    compression: Compression,
    counter: Counter,
    total: u64,
    /// Names and kinds of all columns of the first file.
    columns: Vec<ColumnInfo>,
    selected: Vec<usize>,
    begun: bool,
    rest: std::vec::IntoIter<Source>,
    /// Rows given so far, and those of them that are of files before the present one.
    rows: u64,
    before: u64,
    failed: bool,
}

impl ColumnStream {
    /// Opens a table of typed columns.
    pub(crate) fn open(decoded: Decoded) -> Result<Self, TableError> {
        let Decoded { name, content, body, compression, counter, total } = decoded;
        let format = match content {
            Content::Parquet => Format::Parquet,
            Content::ArrowFile => Format::ArrowFile,
            Content::ArrowStream => Format::ArrowStream,
            _ => Format::JsonLines,
        };
        let reader = reader(body, format).map_err(|fault| refusal(&name, format, fault))?;
        let columns = reader.columns().to_vec();
        Ok(Self {
            reader,
            part: name.clone(),
            name,
            format,
            compression,
            counter,
            total,
            selected: (0..columns.len()).collect(),
            columns,
            begun: false,
            rest: Vec::new().into_iter(),
            rows: 0,
            before: 0,
            failed: false,
        })
    }

    /// The same table, going on in these files.
    pub(crate) fn followed_by(mut self, name: String, rest: Vec<Source>) -> Result<Self, TableError> {
        for source in &rest {
            self.part_of(source.clone())?;
        }
        self.name = name;
        // How much of all files is read is not known from one of them.
        self.total = if rest.is_empty() { self.total } else { 0 };
        self.rest = rest.into_iter();
        Ok(self)
    }

    /// Opens a further file, if it has the same columns; more are ignored.
    fn part_of(&self, source: Source) -> Result<(Self, Vec<usize>), TableError> {
        let fail = |reason| TableError::Parts { name: source.name(), first: self.part.clone(), reason };
        let decoded = source.clone().decode()?;
        if decoded.content == Content::Text {
            return Err(fail(format!("it is text, the other is {}", self.format.named())));
        }
        let part = Self::open(decoded)?;
        let mut places = Vec::with_capacity(self.selected.len());
        for column in self.selected.iter().filter_map(|&at| self.columns.get(at)) {
            match part.columns.iter().position(|other| other.name == column.name) {
                Some(place) => places.push(place),
                // Keys of JSON may be missing anywhere.
                None if self.format == Format::JsonLines => places.push(usize::MAX),
                None => return Err(fail(format!("it has no column `{}`", column.name))),
            }
        }
        Ok((part, places))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    pub(crate) fn counter(&self) -> Counter {
        self.counter.clone()
    }

    pub(crate) fn columns(&self) -> &[ColumnInfo] {
        &self.columns
    }

    /// How far the stored bytes are read.
    pub(crate) fn progress(&self) -> Progress {
        Progress { bytes_read: self.counter.get(), bytes_total: self.total }
    }

    /// Says, before the first batch, which columns to decode, in this order.
    pub(crate) fn select(&mut self, columns: &[usize]) {
        self.selected = columns.to_vec();
    }

    /// The next batch of the selected columns; `None` at the end.
    ///
    /// # Errors
    /// When the columns do not decode or a file ends early; no more is read after that.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, TableError> {
        if !self.begun {
            self.begun = true;
            self.reader.select(&self.selected);
        }
        loop {
            if self.failed {
                return Ok(None);
            }
            // Decoders of formats this wide check less than they should; a file that gets through is still refused.
            let next = catch_unwind(AssertUnwindSafe(|| self.reader.next()));
            match next.unwrap_or_else(|_| Err("its bytes contradict each other".to_owned())) {
                Ok(Some(batch)) => {
                    self.rows += batch.rows() as u64;
                    return Ok(Some(batch));
                }
                Ok(None) => {
                    let Some(source) = self.rest.next() else { return Ok(None) };
                    let (part, places) = self.part_of(source)?;
                    self.before = self.rows;
                    (self.reader, self.part, self.counter) = (part.reader, part.part, part.counter);
                    self.reader.select(&places);
                }
                Err(reason) => {
                    self.failed = true;
                    let (name, format) = (self.part.clone(), self.format.named());
                    return Err(TableError::Columns { name, format, rows: self.rows - self.before, reason });
                }
            }
        }
    }
}

impl fmt::Debug for ColumnStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, format, columns, .. } = self;
        f.debug_struct("ColumnStream").field("name", name).field("format", format).field("columns", columns).finish()
    }
}

/// Why a file of columns does not open.
enum Fault {
    Broken(String),
    /// Columns in a codec that is not built in.
    #[cfg(feature = "parquet")]
    Codec(String),
    #[cfg(not(feature = "parquet"))]
    LeftOut,
}

fn refusal(name: &str, format: Format, fault: Fault) -> TableError {
    match fault {
        Fault::Broken(reason) => TableError::Columns { name: name.to_owned(), format: format.named(), rows: 0, reason },
        #[cfg(feature = "parquet")]
        Fault::Codec(codec) => TableError::Refused {
            name: name.to_owned(),
            found: format!("{} whose columns are compressed by {codec}", format.named()),
            advice: "write it with snappy, gzip, lz4 or zstd".to_owned(),
        },
        #[cfg(not(feature = "parquet"))]
        Fault::LeftOut => TableError::Refused {
            name: name.to_owned(),
            found: format!("{}, which this build leaves out", format.named()),
            advice: "build with the feature `parquet`, or convert the file to CSV".to_owned(),
        },
    }
}

#[cfg(feature = "parquet")]
fn reader(body: Body, format: Format) -> Result<Box<dyn Batches>, Fault> {
    let opened = catch_unwind(AssertUnwindSafe(|| match (body, format) {
        (Body::Whole(raw), Format::Parquet) => parquet::open(raw),
        (Body::Whole(raw), _) => arrow::open_file(raw).map_err(Fault::Broken),
        (Body::Stream(bytes), Format::ArrowStream) => arrow::open_stream(bytes).map_err(Fault::Broken),
        (Body::Stream(bytes), _) => json::open(bytes).map_err(Fault::Broken),
    }));
    opened.unwrap_or_else(|_| Err(Fault::Broken("its bytes contradict each other".to_owned())))
}

#[cfg(not(feature = "parquet"))]
fn reader(body: Body, format: Format) -> Result<Box<dyn Batches>, Fault> {
    match (body, format) {
        (Body::Stream(bytes), Format::JsonLines) => json::open(bytes).map_err(Fault::Broken),
        _ => Err(Fault::LeftOut),
    }
}
