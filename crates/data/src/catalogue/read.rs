//! Reads a file of items or users: an id a row, and any columns beside it.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::ops::ControlFlow;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::Catalogue;
use super::cells::Cells;
use super::column::check;
use super::layout::{About, Layout, Planned, Role};
use super::parse::{Split, Syntax, list, parse};
use super::report::{ItemsReport, WrongCell};
use super::value::{Declared, MAX_SET_VALUES, MAX_TEXT_BYTES, PropertyType};
use crate::ids::{IdTable, StringTable, TextTooLarge, id_order};
use crate::interactions::{ReadError, Reason, Rejected, id_text};
use crate::table::{CHUNK_BYTES, Decoder, Encoding, Fields, Lines, Record, Separator, Source};

/// Longest cell that a report shows, in characters.
const SHOWN_CHARS: usize = 80;

/// How to read a file of items or users; the default finds out everything from the file itself.
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
    /// Properties whose type is stated: a cell of another type rejects its row.
    pub properties: Vec<Declared>,
    /// Name of the id's column in the interactions; a column of the same name holds the ids here too.
    pub id_name: Option<String>,
    /// Whether the first rejected row fails the whole file.
    pub strict: bool,
}

/// Reads a file of items: an id and properties of any name, or one of MovieLens' layouts.
///
/// The types of columns are inferred from all of their cells, unless declared. Of several rows for one item the first
/// counts. Control characters become spaces. Title, genres and year are recognised by usual names; the year is that of
/// a column `year`, or the one in brackets at the end of the title, or that of a date column. `items` are the rated ones; the
/// catalogue has the others too.
///
/// # Errors
/// When the file does not open, breaks off or is UTF-16; when no column has the name of a declared property; in strict
/// mode, at the first rejected row.
pub fn read_items(
    source: Source,
    items: &IdTable,
    options: &ItemsOptions,
) -> Result<(Catalogue, ItemsReport), ReadError> {
    read(source, items, options, About::Items)
}

/// Reads a file of users: as [`read_items`], without titles, genres and years.
///
/// # Errors
/// As [`read_items`].
pub fn read_users(
    source: Source,
    users: &IdTable,
    options: &ItemsOptions,
) -> Result<(Catalogue, ItemsReport), ReadError> {
    read(source, users, options, About::Users)
}

fn read(
    source: Source,
    known: &IdTable,
    options: &ItemsOptions,
    about: About,
) -> Result<(Catalogue, ItemsReport), ReadError> {
    let name = source.name();
    let mut lines = Lines::open(source, options.separator, options.encoding, CHUNK_BYTES)?;
    let separator = lines.format().separator;
    let mut reader: Option<Reader<'_>> = None;
    let (mut rows, mut rejected) = (0, Rejected::default());
    let mut fields = Fields::default();
    while let Some((line, record)) = lines.next(&mut |_| ControlFlow::Continue(()))? {
        let verdict = match record {
            Record::Row(row) => {
                fields.split(lines.row(&row), separator);
                let reader = match &mut reader {
                    Some(reader) => reader,
                    None => {
                        let layout = Layout::find(&fields, separator, options, about);
                        if let Some(property) = layout.undeclared.first() {
                            return Err(missing_property(&name, property, &layout));
                        }
                        let has_header = layout.header.is_some();
                        let first = reader.insert(Reader::new(known, layout, fields.len()));
                        if has_header {
                            continue;
                        }
                        first
                    }
                };
                let too_large =
                    |error: TextTooLarge| ReadError::TooLarge { name: name.clone(), reason: error.to_string() };
                reader.take(line, &fields, lines.decoder()).map_err(too_large)?
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
    let reader = reader.unwrap_or_else(|| Reader::new(known, Layout::find(&fields, separator, options, about), 0));
    let mut report = ItemsReport {
        rows,
        accepted: rows - rejected.total,
        rejected,
        unrated: reader.others.len() as u64,
        untitled: reader.row_of.iter().filter(|row| row.is_none()).count() as u64,
        blank_lines: lines.blank(),
        separator,
        encoding: lines.decoder().encoding(),
        compression: lines.compression(),
        header: None,
        genres: None,
        properties: Vec::new(),
        ignored: Vec::new(),
        wrong_cells: Vec::new(),
    };
    let catalogue = reader.finish(&mut report).map_err(|reason| ReadError::TooLarge { name, reason })?;
    report.properties = catalogue.schema();
    report.genres = catalogue.genre_property().map(|genres| genres.name().to_owned());
    Ok((catalogue, report))
}

fn missing_property(name: &str, property: &str, layout: &Layout) -> ReadError {
    ReadError::MissingProperty {
        name: name.to_owned(),
        property: property.to_owned(),
        found: layout.columns.iter().map(|planned| planned.name.clone()).collect(),
    }
}

/// The rows so far.
struct Reader<'a> {
    known: &'a IdTable,
    layout: Layout,
    most_fields: usize,
    cells: Cells,
    /// The accepted row of each rated item.
    row_of: Vec<Option<usize>>,
    /// Ids of the others, their accepted rows beside them.
    others: StringTable,
    other_rows: Vec<usize>,
    by_hash: HashTable<u32>,
    hasher: DefaultHashBuilder,
    wrong_cells: Vec<WrongCell>,
    /// The row that is being taken, kept so that a row costs no allocation.
    row: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(known: &'a IdTable, layout: Layout, most_fields: usize) -> Self {
        let cells = Cells { columns: vec![StringTable::default(); layout.columns.len()], ..Cells::default() };
        let row = vec![String::new(); layout.columns.len()];
        Self {
            known,
            layout,
            most_fields,
            cells,
            row_of: vec![None; known.len()],
            others: StringTable::default(),
            other_rows: Vec::new(),
            by_hash: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            wrong_cells: Vec::new(),
            row,
        }
    }

    fn take(&mut self, line: u64, fields: &Fields, decoder: &mut Decoder) -> Result<Result<(), Reason>, TextTooLarge> {
        let id = match self.check(line, fields, decoder) {
            Ok(id) => id,
            Err(reason) => return Ok(Err(reason)),
        };
        match self.known.index(&id) {
            Some(index) => match &mut self.row_of[index as usize] {
                Some(_) => return Ok(Err(Reason::RepeatedItem)),
                place => *place = Some(self.cells.rows),
            },
            None => {
                let (others, hasher, hash) = (&self.others, &self.hasher, self.hasher.hash_one(&*id));
                if self.by_hash.find(hash, |&at| others.at(at as usize) == id).is_some() {
                    return Ok(Err(Reason::RepeatedItem));
                }
                let at = self.others.push(&id)?;
                let others = &self.others;
                self.by_hash.insert_unique(hash, at, |&at| hasher.hash_one(others.at(at as usize)));
                self.other_rows.push(self.cells.rows);
            }
        }
        self.cells.rows += 1;
        for (column, cell) in self.cells.columns.iter_mut().zip(&self.row) {
            column.push(cell)?;
        }
        if let Some((from, names)) = &self.layout.flags {
            let set = names.iter().enumerate().filter(|(at, _)| fields.get(from + at) == Some(b"1"));
            let genres: Vec<&str> = set.map(|(_, name)| name.as_str()).collect();
            self.cells.flags.push(&genres.join("|"))?;
        }
        Ok(Ok(()))
    }

    /// Checks a row, and keeps its cells.
    fn check<'f>(&mut self, line: u64, fields: &'f Fields, decoder: &mut Decoder) -> Result<Cow<'f, str>, Reason> {
        let id = fields.get(self.layout.id).filter(|_| fields.len() >= self.layout.needed);
        let id = id.ok_or(Reason::TooFewFields)?;
        if fields.len() > self.most_fields {
            return Err(Reason::TooManyFields);
        }
        let id = id_text(id, decoder)?;
        for (planned, cell) in self.layout.columns.iter().zip(&mut self.row) {
            let text = decoder.text(fields.get(planned.at).unwrap_or_default()).ok_or(Reason::TextNotUtf8)?;
            cell.clear();
            clean(&text, cell);
        }
        let role = |role| self.layout.columns.iter().position(|planned| planned.role == role);
        if let (Some(title), Some(genres)) = (role(Role::Title), role(Role::Genres))
            && is_split(&self.row[title], &self.row[genres])
        {
            return Err(Reason::SplitTitle);
        }
        let mut verdict = Ok(());
        for (planned, cell) in self.layout.columns.iter().zip(&self.row) {
            if let Err(reason) = fits(planned, cell) {
                verdict = verdict.and(Err(reason));
                if self.wrong_cells.len() < Rejected::SHOWN {
                    self.wrong_cells.push(WrongCell {
                        line,
                        property: planned.name.clone(),
                        kind: planned.stated_kind().unwrap_or(PropertyType::Text),
                        found: cell.chars().take(SHOWN_CHARS).collect(),
                    });
                }
            }
        }
        verdict.map(|()| id)
    }

    /// The catalogue: rated items in their order, then the others in id order.
    fn finish(self, report: &mut ItemsReport) -> Result<Catalogue, String> {
        let mut others: Vec<usize> = (0..self.others.len()).collect();
        others.sort_unstable_by(|&a, &b| id_order(self.others.at(a), self.others.at(b)));
        let unrated = IdTable::from_sorted(others.iter().map(|&at| self.others.at(at)));
        let unrated = unrated.map_err(|error| error.to_string())?;
        let other_rows = others.iter().map(|&at| Some(self.other_rows[at]));
        let order: Vec<Option<usize>> = self.row_of.iter().copied().chain(other_rows).collect();
        report.ignored.clone_from(&self.layout.ignored);
        let properties = self.cells.properties(&self.layout, &order, &mut report.ignored);
        report.header = self.layout.header;
        report.wrong_cells = self.wrong_cells;
        let properties = properties.map_err(|error| error.to_string())?;
        Catalogue::new(self.known.len(), unrated, properties).map_err(|error| error.to_string())
    }
}

/// Whether a cell can be a value of its property, as far as that is known before all rows are.
fn fits(planned: &Planned, cell: &str) -> Result<(), Reason> {
    if cell.len() > MAX_TEXT_BYTES {
        return Err(Reason::TextTooLong);
    }
    match planned.stated {
        None => Ok(()),
        // Which sign parts a set is known at the end; it is the one that stands in it.
        Some((Syntax::Set(Split::Pipe), _)) => {
            let listed = list(cell).map(|parts| parts.len());
            let count = listed.unwrap_or_else(|| cell.matches('|').count().max(cell.matches(',').count()) + 1);
            if count > MAX_SET_VALUES { Err(Reason::WrongType) } else { Ok(()) }
        }
        Some((syntax, _)) => match parse(syntax, cell) {
            Ok(None) => Ok(()),
            Ok(Some(value)) if check(&value).is_ok() => Ok(()),
            _ => Err(Reason::WrongType),
        },
    }
}

/// Appends text with spaces for control characters, and none at its ends.
fn clean(text: &str, to: &mut String) {
    let text = text.trim_matches(|c: char| c.is_control() || c.is_whitespace());
    to.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
}

/// Whether a bracket opens in the title and closes in the genres: the separator stood in the title.
fn is_split(title: &str, genres: &str) -> bool {
    let open = |text: &str| text.matches('(').count() > text.matches(')').count();
    let close = |text: &str| text.matches(')').count() > text.matches('(').count();
    open(title) && close(genres)
}
