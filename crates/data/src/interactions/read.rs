//! Reads an interactions file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::columns::{Layout, asked, usual_role};
use super::gather::{Gather, Verdict};
use super::report::{ColumnsRead, NotATime};
use super::sort::Sorted;
use super::wide::Wide;
use super::{
    Feedback, Interactions, InteractionsError, Progress, ReadError, ReadOptions, ReadReport, Reason, Rejected, Repeat,
    sort, swift, typed,
};
use crate::columnar::Format;
use crate::table::{
    ByteStream, CHUNK_BYTES, Compression, Decimal, Decoder, Dialect, Encoding, Fields, Lines, Opened, Record,
    Separator, Source, TableError, as_text, open,
};

/// Reads a file of interactions, one a row: user, item, perhaps a value and a time, and any further columns, which are
/// ignored.
///
/// One pass, in chunks of 256 KiB: what is held is the entries themselves, 8 bytes each and 8 more with times, in files
/// whose users come in id order, and up to three times that while they are sorted in others; lists that grow may hold
/// half as much again. Blank lines are no rows. Spaces and tabs around ids are dropped. Rows of one user and item are
/// combined as [`ReadOptions::repeat`] says. Where the rows have no value each counts 1. A column that only its name
/// takes for times costs no row: when a field in it is no time, no times are kept, and the report says why. `progress` is
/// called once a chunk.
///
/// # Errors
/// When the file does not open, breaks off, is UTF-16, or lacks a column; when no row is accepted; when `progress`
/// breaks off; in strict mode, at the first rejected row.
pub fn read_interactions(
    source: Source,
    options: &ReadOptions,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(Interactions, ReadReport), ReadError> {
    read_in_chunks(source, options, CHUNK_BYTES, progress)
}

/// [`read_interactions`] with a chunk size, on which nothing but the speed depends. For tests.
#[doc(hidden)]
pub fn read_in_chunks(
    source: Source,
    options: &ReadOptions,
    chunk: usize,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(Interactions, ReadReport), ReadError> {
    let name = source.name();
    match open(source)? {
        Opened::Text(stream) => read_text(stream, None, &name, options, chunk, progress),
        // Only the reader of text knows tables of users x items.
        Opened::Columns(columns) if options.wide == Some(true) => {
            let format = Some(columns.format());
            read_text(as_text(columns), format, &name, options, chunk, progress)
        }
        Opened::Columns(mut columns) => {
            let mut reader = Reader::new(&name, options, typed::gather(&columns, options, &name)?);
            typed::read(&mut reader, &mut columns, progress)?;
            reader.finish(Seen {
                blank_lines: 0,
                bytes: columns.progress().bytes_read,
                columnar: Some(columns.format()),
                separator: Separator::Comma,
                encoding: Encoding::Utf8,
                compression: columns.compression(),
            })
        }
    }
}

/// Reads text; `columnar` is what it was written from, if from columns.
fn read_text(
    stream: ByteStream,
    columnar: Option<Format>,
    name: &str,
    options: &ReadOptions,
    chunk: usize,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(Interactions, ReadReport), ReadError> {
    let (mut lines, dialect) = Lines::over(stream, &asked(options, &usual_role), options.encoding, chunk)?;
    let layout = Layout::find(&dialect, options, name)?;
    let mut reader = Reader::of_text(name, options, layout, dialect);
    reader.read(&mut lines, progress)?;
    reader.finish(Seen {
        blank_lines: lines.blank(),
        bytes: lines.bytes(),
        columnar,
        separator: lines.format().separator,
        encoding: lines.decoder().encoding(),
        compression: lines.compression(),
    })
}

/// What is known of the source at its end.
struct Seen {
    blank_lines: u64,
    bytes: u64,
    columnar: Option<Format>,
    separator: Separator,
    encoding: Encoding,
    compression: Compression,
}

/// Everything read so far, and what became of the rows.
pub(super) struct Reader<'a> {
    pub(super) name: &'a str,
    pub(super) options: &'a ReadOptions,
    pub(super) gather: Gather,
    /// The ids of the table's columns, if the file is a table of values.
    wide: Option<Wide>,
    /// Whether the options say how the table is written or what its columns hold.
    is_told: bool,
    /// Fields of most rows of text.
    width: usize,
    /// What was recognised.
    evidence: Vec<String>,
    pub(super) rows: u64,
    pub(super) accepted: u64,
    rejected: Rejected,
    missing: u64,
    /// Line of the first field that is no time, in a column that was not asked for.
    not_a_time_at: u64,
}

impl<'a> Reader<'a> {
    fn new(name: &'a str, options: &'a ReadOptions, gather: Gather) -> Self {
        let decimal = (gather.decimal == Decimal::Comma).then(|| "values have a decimal comma".to_owned());
        Self {
            name,
            options,
            gather,
            wide: None,
            is_told: options.tells(),
            width: 0,
            evidence: decimal.into_iter().collect(),
            rows: 0,
            accepted: 0,
            rejected: Rejected::default(),
            missing: 0,
            not_a_time_at: 0,
        }
    }

    fn of_text(name: &'a str, options: &'a ReadOptions, layout: Layout, dialect: Dialect) -> Self {
        let mut evidence = dialect.evidence;
        let (gather, wide) = match layout {
            Layout::Rows { roles, most_fields, decimal } => (Gather::new(roles, most_fields, decimal, options), None),
            Layout::Table(wide) => {
                evidence.push(wide.evidence());
                (Gather::new(wide.roles(dialect.header), dialect.width, wide.decimal, options), Some(wide))
            }
        };
        let mut reader = Self::new(name, options, gather);
        evidence.append(&mut reader.evidence);
        Self { wide, width: dialect.width, evidence, ..reader }
    }

    fn read(
        &mut self,
        lines: &mut Lines,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let limit = self.options.rows.unwrap_or(u64::MAX);
        let format = lines.format();
        let mut fields = Fields::default();
        while self.accepted < limit {
            if self.wide.is_none() {
                let (bytes, rows) = swift::take(&mut self.gather, lines.plain_ahead(), format, limit - self.accepted);
                lines.pass(bytes, rows);
                self.rows += rows;
                self.accepted += rows;
                if self.accepted == limit {
                    break;
                }
            }
            let Some((line, record)) = lines.next(progress)? else { break };
            let verdict = match record {
                Record::Row(row) => {
                    fields.cut(lines.row(&row), format);
                    fields.drop_trailing(self.width);
                    if self.wide.is_some() {
                        self.take_values(&fields, line, lines.decoder())?;
                        continue;
                    }
                    self.gather.take(&fields, lines.decoder()).map_err(|error| too_large(self.name, &error))?
                }
                Record::TooLong => Err(Reason::LineTooLong),
                Record::Unterminated => Err(Reason::UnterminatedQuote),
                Record::Stopped => return Err(ReadError::Stopped { name: self.name.to_owned() }),
            };
            self.count(line, verdict)?;
        }
        Ok(())
    }

    /// Takes the values of one row of a table; each counts as a row of its own.
    fn take_values(&mut self, fields: &Fields, line: u64, decoder: &mut Decoder) -> Result<(), ReadError> {
        let Some(wide) = &mut self.wide else { return Ok(()) };
        if let Some(undecided) = wide.total(fields) {
            return Err(TableError::Undecided { name: self.name.to_owned(), undecided }.into());
        }
        let mut verdicts = Vec::new();
        let empty = wide.take(fields, &mut self.gather, decoder, &mut verdicts);
        if empty.map_err(|error| too_large(self.name, &error))? && wide.zero_is_missing {
            let undecided = wide.zeros_or_gaps(line);
            return Err(TableError::Undecided { name: self.name.to_owned(), undecided }.into());
        }
        verdicts.into_iter().try_for_each(|verdict| self.count(line, verdict))
    }

    /// Counts a row by what it was; an error where none may be rejected.
    pub(super) fn count(&mut self, line: u64, verdict: Verdict) -> Result<(), ReadError> {
        self.rows += 1;
        if self.not_a_time_at == 0 && self.gather.not_a_time.is_some() {
            self.not_a_time_at = line;
        }
        match verdict {
            Ok(()) => self.accepted += 1,
            Err(Reason::NoRating) => self.missing += 1,
            Err(reason) if self.options.strict => return Err(self.refusal(line, reason)),
            Err(reason) => self.rejected.add(line, reason),
        }
        Ok(())
    }

    fn refusal(&self, line: u64, reason: Reason) -> ReadError {
        let word = self.gather.unmapped.keys().next();
        match (reason, word) {
            (Reason::WordWithoutWeight, Some(word)) => {
                ReadError::WordWithoutWeight { name: self.name.to_owned(), line, word: word.clone() }
            }
            _ => ReadError::Rejected { name: self.name.to_owned(), line, reason },
        }
    }

    fn finish(self, seen: Seen) -> Result<(Interactions, ReadReport), ReadError> {
        let roles = self.gather.roles.clone();
        let is_wide = self.wide.is_some();
        let has_numbers = roles.value.is_some() && self.options.value.is_none();
        let repeat = self.options.repeat.unwrap_or(if has_numbers && !roles.adds_up_by_name() {
            Repeat::Last
        } else {
            Repeat::Sum
        });
        let mut report = ReadReport {
            rows: self.rows,
            accepted: self.accepted,
            rejected: self.rejected,
            missing: self.missing,
            duplicates: 0,
            repeat,
            blank_lines: seen.blank_lines,
            bytes: seen.bytes,
            columnar: seen.columnar,
            separator: seen.separator,
            encoding: seen.encoding,
            compression: seen.compression,
            columns: if is_wide { ColumnsRead::of_table(&roles) } else { ColumnsRead::new(&roles) },
            feedback: None,
            time_format: None,
            not_a_time: None,
            words_without_weight: BTreeMap::new(),
            header: roles.header.clone(),
            table: self.wide.as_ref().map(Wide::told),
            evidence: self.evidence,
        };
        let gather = self.gather;
        report.time_format = gather.time_format.filter(|_| gather.gathered.times.is_some());
        let line = self.not_a_time_at;
        report.not_a_time = gather.not_a_time.clone().map(|text| NotATime { line, text });
        report.words_without_weight.clone_from(&gather.unmapped);
        if self.accepted == 0 {
            return Err(ReadError::Empty { name: self.name.to_owned(), report: Box::new(report) });
        }
        if report.columnar.is_none() && !self.is_told && report.is_not_understood() {
            return Err(ReadError::NotUnderstood { name: self.name.to_owned(), report: Box::new(report) });
        }
        let fail = |error: &dyn std::error::Error| too_large(self.name, error);
        let (users, user_place) = gather.users.into_sorted().map_err(|error| fail(&error))?;
        let (items, item_place) = gather.items.into_sorted().map_err(|error| fail(&error))?;
        let sorted = sort::rows(gather.gathered, &user_place, &item_place, repeat).map_err(|error| fail(&error))?;
        let Sorted { matrix, times, duplicates } = sorted;
        report.duplicates = duplicates;
        let is_explicit = has_numbers && !repeat.adds_up() && !roles.counts_by_name();
        let feedback = if is_explicit { Feedback::explicit(matrix.values()) } else { Feedback::Implicit };
        report.feedback = Some(feedback);
        let interactions = Interactions::new(users, items, matrix, times, feedback)
            .map_err(|error: InteractionsError| fail(&error))?;
        Ok((interactions, report))
    }
}

pub(super) fn too_large(name: &str, error: &dyn std::error::Error) -> ReadError {
    ReadError::TooLarge { name: name.to_owned(), reason: error.to_string() }
}
