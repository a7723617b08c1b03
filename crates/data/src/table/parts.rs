//! Several files as one table: text joined at line ends with one header, or columns of the same names.

use std::io::{self, Read};

use super::fields::Fields;
use super::stream::{self, ByteStream, Opened};
use super::{Source, TableError, dialect};
use crate::source::{Bytes, Counter, read_full};

/// How much of each file is looked at for its first line.
const FIRST_LINE_BYTES: usize = 1 << 16;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Opens files one after the other; each but the first is opened again when its turn comes.
///
/// # Errors
/// When one does not open, when it is of another format, begins with another header, or cannot be read twice.
pub(super) fn open(name: String, parts: Vec<Source>) -> Result<Opened, TableError> {
    let mut sources = parts.into_iter();
    let first_name = sources.as_slice().first().map_or_else(|| name.clone(), Source::name);
    let pipe = sources.as_slice().iter().find(|source| !source.rereadable());
    if let Some(pipe) = pipe.filter(|pipe| pipe.is_pipe() && sources.len() > 1) {
        let reason = "a pipe is read alone".to_owned();
        return Err(TableError::Parts { name: pipe.name(), first: first_name, reason });
    }
    let Some(first) = sources.next() else {
        return Err(TableError::Parts { name, first: first_name, reason: "there are no files".to_owned() });
    };
    match stream::open(first)? {
        Opened::Columns(columns) => columns.followed_by(name, sources.collect()).map(Opened::Columns),
        Opened::Text(first) => text(name, first_name, first, sources.collect()).map(Opened::Text),
    }
}

fn text(name: String, first_name: String, first: ByteStream, rest: Vec<Source>) -> Result<ByteStream, TableError> {
    let compression = first.compression;
    let mut total = first.total;
    let current = Part::new(first, first_name.clone())?;
    let line = current.line.clone();
    let mut parts = Vec::new();
    for source in rest {
        let fail = |reason: String| TableError::Parts { name: source.name(), first: first_name.clone(), reason };
        let Opened::Text(stream) = stream::open(source.clone())? else {
            return Err(fail("the one is text, the other is not".to_owned()));
        };
        total += stream.total;
        let other = Part::new(stream, source.name())?.line;
        if other != line && is_names(&other) {
            return Err(fail(format!("it begins with `{}`, the other with `{}`", shown(&other), shown(&line))));
        }
        parts.push(source);
    }
    let counter = Counter::default();
    let header = is_names(&line).then_some(line);
    let joined = Joined { current, rest: parts.into_iter(), header, last: b'\n', before: 0, counter: counter.clone() };
    Ok(ByteStream { bytes: Box::new(joined), name, compression, counter, total, from_columns: false })
}

fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().take(60).collect()
}

/// Whether a line looks like names of columns: every field begins with a letter or is empty, and at least half of them
/// hold no digit.
fn is_names(line: &[u8]) -> bool {
    let mut fields = Fields::default();
    fields.cut(line, dialect::format(line, true, None));
    let word = |field: &[u8]| {
        let text = String::from_utf8_lossy(field);
        text.chars().next().is_none_or(|first| first.is_alphabetic() || matches!(first, '_' | '#' | '"' | '\''))
    };
    let plain = fields.iter().filter(|field| !field.iter().any(u8::is_ascii_digit)).count();
    !line.is_empty() && fields.iter().all(word) && 2 * plain >= fields.len()
}

/// One file, its first line already read.
struct Part {
    bytes: Bytes,
    name: String,
    /// Without line end and byte order mark.
    line: Vec<u8>,
    /// Bytes of the text up to the end of the first line.
    length: usize,
    head: Vec<u8>,
    counter: Counter,
}

impl Part {
    fn new(stream: ByteStream, name: String) -> Result<Self, TableError> {
        let ByteStream { mut bytes, counter, .. } = stream;
        let mut head = vec![0; FIRST_LINE_BYTES];
        let got = read_full(&mut bytes, &mut head);
        let got = got.map_err(|source| TableError::Read { name: name.clone(), bytes: 0, source })?;
        head.truncate(got);
        let mark = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let end = memchr::memchr2(b'\n', b'\r', &head).unwrap_or(head.len());
        let length = match head.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([_, ..]) => end + 1,
            _ => end,
        };
        let line = head[mark.min(end)..end].to_vec();
        Ok(Self { bytes, name, line, length, head, counter })
    }

    /// Passes over the first line, or the byte order mark alone.
    fn pass(mut self, line: bool) -> Self {
        let mark = if self.head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        self.head.drain(..if line { self.length } else { mark });
        self
    }
}

/// Text of one file after the other, with a line end between two and the header of the first alone.
struct Joined {
    current: Part,
    rest: std::vec::IntoIter<Source>,
    header: Option<Vec<u8>>,
    last: u8,
    /// Stored bytes of the files before.
    before: u64,
    counter: Counter,
}

impl Joined {
    fn named(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.current.name))
    }
}

impl Read for Joined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.current.head.is_empty() {
                let got = buffer.len().min(self.current.head.len());
                buffer[..got].copy_from_slice(&self.current.head[..got]);
                self.current.head.drain(..got);
                self.last = buffer[got - 1];
                return Ok(got);
            }
            let got = self.current.bytes.read(buffer).map_err(|error| self.named(&error))?;
            self.counter.set(self.before + self.current.counter.get());
            if got > 0 {
                self.last = buffer[got - 1];
                return Ok(got);
            }
            let Some(next) = self.rest.next() else { return Ok(0) };
            self.before += self.current.counter.get();
            let name = next.name();
            let opened = stream::open(next).and_then(|opened| match opened {
                Opened::Text(stream) => Part::new(stream, name.clone()),
                Opened::Columns(_) => {
                    let reason = "it changed while it was read".to_owned();
                    Err(TableError::Parts { name: name.clone(), first: self.current.name.clone(), reason })
                }
            });
            let next = opened.map_err(|error| io::Error::other(error.to_string()))?;
            let repeated = self.header.as_ref() == Some(&next.line);
            self.current = next.pass(repeated);
            if !matches!(self.last, b'\n' | b'\r') {
                self.last = b'\n';
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_rows() {
        for names in
            ["user,item,rating", "userId;movieId;time", "\u{feff}a", ",user_id,item_2,rating", "\"user\",\"item\""]
        {
            assert!(is_names(names.trim_start_matches('\u{feff}').as_bytes()), "{names}");
        }
        for row in ["1,2,3", "u1,i7,view", "", "ann,book,2020-01-01", "1::2::3", "u1,i1,5"] {
            assert!(!is_names(row.as_bytes()), "{row}");
        }
    }
}
