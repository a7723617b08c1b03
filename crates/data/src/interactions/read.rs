//! Reads an interactions file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::gather::{Gather, Verdict};
use super::report::{ColumnsRead, NotATime};
use super::sort::Sorted;
use super::{
    Feedback, Interactions, InteractionsError, Progress, ReadError, ReadOptions, ReadReport, Reason, Rejected, Repeat,
    Roles, sort, swift, typed,
};
use crate::columnar::Format;
use crate::table::{CHUNK_BYTES, Compression, Encoding, Fields, Lines, Opened, Record, Separator, Source, open};

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
    let mut reader = Reader {
        name: &name,
        options,
        gather: None,
        rows: 0,
        accepted: 0,
        rejected: Rejected::default(),
        missing: 0,
        not_a_time_at: 0,
    };
    match open(source)? {
        Opened::Text(stream) => {
            let mut lines = Lines::over(stream, options.separator, options.encoding, chunk)?;
            reader.read(&mut lines, progress)?;
            let seen = Seen {
                blank_lines: lines.blank(),
                bytes: lines.bytes(),
                columnar: None,
                separator: lines.format().separator,
                encoding: lines.decoder().encoding(),
                compression: lines.compression(),
            };
            reader.finish(seen)
        }
        Opened::Columns(mut columns) => {
            typed::read(&mut reader, &mut columns, progress)?;
            let seen = Seen {
                blank_lines: 0,
                bytes: columns.progress().bytes_read,
                columnar: Some(columns.format()),
                separator: Separator::Comma,
                encoding: Encoding::Utf8,
                compression: columns.compression(),
            };
            reader.finish(seen)
        }
    }
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
    pub(super) gather: Option<Gather>,
    pub(super) rows: u64,
    pub(super) accepted: u64,
    rejected: Rejected,
    missing: u64,
    /// Line of the first field that is no time, in a column that was not asked for.
    not_a_time_at: u64,
}

impl Reader<'_> {
    fn read(
        &mut self,
        lines: &mut Lines,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let limit = self.options.rows.unwrap_or(u64::MAX);
        let format = lines.format();
        let mut fields = Fields::default();
        while self.accepted < limit {
            if let Some(gather) = &mut self.gather {
                let (bytes, rows) = swift::take(gather, lines.plain_ahead(), format, limit - self.accepted);
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
                    fields.split(lines.row(&row), format.separator);
                    let gather = match &mut self.gather {
                        Some(gather) => gather,
                        None => {
                            let gather = self
                                .gather
                                .insert(Gather::new(Roles::find(&fields, self.options, self.name)?, self.options));
                            if gather.roles.header.is_some() {
                                gather.most_fields = Some(fields.len());
                                continue;
                            }
                            gather
                        }
                    };
                    gather.take(&fields, lines.decoder()).map_err(|error| too_large(self.name, &error))?
                }
                Record::TooLong => Err(Reason::LineTooLong),
                Record::Unterminated => Err(Reason::UnterminatedQuote),
                Record::Stopped => return Err(ReadError::Stopped { name: self.name.to_owned() }),
            };
            self.count(line, verdict)?;
        }
        Ok(())
    }

    /// Counts a row by what it was; an error where none may be rejected.
    pub(super) fn count(&mut self, line: u64, verdict: Verdict) -> Result<(), ReadError> {
        self.rows += 1;
        if self.not_a_time_at == 0 && self.gather.as_ref().is_some_and(|gather| gather.not_a_time.is_some()) {
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
        let word = self.gather.as_ref().and_then(|gather| gather.unmapped.keys().next());
        match (reason, word) {
            (Reason::WordWithoutWeight, Some(word)) => {
                ReadError::WordWithoutWeight { name: self.name.to_owned(), line, word: word.clone() }
            }
            _ => ReadError::Rejected { name: self.name.to_owned(), line, reason },
        }
    }

    fn finish(self, seen: Seen) -> Result<(Interactions, ReadReport), ReadError> {
        let roles = self.gather.as_ref().map_or_else(Roles::by_position, |gather| gather.roles.clone());
        let has_numbers = roles.value.is_some() && self.options.value.is_none();
        let repeat = self.options.repeat.unwrap_or(if has_numbers { Repeat::Last } else { Repeat::Sum });
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
            columns: ColumnsRead::new(&roles),
            feedback: None,
            time_format: None,
            not_a_time: None,
            words_without_weight: BTreeMap::new(),
            header: roles.header.clone(),
        };
        if let Some(gather) = &self.gather {
            let kept = gather.gathered.times.is_some();
            report.time_format = gather.time_format.filter(|_| kept);
            let line = self.not_a_time_at;
            report.not_a_time = gather.not_a_time.clone().map(|text| NotATime { line, text });
            report.words_without_weight.clone_from(&gather.unmapped);
        }
        let gather = match self.gather {
            Some(gather) if self.accepted > 0 => gather,
            _ => return Err(ReadError::Empty { name: self.name.to_owned(), report: Box::new(report) }),
        };
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
