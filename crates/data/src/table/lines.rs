//! A stream of text cut into rows, with bounded memory.

use std::ops::{ControlFlow, Range};

use memchr::memchr;

use super::dialect::{self, Asked, Dialect};
use super::fields::{RowEnd, quoted_row};
use super::{
    ByteStream, Compression, Decoder, Encoding, Format, MAX_LINE_BYTES, Progress, Quote, Separator, Source, TableError,
};

/// Bytes that a file is recognised by.
const SAMPLE_BYTES: usize = 1 << 18;
/// As many at most, where the first rows are very long.
const LONG_SAMPLE_BYTES: usize = 1 << 22;
/// Lines of a row at most, of which all but the last end within quotes: a quote that opens by mistake closes where the
/// next one stands, and all rows between them would be one.
const MOST_LINES: usize = 256;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One row of a file, still in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A row: where its bytes are (see [`Lines::row`]).
    Row(Range<usize>),
    /// A line of more than [`MAX_LINE_BYTES`]; its bytes were skipped.
    TooLong,
    /// A quote opens and does not close before the end of the file or within [`MAX_LINE_BYTES`] and 256 lines; the line is
    /// skipped and reading goes on behind it.
    Unterminated,
    /// Nobody wants more: the progress callback broke off.
    Stopped,
}

/// Reads rows. Blank lines are no rows.
#[derive(Debug)]
pub struct Lines {
    stream: ByteStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Up to here from `start` there is no quote; not known if `None` or before `start`.
    plain: Option<usize>,
    /// Up to here the buffer holds text; what the sample holds beyond `end` is shown a chunk at a time.
    loaded: usize,
    at_end: bool,
    chunk: usize,
    line: u64,
    bytes: u64,
    blank: u64,
    format: Format,
    decoder: Decoder,
}

impl Lines {
    /// Opens a source, undoes compression, and finds out how it is cut. `chunk` bytes are read at a time; the rows
    /// do not depend on it.
    ///
    /// # Errors
    /// When the source does not open, does not decompress, or is UTF-16.
    pub fn open(
        source: Source,
        separator: Option<Separator>,
        encoding: Option<Encoding>,
        chunk: usize,
    ) -> Result<Self, TableError> {
        let mut lines = Self::sample(super::open_text(source)?, encoding, chunk)?;
        let separator = if lines.stream.from_columns { Some(Separator::Comma) } else { separator };
        lines.format = dialect::format(lines.ahead(), lines.at_end, separator);
        lines.show_chunk();
        Ok(lines)
    }

    /// Opens a source as [`open`](Self::open) does, recognises how its table is written, and passes over what stands
    /// before the first row of data.
    ///
    /// # Errors
    /// As `open`, and when two ways of reading it are equally good.
    pub fn recognise(
        source: Source,
        asked: &Asked<'_>,
        encoding: Option<Encoding>,
        chunk: usize,
    ) -> Result<(Self, Dialect), TableError> {
        Self::over(super::open_text(source)?, asked, encoding, chunk)
    }

    /// [`recognise`](Self::recognise) of a stream of text; of text written from columns the dialect is known.
    pub(crate) fn over(
        stream: ByteStream,
        asked: &Asked<'_>,
        encoding: Option<Encoding>,
        chunk: usize,
    ) -> Result<(Self, Dialect), TableError> {
        let mut lines = Self::sample(stream, encoding, chunk)?;
        let written =
            Asked { separator: Some(Separator::Comma), quote: Some(Quote::Double), header: Some(true), ..*asked };
        let asked = if lines.stream.from_columns { &written } else { asked };
        let dialect = dialect::recognise(lines.ahead(), lines.at_end, lines.decoder, asked);
        let dialect =
            dialect.map_err(|undecided| TableError::Undecided { name: lines.stream.name.clone(), undecided })?;
        lines.format = dialect.format;
        lines.start += dialect.skip.bytes;
        lines.line += dialect.skip.lines;
        lines.blank += dialect.skip.blank;
        lines.show_chunk();
        Ok((lines, dialect))
    }

    /// Reads the start of a stream.
    fn sample(stream: ByteStream, encoding: Option<Encoding>, chunk: usize) -> Result<Self, TableError> {
        let mut lines = Self {
            stream,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            plain: None,
            loaded: 0,
            at_end: false,
            chunk: chunk.max(1),
            line: 1,
            bytes: 0,
            blank: 0,
            format: Format::usual(Separator::Comma),
            decoder: Decoder::new(encoding),
        };
        lines.fill(SAMPLE_BYTES)?;
        while !lines.at_end && lines.end < LONG_SAMPLE_BYTES && memchr::memchr_iter(b'\n', lines.ahead()).count() < 8 {
            lines.fill(lines.end)?;
        }
        let sample = &lines.buffer[..lines.end];
        if sample.starts_with(BYTE_ORDER_MARK) {
            lines.start = BYTE_ORDER_MARK.len();
            lines.decoder = Decoder::new(Some(encoding.unwrap_or(Encoding::Utf8)));
        }
        let sample = &lines.buffer[lines.start..lines.end];
        lines.decoder.look_at(sample);
        Ok(lines)
    }

    /// Shows no more of the sample than a chunk.
    fn show_chunk(&mut self) {
        if self.end - self.start > self.chunk {
            self.end = self.start + self.chunk;
            self.at_end = false;
        }
    }

    /// How the file is cut.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// What was undone to read it.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.stream.compression
    }

    /// The decoder of this file's fields.
    pub fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// The line on which the next row starts, counted from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of text read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Blank lines passed so far.
    #[must_use]
    pub fn blank(&self) -> u64 {
        self.blank
    }

    /// How far the file is read.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.stream.progress()
    }

    /// The bytes of a row that [`next`](Self::next) just gave, without the line end.
    #[must_use]
    pub fn row(&self, row: &Range<usize>) -> &[u8] {
        self.buffer.get(row.clone()).unwrap_or(&[])
    }

    fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes read ahead, from the start of the next row, up to the first quote that may count; for a reader that knows
    /// simple rows by sight.
    pub fn plain_ahead(&mut self) -> &[u8] {
        let plain = match self.plain {
            Some(plain) if plain >= self.start => plain,
            _ => {
                let quote = self.format.quote.byte().and_then(|quote| memchr(quote, self.ahead()));
                quote.map_or(self.end, |at| self.start + at)
            }
        };
        self.plain = Some(plain);
        &self.buffer[self.start..plain]
    }

    /// Passes over whole rows of [`plain_ahead`](Self::plain_ahead): so many bytes, so many lines.
    pub fn pass(&mut self, bytes: usize, lines: u64) {
        self.start = self.end.min(self.start + bytes);
        self.line += lines;
    }

    /// The next row and its line, or `None` at the end of the file. `progress` is called before each read.
    ///
    /// # Errors
    /// When the file breaks off or does not decompress.
    pub fn next(
        &mut self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<(u64, Record)>, TableError> {
        loop {
            let line = self.line;
            match self.cut() {
                Cut::Row(length, lines, terminated) => {
                    let row = self.start..self.start + length;
                    self.start = row.end + usize::from(terminated);
                    self.line += lines;
                    let row = self.without_cr(row, terminated);
                    if self.is_blank(&row) {
                        self.blank += 1;
                        continue;
                    }
                    return Ok(Some((line, Record::Row(row))));
                }
                cut @ (Cut::Unterminated | Cut::TooLong) => {
                    let record = if matches!(cut, Cut::TooLong) { Record::TooLong } else { Record::Unterminated };
                    let skipped = self.skip_line(progress)?;
                    return Ok(Some((line, if skipped.is_break() { Record::Stopped } else { record })));
                }
                Cut::End => return Ok(None),
                Cut::More => {
                    if progress(self.progress()).is_break() {
                        return Ok(Some((line, Record::Stopped)));
                    }
                    self.fill(self.chunk)?;
                }
            }
        }
    }

    /// Finds the end of the row that starts the buffer.
    fn cut(&self) -> Cut {
        let ahead = self.ahead();
        let physical = memchr(self.format.terminator, ahead);
        match physical {
            None if ahead.len() > MAX_LINE_BYTES => return Cut::TooLong,
            None if !self.at_end => return Cut::More,
            None if ahead.is_empty() => return Cut::End,
            Some(length) if length > MAX_LINE_BYTES => return Cut::TooLong,
            _ => {}
        }
        let length = physical.unwrap_or(ahead.len());
        let quoting = self.format.quote.byte().is_some_and(|quote| memchr(quote, &ahead[..length]).is_some());
        if !quoting {
            return Cut::Row(length, u64::from(physical.is_some()), physical.is_some());
        }
        let within = &ahead[..ahead.len().min(MAX_LINE_BYTES + 1)];
        match quoted_row(within, self.format) {
            Some((length, RowEnd::Terminator)) => {
                match memchr::memchr_iter(self.format.terminator, &ahead[..=length]).count() {
                    lines @ ..=MOST_LINES => Cut::Row(length, lines as u64, true),
                    _ => Cut::Unterminated,
                }
            }
            _ if within.len() > MAX_LINE_BYTES => Cut::Unterminated,
            _ if !self.at_end => Cut::More,
            Some((length, RowEnd::EndOfBytes)) => {
                let lines = memchr::memchr_iter(self.format.terminator, &ahead[..length]).count();
                Cut::Row(length, lines as u64, false)
            }
            None => Cut::Unterminated,
        }
    }

    fn without_cr(&self, row: Range<usize>, terminated: bool) -> Range<usize> {
        let cr =
            self.format.terminator == b'\n' && self.row(&row).last() == Some(&b'\r') && (terminated || self.at_end);
        row.start..row.end - usize::from(cr)
    }

    fn is_blank(&self, row: &Range<usize>) -> bool {
        let tab = self.format.separator != Separator::Tab;
        self.row(row).iter().all(|&byte| byte == b' ' || (tab && byte == b'\t'))
    }

    /// Passes over the rest of the line, whatever its length, holding one chunk of it.
    fn skip_line(
        &mut self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, TableError> {
        loop {
            if let Some(at) = memchr(self.format.terminator, self.ahead()) {
                self.pass(at + 1, 1);
                return Ok(ControlFlow::Continue(()));
            }
            self.start = self.end;
            if self.at_end {
                return Ok(ControlFlow::Continue(()));
            }
            if progress(self.progress()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.fill(self.chunk)?;
        }
    }

    /// Shows up to `more` bytes behind those still ahead, which move to the front when bytes are read.
    fn fill(&mut self, more: usize) -> Result<(), TableError> {
        self.plain = None;
        if self.end < self.loaded {
            self.end = self.loaded.min(self.end + more);
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < self.end + more {
            self.buffer.resize(self.end + more, 0);
        }
        let got = self.stream.read(&mut self.buffer[self.end..self.end + more]).map_err(|source| TableError::Read {
            name: self.stream.name.clone(),
            bytes: self.bytes,
            source,
        })?;
        self.end += got;
        self.loaded = self.end;
        self.bytes += got as u64;
        self.at_end = got < more;
        Ok(())
    }
}

/// What is to be done about the bytes ahead.
enum Cut {
    /// A row of so many bytes, over so many line ends, with or without a line end of its own.
    Row(usize, u64, bool),
    TooLong,
    Unterminated,
    More,
    End,
}
