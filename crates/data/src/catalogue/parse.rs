//! Text of a cell to a value of a known type.

use super::time;
use super::value::{PropertyType, Value};

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    String,
    Text,
    Number,
    Bool,
    Time(Clock),
    Set(Split),
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// RFC 3339.
    Text,
    /// Whole seconds since 1970.
    Seconds,
    /// Whole milliseconds since 1970.
    Millis,
    /// Any of these; whole numbers of 12 digits and more are milliseconds.
    Any,
}

/// What stands between the values of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    Pipe,
    Comma,
    Space,
    /// `['a', 'b']` or `["a", "b"]`.
    List,
}

/// What MovieLens writes for an empty set.
pub(super) const NO_GENRES: &str = "(no genres listed)";
/// Words that other programs write for a missing number, time or truth.
const MISSING_WORDS: [&str; 10] = ["NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "\\N", "NaT"];

impl Syntax {
    pub(super) fn kind(self) -> PropertyType {
        match self {
            Self::String => PropertyType::String,
            Self::Text => PropertyType::Text,
            Self::Number => PropertyType::Number,
            Self::Bool => PropertyType::Bool,
            Self::Time(_) => PropertyType::Time,
            Self::Set(_) => PropertyType::Set,
        }
    }

    /// Every way to write a type, for a type that was declared; `split` is how its sets are written.
    pub(super) fn declared(kind: PropertyType, split: Split) -> Self {
        match kind {
            PropertyType::String => Self::String,
            PropertyType::Text => Self::Text,
            PropertyType::Number => Self::Number,
            PropertyType::Bool => Self::Bool,
            PropertyType::Time => Self::Time(Clock::Any),
            PropertyType::Set => Self::Set(split),
        }
    }
}

/// A cell that does not fit its syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misfit;

/// Reads a cell, given without spaces at its ends; an empty one is a missing value.
pub(super) fn parse(syntax: Syntax, cell: &str) -> Result<Option<Value<'_>>, Misfit> {
    if cell.is_empty() {
        return Ok(None);
    }
    let value = match syntax {
        Syntax::String if cell == NO_GENRES => return Ok(None),
        Syntax::String => Some(Value::String(cell)),
        Syntax::Text => Some(Value::Text(cell)),
        Syntax::Set(split) => Some(Value::Set(parts(split, cell))),
        _ if is_missing_word(cell) => return Ok(None),
        Syntax::Number => number(cell).map(Value::Number),
        Syntax::Bool => truth(cell).map(Value::Bool),
        Syntax::Time(clock) => instant(clock, cell).map(Value::Time),
    };
    value.map(Some).ok_or(Misfit)
}

pub(super) fn is_missing_word(cell: &str) -> bool {
    MISSING_WORDS.contains(&cell)
}

/// A finite decimal number; words such as `inf` are none.
pub(super) fn number(cell: &str) -> Option<f64> {
    let of_a_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    if !cell.bytes().all(of_a_number) {
        return None;
    }
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

fn truth(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "t" | "y" => Some(true),
        "false" | "0" | "no" | "f" | "n" => Some(false),
        _ => None,
    }
}

pub(super) fn instant(clock: Clock, cell: &str) -> Option<i64> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let whole = || digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| cell.parse::<i64>().ok()).flatten();
    let millis = match clock {
        Clock::Text => time::parse(cell),
        Clock::Seconds => whole()?.checked_mul(1000),
        Clock::Millis => whole(),
        Clock::Any => match whole() {
            Some(millis) if digits.len() >= 12 => Some(millis),
            Some(seconds) => seconds.checked_mul(1000),
            None => time::parse(cell),
        },
    };
    millis.filter(|millis| time::RANGE.contains(millis))
}

/// The values of a set, each trimmed, empty ones left out.
pub(super) fn parts(split: Split, cell: &str) -> Vec<&str> {
    let keep = |part: &&str| !part.is_empty() && *part != NO_GENRES;
    match split {
        Split::Pipe => cell.split('|').map(str::trim).filter(keep).collect(),
        Split::Comma => cell.split(',').map(str::trim).filter(keep).collect(),
        Split::Space => cell.split_whitespace().filter(keep).collect(),
        Split::List => list(cell).unwrap_or_else(|| vec![cell]),
    }
}

/// The strings of `['a', "b"]`, without undoing escapes; `None` when the cell is not such a list.
pub(super) fn list(cell: &str) -> Option<Vec<&str>> {
    let mut rest = cell.strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|&first| matches!(first, '"' | '\''));
        let (part, behind) = match quote {
            Some(quote) => rest[1..].split_once(quote)?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        let plain = quote.is_some() || !part.contains(['[', ']', '{', '}', '"', '\'']);
        if !plain || part.contains('\\') {
            return None;
        }
        found.extend(Some(part.trim()).filter(|part| !part.is_empty()));
        let behind = behind.trim_start();
        rest = if behind.is_empty() { behind } else { behind.strip_prefix(',')?.trim_start() };
    }
    Some(found)
}

/// The year in brackets that ends a title: `Toy Story (1995)`, `Serial (2006-2007)`.
pub(super) fn year_of_title(title: &str) -> Option<u16> {
    let (_, bracket) = title.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    let year = bracket.get(..4)?;
    let rest = &bracket[4..];
    if rest.starts_with(|c: char| c.is_ascii_digit()) { None } else { plausible(year) }
}

/// The first number of four digits in a date: `01-Jan-1995`, `1995-01-01`, `1995`.
pub(super) fn year_of_date(date: &str) -> Option<u16> {
    date.split(|c: char| !c.is_ascii_digit()).find_map(plausible)
}

fn plausible(digits: &str) -> Option<u16> {
    let year = if digits.len() == 4 { digits.parse().ok()? } else { return None };
    (1800..2200).contains(&year).then_some(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_found_at_the_end_of_a_title_only() {
        for (title, year) in [
            ("Toy Story (1995)", Some(1995)),
            ("Serial (2006-2007) ", Some(2006)),
            ("2001 (A Space Odyssey)", None),
            ("(1995) Toy", None),
            ("Toy (19955)", None),
            ("Toy (0995)", None),
            ("Tö (é)", None),
            ("Tö (éééé)", None),
            (")", None),
        ] {
            assert_eq!(year_of_title(title), year, "{title}");
        }
        assert_eq!(year_of_date("01-Jan-1995"), Some(1995));
        assert_eq!(year_of_date("1995-01-01T00:00"), Some(1995));
        assert_eq!(year_of_date("soon"), None);
    }

    #[test]
    fn sets_are_split_as_they_are_written() {
        assert_eq!(parts(Split::Pipe, "A| B||(no genres listed)"), ["A", "B"]);
        assert_eq!(parts(Split::Comma, "Action, Sci-Fi,"), ["Action", "Sci-Fi"]);
        for (cell, found) in [
            ("['a, b', \"c\"]", Some(vec!["a, b", "c"])),
            ("[a,b]", Some(vec!["a", "b"])),
            ("[]", Some(vec![])),
            ("[{'id': 1}]", None),
            ("['a' 'b']", None),
            ("['a", None),
            ("a", None),
        ] {
            assert_eq!(list(cell), found, "{cell}");
        }
    }

    #[test]
    fn numbers_truths_and_times_are_read_or_refused() {
        assert_eq!(parse(Syntax::Number, "1e3"), Ok(Some(Value::Number(1000.0))));
        assert_eq!(parse(Syntax::Number, "NaN"), Ok(None));
        for cell in ["inf", "1,5", "0x10", "1e999", "-", "1 000"] {
            assert_eq!(parse(Syntax::Number, cell), Err(Misfit), "{cell}");
        }
        assert_eq!(parse(Syntax::Bool, "True"), Ok(Some(Value::Bool(true))));
        assert_eq!(parse(Syntax::Bool, "2"), Err(Misfit));
        assert_eq!(parse(Syntax::Time(Clock::Any), "978300760"), Ok(Some(Value::Time(978_300_760_000))));
        assert_eq!(parse(Syntax::Time(Clock::Any), "1700000000000"), Ok(Some(Value::Time(1_700_000_000_000))));
        assert_eq!(parse(Syntax::Time(Clock::Seconds), "9223372036854775807"), Err(Misfit));
        assert_eq!(parse(Syntax::Time(Clock::Text), "soon"), Err(Misfit));
    }
}
