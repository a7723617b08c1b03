//! Reads a ratings file.

use std::ops::ControlFlow;

use super::gather::Gather;
use super::{
    Feedback, Interactions, InteractionsError, Progress, ReadError, ReadOptions, ReadReport, Reason, Rejected, Roles,
    sort, swift, typed,
};
use crate::columnar::Format;
use crate::table::{CHUNK_BYTES, Compression, Encoding, Fields, Lines, Opened, Record, Separator, Source, open};

/// Reads a file of ratings, one a row: user, item, rating, and any further columns, which are ignored.
///
/// One pass, in chunks of 256 KiB: what is held is the ratings themselves, 8 bytes each, in files whose users come in id
/// order, and up to 24 bytes each while they are sorted in others; lists that grow may hold half as much again. Blank
/// lines are no rows. Spaces and tabs around ids are dropped. Of several ratings of one user for one item the last
/// counts. `progress` is called once a chunk.
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
    let mut reader = Reader { name: &name, options, gather: None, rows: 0, accepted: 0, rejected: Rejected::default() };
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
    pub(super) rejected: Rejected,
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
                            let gather =
                                self.gather.insert(Gather::new(Roles::find(&fields, self.options, self.name)?));
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

    /// Counts a row; an error where none may be rejected.
    pub(super) fn count(&mut self, line: u64, verdict: Result<(), Reason>) -> Result<(), ReadError> {
        self.rows += 1;
        match verdict {
            Ok(()) => self.accepted += 1,
            Err(reason) if self.options.strict => {
                return Err(ReadError::Rejected { name: self.name.to_owned(), line, reason });
            }
            Err(reason) => self.rejected.add(line, reason),
        }
        Ok(())
    }

    fn finish(self, seen: Seen) -> Result<(Interactions, ReadReport), ReadError> {
        let roles = self.gather.as_ref().map(|gather| gather.roles.clone());
        let roles = roles.unwrap_or(Roles { columns: [0, 1, 2], header: None });
        let mut report = ReadReport {
            rows: self.rows,
            accepted: self.accepted,
            rejected: self.rejected,
            duplicates: 0,
            blank_lines: seen.blank_lines,
            bytes: seen.bytes,
            columnar: seen.columnar,
            separator: seen.separator,
            encoding: seen.encoding,
            compression: seen.compression,
            header: roles.header,
            columns: roles.columns.map(|column| column + 1),
        };
        let gather = match self.gather {
            Some(gather) if self.accepted > 0 => gather,
            _ => return Err(ReadError::Empty { name: self.name.to_owned(), report: Box::new(report) }),
        };
        let fail = |error: &dyn std::error::Error| too_large(self.name, error);
        let (users, user_place) = gather.users.into_sorted().map_err(|error| fail(&error))?;
        let (items, item_place) = gather.items.into_sorted().map_err(|error| fail(&error))?;
        let (matrix, duplicates) =
            sort::rows(gather.gathered, &user_place, &item_place).map_err(|error| fail(&error))?;
        report.duplicates = duplicates;
        let feedback = Feedback::explicit(matrix.values());
        let ratings =
            Interactions::new(users, items, matrix, None, feedback).map_err(|error: InteractionsError| fail(&error))?;
        Ok((ratings, report))
    }
}

pub(super) fn too_large(name: &str, error: &dyn std::error::Error) -> ReadError {
    ReadError::TooLarge { name: name.to_owned(), reason: error.to_string() }
}
