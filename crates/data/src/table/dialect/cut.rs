//! Which separator and which quotes cut a sample into rows of equal numbers of fields.

use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::super::fields::{RowEnd, closing, quoted_row, trim};
use super::super::{Fields, Format, MAX_LINE_BYTES, Quote, Separator};
use super::Skip;
use super::head::BEFORE;
use super::sketch::number;

/// Rows that separators are compared on.
const COMPARED: usize = 200;

/// A row of the sample, without its line end, and what was passed over when it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) skip: Skip,
}

/// The first rows of a sample; a row that the sample breaks off is none, unless it is the whole file.
pub(super) fn rows(sample: &[u8], complete: bool, format: Format, limit: usize) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut skip = Skip::default();
    while skip.bytes < sample.len() && spans.len() < limit {
        let start = skip.bytes;
        let rest = &sample[start..];
        let physical = memchr(format.terminator, rest);
        if physical.is_none() && !complete {
            break;
        }
        let mut length = physical.unwrap_or(rest.len());
        let mut broken = length > MAX_LINE_BYTES;
        let quoting = format.quote.byte().is_some_and(|quote| memchr(quote, &rest[..length]).is_some());
        if quoting && !broken {
            match quoted_row(&rest[..rest.len().min(MAX_LINE_BYTES + 1)], format) {
                Some((row, RowEnd::Terminator)) => length = row,
                Some((row, RowEnd::EndOfBytes)) if complete => length = row,
                _ if complete || rest.len() > MAX_LINE_BYTES => broken = true,
                _ => break,
            }
        }
        let ended = length < rest.len();
        skip.lines += memchr_iter(format.terminator, &rest[..length]).count() as u64 + u64::from(ended);
        skip.bytes = start + length + usize::from(ended);
        let row = &rest[..length];
        let row = if format.terminator == b'\n' { row.strip_suffix(b"\r").unwrap_or(row) } else { row };
        if broken {
            continue;
        }
        if row.iter().all(|&byte| byte == b' ' || (byte == b'\t' && format.separator != Separator::Tab)) {
            skip.blank += 1;
            continue;
        }
        spans.push(Span { start, end: start + row.len(), skip });
    }
    spans
}

/// How well a format explains the sample.
#[derive(Clone, Copy, Debug)]
struct Score {
    /// Share of rows that have the commonest number of fields.
    even: f64,
    /// Share of quoted fields that close where the field ends.
    closed: f64,
    /// Share of the rows whose first two cells hold no other separator.
    clean: f64,
    /// Share of the cells that are not empty that are numbers.
    numbers: f64,
}

impl Score {
    /// Whether it is better than another by more than chance.
    fn beats(self, other: Self) -> bool {
        if (self.even - other.even).abs() > 0.04 {
            return self.even > other.even;
        }
        if (self.closed - other.closed).abs() > 0.0005 {
            return self.closed > other.closed;
        }
        if (self.clean - other.clean).abs() > 0.5 {
            return self.clean > other.clean;
        }
        self.numbers > other.numbers + 0.15
    }
}

/// The format that explains the sample best; of equal ones the first of [`Separator::ALL`], with its usual quotes.
pub(super) fn best(sample: &[u8], complete: bool, separator: Option<Separator>, quote: Option<Quote>) -> Format {
    let lone_cr = !sample.contains(&b'\n') && sample.contains(&b'\r');
    let terminator = if lone_cr { b'\r' } else { b'\n' };
    let separators = separator.map_or_else(|| Separator::ALL.to_vec(), |separator| vec![separator]);
    let mut best: Option<(Format, Score)> = None;
    for separator in separators {
        let usual = Format::usual(separator);
        let usual = Format { terminator, quote: quote.unwrap_or(usual.quote), ..usual };
        for quote in quotes(sample, usual, quote) {
            let format = Format { quote, ..usual };
            let spans = rows(sample, complete, format, COMPARED);
            let cut: Vec<&[u8]> = spans.iter().map(|span| &sample[span.start..span.end]).collect();
            let Some(score) = score(&cut, format, usual) else { continue };
            if best.is_none_or(|(_, so_far)| score.beats(so_far)) {
                best = Some((format, score));
            }
        }
    }
    let nothing = Format::usual(separator.unwrap_or(Separator::Comma));
    best.map_or(Format { terminator, quote: quote.unwrap_or(nothing.quote), ..nothing }, |(format, _)| format)
}

/// The quotes that come into question: the usual ones first.
fn quotes(sample: &[u8], usual: Format, told: Option<Quote>) -> Vec<Quote> {
    if let Some(told) = told {
        return vec![told];
    }
    let mut quotes = vec![usual.quote];
    let double = memchr(b'"', sample).is_some();
    if double && usual.quote == Quote::None {
        quotes.push(Quote::Double);
    }
    if double && memmem::find(sample, b"\\\"").is_some() {
        quotes.push(Quote::Backslash);
    }
    let single = memchr(b'\'', sample).is_some();
    if single {
        quotes.push(Quote::Single);
    }
    if single && memmem::find(sample, b"\\'").is_some() {
        quotes.push(Quote::SingleBackslash);
    }
    quotes
}

/// The score of a format; `None` where it finds nothing to cut, or no evidence for quotes that are not usual.
fn score(rows: &[&[u8]], format: Format, usual: Format) -> Option<Score> {
    let rows = &rows[titles(rows)..];
    let mut fields = Fields::default();
    let mut counts = Vec::with_capacity(rows.len());
    let (mut numbers, mut cells, mut clean, mut doubled) = (0usize, 0usize, 0usize, 0usize);
    let doubles = matches!(format.separator, Separator::Tab | Separator::Pipe);
    let is_number = |cell: &[u8]| number(cell, format.separator != Separator::Comma).is_some();
    for (at, row) in rows.iter().enumerate() {
        fields.cut(row, format);
        counts.push(fields.len());
        // Between separators of two characters every second field is empty.
        let every_second = || fields.iter().enumerate().all(|(at, cell)| cell.is_empty() == (at % 2 == 1));
        doubled += usize::from(doubles && fields.len() > 2 && fields.len() % 2 == 1 && every_second());
        if at > 0 {
            cells += fields.iter().filter(|cell| !cell.is_empty()).count();
            numbers += fields.iter().filter(|cell| is_number(cell)).count();
            clean += usize::from(fields.iter().take(2).all(|cell| is_number(cell) || is_clean(cell, format.separator)));
        }
    }
    if doubled * 100 >= rows.len() * 95 && doubled > 0 {
        return None;
    }
    let numbers = numbers as f64 / cells.max(1) as f64;
    let mut even = even(&counts);
    let ends: Vec<bool> = rows.iter().map(|row| row.ends_with(format.separator.bytes())).collect();
    if ends.iter().filter(|&&ends| ends).count() * 10 >= rows.len() * 6 {
        let trimmed: Vec<usize> =
            counts.iter().zip(ends).map(|(&count, ends)| count - usize::from(ends && count > 1)).collect();
        even = even.max(self::even(&trimmed));
    }
    if even == 0.0 {
        return None;
    }
    // Spaces stand in names as well; another separator that stands in all rows equally often does not.
    if format.separator == Separator::Space && numbers < 0.6 && holds_another(rows) {
        even = even.min(0.7);
    }
    // Nor do tabs stand alone in rows that spaces cut, unless they come in runs.
    let tabs = |row: &&&[u8]| memchr(b'\t', row).is_some() && memchr(b' ', row).is_none();
    if format.separator == Separator::Space && rows.iter().filter(tabs).count() * 10 >= rows.len() * 6 {
        even *= 0.8;
    }
    let quoted = Quoted::count(rows, format, usual_count(&counts));
    if format.quote != usual.quote && !quoted.convinces() {
        return None;
    }
    // Usual quotes that nobody uses are no worse than unusual ones that are used.
    let closed = match quoted.opened {
        0 => 0.99,
        opened => quoted.closed as f64 / opened as f64,
    };
    Some(Score { even, closed, clean: clean as f64 / rows.len().saturating_sub(1).max(1) as f64, numbers })
}

/// Lines before a table that do not say how it is cut: none holds a separator that nearly all lines below hold, in each
/// as often as in the others. Words of a title would be fields between spaces.
fn titles(rows: &[&[u8]]) -> usize {
    let found =
        [Separator::Tab, Separator::DoubleColon, Separator::Semicolon, Separator::Pipe].iter().find_map(|other| {
            let count = |row: &&[u8]| memmem::find_iter(row, other.bytes()).count();
            let before = rows.iter().take(BEFORE + 1).position(|row| count(row) > 0)?;
            let (below, common) = (rows.len() - before, alike(rows[before..].iter().map(count).collect()));
            (before > 0 && below > 1 && common * 10 >= below * 9).then_some(before)
        });
    found.unwrap_or(0)
}

/// How many counts are equal at most, zeros left out.
fn alike(mut counts: Vec<usize>) -> usize {
    counts.sort_unstable();
    counts.chunk_by(|a, b| a == b).filter(|run| run[0] > 0).map(<[usize]>::len).max().unwrap_or(0)
}

/// The commonest number of fields.
pub(super) fn usual_count(counts: &[usize]) -> usize {
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    counts.chunk_by(|a, b| a == b).max_by_key(|run| run.len()).map_or(0, |run| run[0])
}

/// Whether most rows hold tabs, and spaces within what stands between them.
pub(super) fn mixes_tabs_and_spaces(rows: &[&[u8]]) -> bool {
    let within = |row: &[u8]| {
        row.windows(3)
            .any(|part| part[1] == b' ' && !matches!(part[0], b' ' | b'\t') && !matches!(part[2], b' ' | b'\t'))
    };
    let both = rows.iter().filter(|row| memchr(b'\t', row).is_some() && within(row)).count();
    both * 10 >= rows.len() * 5 && both > 0
}

/// How evenly rows are cut, 1 at most.
fn even(counts: &[usize]) -> f64 {
    let share = |least: usize| {
        let of = |width: usize| counts.iter().filter(|&&count| count == width).count() as f64;
        // Rows may lack a field or have one more; those that do speak three quarters for it.
        let near = |width: usize| of(width + 1).max(if width > least { of(width - 1) } else { 0.0 });
        let mut widths: Vec<usize> = counts.iter().copied().filter(|&count| count >= least).collect();
        widths.sort_unstable();
        widths.dedup();
        let shares = widths.into_iter().map(|width| of(width) + 0.75 * near(width));
        shares.fold(0.0, f64::max) / counts.len().max(1) as f64
    };
    // A table of two columns is rarer than one of three, and a row of text falls in two more easily.
    share(3).max(0.8 * share(2))
}

/// Whether a cell holds no other separator, and is not several numbers with spaces between them.
fn is_clean(cell: &[u8], separator: Separator) -> bool {
    let other = |other: &Separator| {
        *other != separator && *other != Separator::Space && memmem::find(cell, other.bytes()).is_some()
    };
    let words = || cell.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let several =
        separator != Separator::Space && words().count() > 1 && words().all(|word| number(word, true).is_some());
    !several && !Separator::ALL.iter().any(other)
}

/// Whether another separator than spaces stands in nearly all rows, in each as often as in the others.
fn holds_another(rows: &[&[u8]]) -> bool {
    [Separator::Tab, Separator::DoubleColon, Separator::Semicolon, Separator::Pipe, Separator::Comma].iter().any(
        |other| {
            let quoted = |byte: &u8| matches!(byte, b'"' | b'\'' | b' ');
            let word = |word: &[u8]| {
                // A comma within a number is a decimal one.
                let inner: Vec<u8> = word.iter().copied().filter(|byte| !quoted(byte)).collect();
                let number = *other == Separator::Comma && number(&inner, true).is_some();
                if number { 0 } else { memmem::find_iter(word, other.bytes()).count() }
            };
            let count = |row: &&[u8]| row.split(|&byte| byte == b' ').map(word).sum::<usize>();
            alike(rows.iter().map(count).collect()) * 100 >= rows.len() * 95
        },
    )
}

/// How quotes are used in some rows.
#[derive(Debug, Default)]
struct Quoted {
    opened: usize,
    closed: usize,
    /// Quoted fields that hold a separator or a quote.
    needed: usize,
    /// Quoted fields that hold a line end and no separator, in rows of as many fields as most have.
    lines: usize,
    /// Rows of two fields or more, of which those that are no numbers are quoted.
    rows: usize,
    /// Most quoted fields in one column, and the rows.
    column: usize,
    of: usize,
}

impl Quoted {
    /// `width` is the commonest number of fields.
    fn count(rows: &[&[u8]], format: Format, width: usize) -> Self {
        let mut found = Self { of: rows.len(), ..Self::default() };
        let Some(quote) = format.quote.byte() else { return found };
        let separator = format.separator.bytes();
        let mut columns = Vec::new();
        for row in rows.iter().filter(|row| memchr(quote, row).is_some()) {
            let (mut rest, mut at, mut all, mut here, mut lines) = (*row, 0, true, 0, 0);
            loop {
                rest = if format.separator == Separator::Space { trim(rest) } else { rest };
                let (mut whole, mut within, mut alone) = (false, false, false);
                if rest.first() == Some(&quote) {
                    found.opened += 1;
                    let end = closing(&rest[1..], format.quote).map_or(rest.len(), |end| end + 1);
                    let inner = rest.get(1..end.saturating_sub(1)).unwrap_or_default();
                    rest = &rest[end..];
                    let ends = rest.starts_with(separator)
                        || (format.separator == Separator::Space && rest.starts_with(b"\t"));
                    whole = end > 1 && (ends || trim(rest).is_empty());
                    found.closed += usize::from(whole);
                    let holds = |bytes: &[u8]| memmem::find(inner, bytes).is_some();
                    within = memchr(format.terminator, inner).is_none();
                    alone = !holds(separator);
                    found.needed += usize::from(whole && within && (holds(separator) || holds(&[quote])));
                }
                here += usize::from(whole && within);
                lines += usize::from(whole && !within && alone);
                let end = memmem::find(rest, separator).unwrap_or(rest.len());
                all &= whole || trim(&rest[..end]).is_empty() || number(trim(&rest[..end]), true).is_some();
                if columns.len() == at {
                    columns.push(0);
                }
                columns[at] += usize::from(whole);
                at += 1;
                let next = if format.separator == Separator::Space {
                    memchr2(b' ', b'\t', rest).map(|next| (next, 1))
                } else {
                    memmem::find(rest, separator).map(|next| (next, separator.len()))
                };
                let Some((next, length)) = next else { break };
                rest = &rest[next + length..];
            }
            found.rows += usize::from(all && here > 0 && at > 1);
            found.lines += if at == width { lines } else { 0 };
        }
        found.column = columns.into_iter().max().unwrap_or(0);
        found
    }

    /// Whether quotes that are not usual are meant as such: nearly all close, and they are there for a reason.
    fn convinces(&self) -> bool {
        let close = self.opened > 0 && self.closed * 100 >= self.opened * 98;
        close
            && (self.needed > 0 || self.lines > 0 || self.rows > 0 || (self.of > 1 && self.column * 10 >= self.of * 9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_that_cuts_evenly_wins() {
        for (text, separator) in [
            ("1,2,3\n4,5,6\n", Separator::Comma),
            ("1;2;3,5\n4;5;6,5\n", Separator::Semicolon),
            ("1\t2\t3\t4\n", Separator::Tab),
            ("1::2::3::4", Separator::DoubleColon),
            ("1|2|3\r\n1|2|3", Separator::Pipe),
            ("movieId,title,genres\n1,\"A|B, C (1990)\",X|Y\n2,C,Z|W\n", Separator::Comma),
            ("1::A, B (1995)::X|Y|Z\n2::C, D (1995)::X|Y|Z\n", Separator::DoubleColon),
            ("1 2 3\n4 5 6\n", Separator::Space),
            ("1 2 3,5\n4 5 6,5\n", Separator::Space),
            ("1|4,5|3,5|2,5\n2|4,5|3,5|2,0\n", Separator::Pipe),
            ("1,The Matrix\n2,Am Ende\n", Separator::Comma),
            ("Old Stone 12\tKing Road 3\nBig Star 4\tRed House 9\n", Separator::Tab),
            ("Old Stone 12|King Road 3\nBig Star 4|Red House 9\n", Separator::Pipe),
            ("1|10|5|3,7,9\n2|11|4|1,2,3\n", Separator::Pipe),
            ("1 10 5 3,7,9\n2 11 4 1,2,3\n", Separator::Space),
            ("New Old 6,Star 4,5.0,\nBig Red 7,King 1,4.0,\nBig Sea 7,King 2,4.0,x\n", Separator::Comma),
            ("", Separator::Comma),
            ("hello", Separator::Comma),
        ] {
            assert_eq!(best(text.as_bytes(), true, None, None).separator, separator, "{text:?}");
        }
    }

    #[test]
    fn quotes_are_meant_where_they_close_and_there_is_a_reason() {
        for (text, quote) in [
            ("\"a\"\t\"b\"\t\"5\"\n\"c\"\t\"b\"\t\"4\"\n", Quote::Double),
            ("'a','b','5'\n'c','b','4'\n", Quote::Single),
            ("'Til\t1\t5\nit's\t2\t4\n", Quote::None),
            ("7\tgood\t4\n8\t\"a\nb\"\t3\n9\tbad\t1\n", Quote::Double),
            ("1\t2\t3\n\"4\t5\t6\n7\t8\"\t9\n", Quote::None),
            ("\"a\t1\t5\nb\"\t2\t4\n", Quote::None),
            ("\"a\\\",b\",1,5\n\"c\",2,4\n", Quote::Backslash),
            ("'a\\',b',1,5\n'c',2,4\n", Quote::SingleBackslash),
            ("'o\\'neil'\t1\t5\n'c'\t2\t4\n", Quote::SingleBackslash),
            ("it\\'s\t1\t5\nc\t2\t4\n", Quote::None),
            ("a,1,5\nb,2,4\n", Quote::Double),
            ("a,'b',5\nb,'c',4\nc,d,3", Quote::Double),
        ] {
            assert_eq!(best(text.as_bytes(), true, None, None).quote, quote, "{text:?}");
        }
    }
}
