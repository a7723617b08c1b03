//! Recognises how a table is written, from a sample of its rows taken together.
//!
//! ```text
//! sample ──cut──> separator, quotes ──head──> lines before, header ──align──> widths, index ──sketch──> columns
//! ```
//!
//! What two readings explain equally well is not decided here: it is [`Undecided`], and names the flag that decides.

mod align;
mod cut;
mod head;
mod index;
mod levels;
mod matrix;
mod preamble;
mod sketch;
mod start;
mod surplus;

use super::fields::trim;
use super::{Decoder, Fields, Format, Quote, Separator, Undecided};
pub(crate) use align::unnamed;
pub(crate) use sketch::is_missing;
pub use sketch::{Decimal, Kind, Sketch};
pub use surplus::Surplus;
pub(crate) use surplus::ends_in_fractions;

/// Rows of the sample that are looked at, at most.
const ROWS: usize = 1000;
/// Cells of the sample that are looked at, at most; of a wide table fewer rows are enough.
const CELLS: usize = 40_000;

/// What is known of a file before it is looked at.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Between fields, if told.
    pub separator: Option<Separator>,
    /// Around fields, if told.
    pub quote: Option<Quote>,
    /// Whether the first row names the columns, if told.
    pub header: Option<bool>,
    /// Whether the first column is not read, if it is told what every column is.
    pub skips_first: Option<bool>,
    /// Which role a column of this name has, if it is a usual name of one: 0 to 3, and 4 and 5 for the two ends of an
    /// edge, which only say something together.
    pub role: &'a dyn Fn(&[u8]) -> Option<usize>,
}

/// How a table is written.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// How it is cut.
    pub format: Format,
    /// Names of the columns, one a field of a row, if there is a header; empty where the header names no such column.
    pub header: Option<Vec<String>>,
    /// Fields of most rows, and at least as many as the header has.
    pub width: usize,
    /// Fields of the longest row of the sample.
    pub longest: usize,
    /// Whether quotes are used, so that a separator within a text does not cut it.
    pub quoted: bool,
    /// Whether its header is one of a table of users x items for certain.
    pub table: bool,
    /// Rows with more fields than the others, or than the header.
    pub surplus: Surplus,
    /// A column that numbers the rows and has no name of its own.
    pub index: Option<usize>,
    /// What the columns hold, as far as the sample shows.
    pub columns: Vec<Sketch>,
    /// Rows looked at, the header not counted.
    pub rows: usize,
    /// Whether these are all rows of the file.
    pub complete: bool,
    /// What was taken for what, and why: one sentence each.
    pub evidence: Vec<String>,
    /// What stands before the first row of data.
    pub(super) skip: Skip,
}

/// What is passed over before the first row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Skip {
    pub(super) bytes: usize,
    pub(super) lines: u64,
    pub(super) blank: u64,
}

/// Cells of the rows of a sample.
type Rows = Vec<Vec<Vec<u8>>>;

/// The format alone; for readers that look at the first row themselves.
pub(super) fn format(sample: &[u8], complete: bool, separator: Option<Separator>) -> Format {
    cut::best(sample, complete, separator, None)
}

/// Recognises a table from a sample of its start, without byte order mark.
///
/// # Errors
/// When two readings are equally good.
pub(super) fn recognise(
    sample: &[u8],
    complete: bool,
    mut decoder: Decoder,
    asked: &Asked<'_>,
) -> Result<Dialect, Undecided> {
    let separator = asked.separator.or_else(|| preamble::separator(sample));
    let format = cut::best(sample, complete, separator, asked.quote);
    let mut spans = cut::rows(sample, complete, format, ROWS);
    if separator.is_none() && format.separator == Separator::Space {
        let lines: Vec<&[u8]> = spans.iter().map(|span| &sample[span.start..span.end]).collect();
        if cut::mixes_tabs_and_spaces(&lines) {
            return Err(preamble::tabs_or_spaces());
        }
    }
    let mut fields = Fields::default();
    let mut rows: Rows = Vec::new();
    let mut cells = 0;
    for span in &spans {
        fields.cut(&sample[span.start..span.end], format);
        rows.push(fields.iter().map(<[u8]>::to_vec).collect());
        cells += fields.len();
        if cells > CELLS && rows.len() >= 8 {
            break;
        }
    }
    let complete = complete && spans.len() < ROWS && rows.len() == spans.len();
    spans.truncate(rows.len());
    let head = head::find(&rows, asked)?;
    if asked.header.is_none() && format.separator == Separator::Space {
        preamble::refuse_title(&rows[head.before..], head.header.as_deref(), asked)?;
    }
    let usual = Format::usual(format.separator).quote;
    let mut evidence = Vec::new();
    if format.quote != usual {
        evidence.push(format!("quotes: {}", format.quote));
    }
    for span in &spans[..head.before] {
        let line = String::from_utf8_lossy(trim(&sample[span.start..span.end])).chars().take(60).collect::<String>();
        evidence.push(format!("a line before the table is passed over: {line}"));
    }
    evidence.extend(head.evidence);
    let data = head.before + usize::from(head.header.is_some());
    let mut text = |cell: Vec<u8>| {
        decoder.text(&cell).map_or_else(|| String::from_utf8_lossy(&cell).into_owned(), std::borrow::Cow::into_owned)
    };
    let header = head.header.map(|cells| cells.into_iter().map(&mut text).collect());
    let mut dialect = align::align(header, &rows[data..], format.separator, asked, evidence)?;
    dialect.table = head.table;
    dialect.complete = complete;
    dialect.format = format;
    dialect.quoted = format
        .quote
        .byte()
        .is_some_and(|quote| spans.iter().any(|span| memchr::memchr(quote, &sample[span.start..span.end]).is_some()));
    dialect.skip = if data > 0 { spans[data - 1].skip } else { Skip::default() };
    Ok(dialect)
}
