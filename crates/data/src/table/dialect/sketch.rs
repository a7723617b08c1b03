//! What a column holds, as far as a sample shows.

use std::collections::BTreeSet;

use memchr::memchr;
use serde::{Deserialize, Serialize};

/// What stands between the whole part of a number and its fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// A point.
    #[default]
    Point,
    /// A point, and commas between thousands.
    Thousands,
    /// A comma, and points between thousands.
    Comma,
    /// No number had a fraction so far: a point, or a comma that cannot stand between thousands.
    Open,
}

impl Decimal {
    /// The number with a decimal point and nothing between thousands; `None` where it is written so already, or is none.
    #[must_use]
    pub fn with_point(self, text: &[u8]) -> Option<Vec<u8>> {
        if self == Self::Point {
            return None;
        }
        if self == Self::Thousands {
            memchr(b',', text)?;
            return is_grouped(text, b',', b'.').then(|| text.iter().copied().filter(|&byte| byte != b',').collect());
        }
        if self == Self::Comma && is_grouped(text, b'.', b',') {
            return Some(
                text.iter().filter(|&&byte| byte != b'.').map(|&b| if b == b',' { b'.' } else { b }).collect(),
            );
        }
        let at = memchr(b',', text)?;
        let fraction = without_exponent(&text[at + 1..]);
        let single = fraction.iter().all(u8::is_ascii_digit) && !text[..at].contains(&b'.');
        let thousands = text.len() - at == 4 || fraction.is_empty();
        if !single || (self == Self::Open && thousands) {
            return None;
        }
        let mut text = text.to_vec();
        text[at] = b'.';
        Some(text)
    }
}

/// Digits without the power of ten behind them: `234` of `234e+02`.
fn without_exponent(fraction: &[u8]) -> &[u8] {
    let Some(at) = memchr::memchr2(b'e', b'E', fraction) else { return fraction };
    let power = &fraction[at + 1..];
    let power = power.strip_prefix(b"-").or_else(|| power.strip_prefix(b"+")).unwrap_or(power);
    let is_power = !power.is_empty() && power.iter().all(u8::is_ascii_digit);
    if is_power { &fraction[..at] } else { fraction }
}

/// Whether a mark stands between the thousands of a number, as in `1.000` and `12.500.000,5`.
fn is_grouped(text: &[u8], mark: u8, decimal: u8) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (whole, fraction) = memchr(decimal, text).map_or((text, &b"0"[..]), |at| (&text[..at], &text[at + 1..]));
    let mut groups = whole.split(|&byte| byte == mark);
    let digits = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && digits(group) && group[0] != b'0');
    let mut more = 0;
    let threes = groups.all(|group| {
        more += 1;
        group.len() == 3 && digits(group)
    });
    first && threes && more > 0 && digits(fraction)
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing stands in it.
    Empty,
    /// Whole numbers.
    Whole,
    /// Numbers.
    Number,
    /// Seconds or milliseconds since 1970, or dates.
    Time,
    /// Lists of texts, `, ` or `|` between them.
    Set,
    /// Anything else.
    Text,
}

/// Counts of what the cells of one column are.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    /// Cells looked at.
    pub cells: usize,
    /// Empty ones, and words for nothing such as `NaN`.
    pub missing: usize,
    /// Whole numbers.
    pub whole: usize,
    /// Numbers with a decimal point or an exponent.
    pub point: usize,
    /// Numbers with a decimal comma.
    pub comma: usize,
    /// Of these, such as could have a comma between thousands.
    pub thousands: usize,
    /// Numbers without a comma whose points could stand between thousands.
    pub grouped: usize,
    /// Numbers whose points cannot be read otherwise: two of them, or a decimal comma behind one.
    pub groups_only: usize,
    /// Numbers whose commas can only stand between thousands: two of them, or a decimal point behind one.
    pub comma_groups: usize,
    /// Whole numbers of one digit or two.
    pub short: usize,
    /// Numbers that start with a superfluous zero.
    pub padded: usize,
    /// Dates.
    pub dates: usize,
    /// Texts with a control character in them.
    pub controls: usize,
    /// Zeros.
    pub zeros: usize,
    /// Texts with a space or a comma in them.
    pub phrases: usize,
    /// Texts with `, ` or `|` in them.
    pub lists: usize,
    /// Smallest and largest number.
    pub range: Option<(f64, f64)>,
    /// Each cell is a whole number and one more than that before it, from 0 or 1 on.
    pub counts: bool,
    /// Each cell is a whole number and greater than that before it.
    pub rises: bool,
    first: Option<f64>,
    last: Option<f64>,
    /// Whether a cell came again, as far as is remembered.
    repeats: bool,
    /// Different cells, the first [`DISTINCT`](Self::DISTINCT) of them.
    pub distinct: BTreeSet<Vec<u8>>,
}

/// Words for a value that is not there.
const MISSING: [&str; 13] = ["", "nan", "na", "n/a", "null", "none", "?", "-", ".", "..", "<na>", "#n/a", "\\n"];

/// Whether a cell says that there is no value.
pub(crate) fn is_missing(cell: &[u8]) -> bool {
    cell.len() <= 4 && MISSING.iter().any(|word| cell.eq_ignore_ascii_case(word.as_bytes()))
}

/// A finite number, with a decimal comma if that may be.
pub(super) fn number(cell: &[u8], comma: bool) -> Option<f64> {
    let plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-' | b'+' | b'e' | b'E');
    if !cell.iter().all(plain) || cell.is_empty() {
        return None;
    }
    // One point alone is taken for that before a fraction.
    let marked = comma && (memchr(b',', cell).is_some() || memchr::memchr_iter(b'.', cell).count() > 1);
    let with_point =
        if marked { Decimal::Comma.with_point(cell).or_else(|| Decimal::Thousands.with_point(cell)) } else { None };
    let text = std::str::from_utf8(with_point.as_deref().unwrap_or(cell)).ok()?;
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

impl Sketch {
    /// Different cells that are remembered.
    pub const DISTINCT: usize = 256;

    /// The column of these cells.
    pub(crate) fn of<'a>(cells: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut sketch = Self { counts: true, rises: true, ..Self::default() };
        for cell in cells {
            sketch.add(cell);
        }
        let first = sketch.first.is_some_and(|first| (0.0..=1.0).contains(&first));
        sketch.counts &= first && sketch.whole == sketch.cells;
        sketch.rises &= sketch.cells > 0 && sketch.whole == sketch.cells;
        sketch
    }

    fn add(&mut self, cell: &[u8]) {
        self.cells += 1;
        let room = self.distinct.len() < Self::DISTINCT;
        if room || !self.repeats {
            let known = self.distinct.contains(cell);
            self.repeats |= known;
            if room && !known {
                self.distinct.insert(cell.to_vec());
            }
        }
        if is_missing(cell) {
            self.missing += 1;
            return;
        }
        let grouped = is_grouped(cell, b'.', b',');
        let only = grouped && (memchr::memchr_iter(b'.', cell).count() > 1 || memchr(b',', cell).is_some());
        self.grouped += usize::from(grouped && memchr(b',', cell).is_none());
        self.groups_only += usize::from(only);
        let Some(value) = number(cell, true) else {
            let text = String::from_utf8_lossy(cell);
            let date = is_date(&text);
            self.controls += usize::from(text.contains(char::is_control));
            self.dates += usize::from(date);
            self.phrases += usize::from(!date && text.contains([' ', ',']));
            self.lists += usize::from(text.contains(", ") || text.contains('|'));
            return;
        };
        let commas = memchr::memchr_iter(b',', cell).count();
        if is_grouped(cell, b',', b'.') && (commas > 1 || commas == 1 && memchr(b'.', cell).is_some()) {
            self.comma_groups += 1;
        } else if let Some(at) = memchr(b',', cell) {
            self.comma += 1;
            let digits = cell[..at].iter().filter(|byte| byte.is_ascii_digit()).count();
            self.thousands += usize::from(cell.len() - at == 4 && (1..=3).contains(&digits) && cell[0] != b'0');
        } else if cell.iter().all(u8::is_ascii_digit) || (cell.len() > 1 && cell[1..].iter().all(u8::is_ascii_digit)) {
            self.whole += 1;
            self.short += usize::from(cell.len() <= 2 && cell.iter().all(u8::is_ascii_digit));
        } else {
            self.point += 1;
        }
        self.padded += usize::from(cell.len() > 1 && cell[0] == b'0' && cell[1].is_ascii_digit());
        self.zeros += usize::from(value == 0.0);
        let (low, high) = self.range.unwrap_or((value, value));
        self.range = Some((low.min(value), high.max(value)));
        if let Some(last) = self.last {
            self.counts &= (value - last - 1.0).abs() < f64::EPSILON;
            self.rises &= value > last;
        }
        self.first.get_or_insert(value);
        self.last = Some(value);
    }

    /// Cells that hold something.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.cells - self.missing
    }

    /// Cells that are numbers.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.whole + self.point + self.comma + self.comma_groups
    }

    /// Whether all cells but a few are numbers, and there is one at least.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.filled() > 0 && self.numbers() * 100 >= self.filled() * 95
    }

    /// Whether the numbers are seconds or milliseconds since 1970, from 1973 on.
    #[must_use]
    pub fn is_epoch(&self) -> bool {
        let within = |low: f64, high: f64| self.range.is_some_and(|range| range.0 >= low && range.1 <= high);
        self.is_numeric() && self.comma == 0 && (within(1e8, 4.2e9) || within(1e11, 4.2e12))
    }

    /// Whether no two cells are equal, as far as is remembered.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        !self.repeats
    }

    /// The text of all cells that are neither numbers nor empty, if it is one short text beside numbers.
    #[must_use]
    pub fn filler(&self) -> Option<&[u8]> {
        let is_text = |cell: &&Vec<u8>| !is_missing(cell) && number(cell, true).is_none();
        let mut texts = self.distinct.iter().filter(is_text);
        let filler = texts.next().filter(|text| text.len() <= 4 && self.distinct.len() < Self::DISTINCT)?;
        (texts.next().is_none() && self.numbers() > 0).then_some(filler)
    }

    /// What the column holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let filled = self.filled();
        if filled == 0 {
            Kind::Empty
        } else if self.dates * 100 >= filled * 95 || self.is_epoch() {
            Kind::Time
        } else if self.whole == filled {
            Kind::Whole
        } else if self.is_numeric() {
            Kind::Number
        } else if self.lists * 100 >= filled {
            Kind::Set
        } else {
            Kind::Text
        }
    }
}

/// Whether a text starts with a date: `2024-01-05`, `05.01.2024`, `1/5/2024`.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(4, |c: char| !c.is_ascii_digit());
    let (Some(a), Some(b), Some(c)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let mark = text.as_bytes().get(a.len()).copied();
    let second = text.as_bytes().get(a.len() + 1 + b.len()).copied();
    let shape = matches!((a.len(), b.len(), c.len()), (4, 1..=2, 1..=2) | (1..=2, 1..=2, 4) | (1..=2, 1..=2, 2));
    shape && mark == second && matches!(mark, Some(b'-' | b'.' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(cells: &[&str]) -> Sketch {
        Sketch::of(cells.iter().map(|cell| cell.as_bytes()))
    }

    #[test]
    fn a_column_is_what_its_cells_are() {
        for (cells, kind) in [
            (&["1", "20", ""][..], Kind::Whole),
            (&["1", "4,5", "-2"], Kind::Number),
            (&["881250949", "891717742"], Kind::Time),
            (&["2024-01-05T10:00:00Z", "2024-01-06"], Kind::Time),
            (&["05.01.2024 10:00", "06.01.2024 10:00"], Kind::Time),
            (&["Action, Comedy", "Drama"], Kind::Set),
            (&["anna", "7"], Kind::Text),
            (&["", "NaN"], Kind::Empty),
        ] {
            assert_eq!(sketch(cells).kind(), kind, "{cells:?}");
        }
    }
}
