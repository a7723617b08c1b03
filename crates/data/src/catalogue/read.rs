//! Reads a file of titles, genres and years.

use std::ops::ControlFlow;

use serde::Serialize;

use super::columns::{Genres, Layout, year_of_date, year_of_title};
use super::{Catalogue, Item};
use crate::ids::IdTable;
use crate::interactions::{ReadError, Reason, Rejected, id_text};
use crate::table::{CHUNK_BYTES, Compression, Decoder, Encoding, Fields, Lines, Record, Separator, Source};

/// How to read a file of items; the default finds out everything from the file itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemsOptions {
    /// Between fields; `None` takes what cuts the first lines evenly.
    pub separator: Option<Separator>,
    /// Whether the first row names the columns; `None` looks for usual names in it.
    pub header: Option<bool>,
    /// How bytes stand for text; `None` finds out.
    pub encoding: Option<Encoding>,
    /// Names of the genre flags of a `u.item` file; `None` takes the 19 of the 100K data set.
    pub flag_names: Option<Vec<String>>,
    /// Whether the first rejected row fails the whole file.
    pub strict: bool,
}

/// What was read from a file of items. `rows == accepted + rejected.total`; `accepted - unrated` items are titled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemsReport {
    /// Rows, the header and blank lines not counted.
    pub rows: u64,
    /// Rows that say something of an item, rated or not.
    pub accepted: u64,
    /// Rows that do not.
    pub rejected: Rejected,
    /// Accepted rows of items that nobody rated; they are dropped.
    pub unrated: u64,
    /// Rated items without a row.
    pub untitled: u64,
    /// Blank lines.
    pub blank_lines: u64,
    /// Between fields.
    pub separator: Separator,
    /// How bytes stand for text.
    pub encoding: Encoding,
    /// What was undone to read it.
    pub compression: Compression,
    /// The header's fields, if there is one.
    pub header: Option<Vec<String>>,
}

/// Reads a file of items: id, title, genres and year of release, or as many of them as it has.
///
/// Of several rows for one rated item the first counts. Control characters in titles and genres become spaces. The year is the
/// one in brackets at the end of the title, or else that of the year or date column.
///
/// # Errors
/// When the file does not open, breaks off or is UTF-16; in strict mode, at the first rejected row.
pub fn read_items(
    source: Source,
    items: &IdTable,
    options: &ItemsOptions,
) -> Result<(Catalogue, ItemsReport), ReadError> {
    let name = source.name();
    let mut lines = Lines::open(source, options.separator, options.encoding, CHUNK_BYTES)?;
    let separator = lines.format().separator;
    let mut reader = Reader { items, found: vec![None; items.len()], unrated: 0, most_fields: 0 };
    let (mut rows, mut rejected) = (0, Rejected::default());
    let mut layout = None;
    let mut fields = Fields::default();
    while let Some((line, record)) = lines.next(&mut |_| ControlFlow::Continue(()))? {
        let verdict = match record {
            Record::Row(row) => {
                fields.split(lines.row(&row), separator);
                let layout = match &layout {
                    Some(layout) => layout,
                    None => {
                        reader.most_fields = fields.len();
                        let first = Layout::find(&fields, separator, options.header, options.flag_names.as_deref());
                        let first = layout.insert(first);
                        if first.header.is_some() {
                            continue;
                        }
                        first
                    }
                };
                reader.take(&fields, layout, lines.decoder())
            }
            Record::TooLong => Err(Reason::LineTooLong),
            Record::Unterminated => Err(Reason::UnterminatedQuote),
            Record::Stopped => return Err(ReadError::Stopped { name }),
        };
        rows += 1;
        match verdict {
            Ok(()) => {}
            Err(reason) if options.strict => return Err(ReadError::Rejected { name, line, reason }),
            Err(reason) => rejected.add(line, reason),
        }
    }
    let report = ItemsReport {
        rows,
        accepted: rows - rejected.total,
        rejected,
        unrated: reader.unrated,
        untitled: reader.found.iter().filter(|found| found.is_none()).count() as u64,
        blank_lines: lines.blank(),
        separator,
        encoding: lines.decoder().encoding(),
        compression: lines.compression(),
        header: layout.and_then(|layout| layout.header),
    };
    let catalogue =
        Catalogue::from_items(reader.found.iter().map(|found| found.as_ref().map_or_else(Item::default, Found::item)));
    let catalogue = catalogue.map_err(|error| ReadError::TooLarge { name, reason: error.to_string() })?;
    Ok((catalogue, report))
}

#[derive(Clone, Debug)]
struct Found {
    title: String,
    genres: Vec<String>,
    year: Option<u16>,
}

impl Found {
    fn item(&self) -> Item<'_> {
        let title = (!self.title.is_empty()).then_some(self.title.as_str());
        Item { title, genres: self.genres.iter().map(String::as_str).collect(), year: self.year }
    }
}

struct Reader<'a> {
    items: &'a IdTable,
    found: Vec<Option<Found>>,
    unrated: u64,
    most_fields: usize,
}

impl Reader<'_> {
    fn take(&mut self, fields: &Fields, layout: &Layout, decoder: &mut Decoder) -> Result<(), Reason> {
        let (Some(id), Some(title)) = (fields.get(layout.id), fields.get(layout.title)) else {
            return Err(Reason::TooFewFields);
        };
        if fields.len() > self.most_fields {
            return Err(Reason::TooManyFields);
        }
        let id = id_text(id, decoder)?;
        let mut text = |bytes| decoder.text(bytes).map(|text| cleaned(&text)).ok_or(Reason::TextNotUtf8);
        let title = text(title)?;
        let genres = match &layout.genres {
            Genres::None => Vec::new(),
            Genres::Listed(column) => {
                let list = text(fields.get(*column).unwrap_or_default())?;
                if is_split(&title, &list) {
                    return Err(Reason::SplitTitle);
                }
                let genres = list.split('|').map(str::trim);
                genres.filter(|genre| !genre.is_empty() && *genre != "(no genres listed)").map(str::to_owned).collect()
            }
            Genres::Flags(from, names) => {
                let set = |at: usize| fields.get(from + at) == Some(b"1");
                names.iter().enumerate().filter(|&(at, _)| set(at)).map(|(_, name)| name.clone()).collect()
            }
        };
        let date = text(layout.year.and_then(|column| fields.get(column)).unwrap_or_default())?;
        let year = year_of_title(&title).or_else(|| year_of_date(&date));
        let Some(index) = self.items.index(&id) else {
            self.unrated += 1;
            return Ok(());
        };
        match &mut self.found[index as usize] {
            Some(_) => Err(Reason::RepeatedItem),
            place => {
                *place = Some(Found { title, genres, year });
                Ok(())
            }
        }
    }
}

fn cleaned(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// Whether a bracket opens in the title and closes in the genres: the separator stood in the title.
fn is_split(title: &str, genres: &str) -> bool {
    let open = |text: &str| text.matches('(').count() > text.matches(')').count();
    let close = |text: &str| text.matches(')').count() > text.matches('(').count();
    open(title) && close(genres)
}
