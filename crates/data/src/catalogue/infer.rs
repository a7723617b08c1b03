//! The type of a column, from all of its cells, and what that was seen from.

use hashbrown::{HashMap, HashSet};

use super::parse::{Clock, NO_GENRES, Split, Syntax, instant, is_missing_word, list, number, parts};
use super::time;
use super::value::{MAX_DISTINCT, MAX_SET_VALUES, MAX_STRING_BYTES};
use crate::ids::StringTable;

/// A type and the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inferred {
    pub(super) syntax: Syntax,
    pub(super) evidence: String,
}

/// Share of the values in which `|` must stand, and of those with a comma before parts are compared.
const FEW: f64 = 0.01;
/// Share of the parts that must recur in other rows.
const RECUR: f64 = 0.9;
/// Share of the parts that must recur in other values: more than the half that `Paris, France` and `Lyon, France` have.
const RECOMBINE: f64 = 0.6;
/// The same for a column that is named for genres: a list is what is expected there.
const RECOMBINE_GENRES: f64 = 0.25;

/// Decides from all cells that are not empty, in this order: true or false, times, numbers, sets, strings, text.
/// `None` when no cell has a value. `genres` says that the column's name promises genres: it is then a set or a string.
///
/// A `set` is a column with `|` in at least 1 % of its values; or with lists in brackets; or with commas where at least
/// 90 % of the parts recur in other rows, and 60 % of them in other values. A `string` has at most 50 % distinct values.
pub(super) fn infer(name: &str, cells: &StringTable, genres: bool) -> Option<Inferred> {
    let facts = Facts::of(cells);
    let of_all = |what: &str| match facts.missing {
        0 => format!("every value {what}"),
        missing => format!("every value {what}, {missing} missing ones such as `NA` left out"),
    };
    let found = |syntax, evidence| Some(Inferred { syntax, evidence });
    if facts.values == 0 {
        return None;
    }
    let simple = facts.values - facts.missing;
    if !genres && simple > 0 {
        if facts.truths == simple {
            return found(Syntax::Bool, of_all("is true or false"));
        }
        if facts.times == simple {
            return found(Syntax::Time(Clock::Text), of_all("is a time in RFC 3339"));
        }
        if names_a_time(name) {
            for (count, clock, unit) in [
                (facts.seconds, Clock::Seconds, "10 digits, seconds"),
                (facts.millis, Clock::Millis, "13 digits, milliseconds"),
            ] {
                if count == simple {
                    return found(
                        Syntax::Time(clock),
                        of_all(&format!("has {unit} since 1970, and the name is of a time")),
                    );
                }
            }
        }
        if facts.numbers == simple {
            if let Some(ending) = names_a_code(name) {
                return found(Syntax::String, format!("every value is a number, but the name ends in `{ending}`"));
            }
            if facts.leading_zero {
                return found(Syntax::String, "every value is a number, but some begin with a zero".to_owned());
            }
            return found(Syntax::Number, of_all("is a number"));
        }
    }
    if let Some(set) = set(cells, &facts, genres) {
        return Some(set);
    }
    let distinct = facts.distinct.len();
    let fits = facts.longest <= MAX_STRING_BYTES && distinct <= MAX_DISTINCT;
    if fits && (genres || 2 * distinct <= facts.values) {
        let why = if genres { "the name is of genres" } else { "at most half of the values are distinct" };
        return found(Syntax::String, format!("{why}: {distinct} of {}", facts.values));
    }
    let why =
        if fits { "more than half of the values are distinct" } else { "values are too long or too many for strings" };
    found(Syntax::Text, format!("{why}: {distinct} of {}", facts.values))
}

/// What is counted in one pass over the cells.
#[derive(Default)]
struct Facts<'a> {
    /// Cells that are not empty.
    values: usize,
    /// Of them, those that are words for a missing value.
    missing: usize,
    truths: usize,
    times: usize,
    seconds: usize,
    millis: usize,
    numbers: usize,
    leading_zero: bool,
    lists: usize,
    pipes: usize,
    commas: usize,
    longest: usize,
    distinct: HashSet<&'a str>,
}

impl<'a> Facts<'a> {
    fn of(cells: &'a StringTable) -> Self {
        let mut facts = Self::default();
        for cell in cells.iter().filter(|cell| !cell.is_empty() && *cell != NO_GENRES) {
            facts.add(cell);
        }
        facts
    }

    fn add(&mut self, cell: &'a str) {
        self.values += 1;
        self.longest = self.longest.max(cell.len());
        self.distinct.insert(cell);
        if is_missing_word(cell) {
            self.missing += 1;
            return;
        }
        self.truths += usize::from(cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false"));
        self.times += usize::from(time::parse(cell).is_some());
        if number(cell).is_some() {
            let digits = cell.trim_start_matches(['-', '+']).as_bytes();
            self.numbers += 1;
            self.leading_zero |= matches!(digits, [b'0', b'0'..=b'9', ..]);
            let of_digits = |length: usize, clock| {
                usize::from(cell.len() == length && instant(clock, cell).is_some() && !cell.starts_with('-'))
            };
            self.seconds += of_digits(10, Clock::Seconds);
            self.millis += of_digits(13, Clock::Millis);
        }
        self.lists += usize::from(cell.starts_with('[') && list(cell).is_some());
        self.pipes += usize::from(cell.contains('|'));
        self.commas += usize::from(cell.contains(','));
    }
}

fn set(cells: &StringTable, facts: &Facts<'_>, genres: bool) -> Option<Inferred> {
    let values = facts.values;
    let found = |split, evidence| {
        let fits = |cell: &str| {
            let parts = parts(split, cell);
            parts.len() <= MAX_SET_VALUES && parts.iter().all(|part| part.len() <= MAX_STRING_BYTES)
        };
        let all = cells.iter().filter(|cell| !cell.is_empty()).all(fits);
        all.then_some(Inferred { syntax: Syntax::Set(split), evidence })
    };
    if facts.lists + facts.missing == values && facts.lists > 0 {
        return found(Split::List, "every value is a list in brackets".to_owned());
    }
    let enough = |count: usize| count > 0 && (count as f64) >= FEW * values as f64;
    if enough(facts.pipes) || (genres && facts.pipes > 0) {
        return found(Split::Pipe, format!("`|` stands in {} of {values} values", facts.pipes));
    }
    if !enough(facts.commas) {
        return None;
    }
    let recurrence = Recurrence::of(cells)?;
    let (rows, others) = (recurrence.rows, recurrence.values);
    let by_rows = rows >= RECUR && others >= if genres { RECOMBINE_GENRES } else { RECOMBINE };
    if by_rows || (genres && others >= RECOMBINE) {
        let percent = |share: f64| (100.0 * share).floor();
        let evidence = format!(
            "commas stand in {} of {values} values, {} % of the parts recur in other rows, {} % in other values",
            facts.commas,
            percent(rows),
            percent(others)
        );
        return found(Split::Comma, evidence);
    }
    None
}

/// Shares of the parts between commas that recur.
struct Recurrence {
    /// In other rows.
    rows: f64,
    /// In other distinct values, of the parts of all distinct values.
    values: f64,
}

impl Recurrence {
    /// `None` where a comma stands within a number, such as `4,5`.
    fn of(cells: &StringTable) -> Option<Self> {
        let mut counts = HashMap::<&str, (usize, usize)>::new();
        let mut seen = HashSet::<&str>::new();
        for cell in cells.iter().filter(|cell| !cell.is_empty()) {
            let is_new = seen.insert(cell);
            let mut parts = parts(Split::Comma, cell);
            if !cell.contains(", ") && parts.len() > 1 && parts.iter().all(|part| number(part).is_some()) {
                return None;
            }
            parts.sort_unstable();
            parts.dedup();
            for part in parts {
                let count = counts.entry(part).or_default();
                *count = (count.0 + 1, count.1 + usize::from(is_new));
            }
        }
        let sum = |of: &dyn Fn(&(usize, usize)) -> usize| counts.values().map(of).sum::<usize>() as f64;
        let recurring = |count: usize| if count > 1 { count } else { 0 };
        let rows = sum(&|count| recurring(count.0)) / sum(&|count| count.0).max(1.0);
        let values = sum(&|count| recurring(count.1)) / sum(&|count| count.1).max(1.0);
        Some(Self { rows, values })
    }
}

fn names_a_time(name: &str) -> bool {
    let name = name.to_lowercase();
    ["_at", "time", "timestamp", "date"].iter().any(|ending| name.ends_with(ending)) || name == "at"
}

/// The ending that says that digits are a code, not a number.
fn names_a_code(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    ["id", "zip", "code", "phone"].into_iter().find(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: &[&str]) -> StringTable {
        let mut table = StringTable::default();
        cells.iter().for_each(|cell| assert!(table.push(cell).is_ok()));
        table
    }

    fn kind(name: &str, values: &[&str]) -> Syntax {
        infer(name, &cells(values), false).unwrap().syntax
    }

    #[test]
    fn types_are_inferred_in_the_order_of_the_rules() {
        let (comma, pipe, list) = (Syntax::Set(Split::Comma), Syntax::Set(Split::Pipe), Syntax::Set(Split::List));
        for (name, values, syntax) in [
            ("adult", &["true", "false", "", "TRUE"][..], Syntax::Bool),
            ("flag", &["true", "1"], Syntax::Text),
            ("seen", &["2024-01-01", "2024-01-01T10:00:00Z"], Syntax::Time(Clock::Text)),
            ("created_at", &["978300760", "1700000000"], Syntax::Number),
            ("created_at", &["1700000000", "1700000001"], Syntax::Time(Clock::Seconds)),
            ("timestamp", &["1700000000000"], Syntax::Time(Clock::Millis)),
            ("amount", &["1700000000"], Syntax::Number),
            ("price", &["19.99", "-3", "", "1e3"], Syntax::Number),
            ("price", &["19.99", "NaN", "NA"], Syntax::Number),
            ("share", &["0.5", "0", "-0.25"], Syntax::Number),
            ("brand_id", &["1", "2"], Syntax::String),
            ("Zip", &["85711"], Syntax::String),
            ("number", &["007", "12"], Syntax::String),
            ("price", &["4,5", "3,5", "4,5"], Syntax::Text),
            ("tags", &["a|b", "c"], pipe),
            ("cast", &["['A', 'B']", "[]"], list),
            ("keywords", &["a, b", "b, c", "c, a"], comma),
            ("keywords", &["a,b", "b,c", "c,a"], comma),
            ("city", &["Paris, France", "Paris, France", "Oslo, Norway", "Oslo, Norway"], Syntax::String),
            ("about", &["A film, a play", "Books, and more"], Syntax::Text),
            ("brand", &["x", "y", "x", "y"], Syntax::String),
            ("brand", &["x", "y", "z", "z"], Syntax::Text),
        ] {
            assert_eq!(kind(name, values), syntax, "{name} {values:?}");
        }
        assert_eq!(infer("a", &cells(&["", ""]), false), None);
    }

    #[test]
    fn what_is_too_long_for_a_string_is_text() {
        let long = "x".repeat(MAX_STRING_BYTES + 1);
        assert_eq!(kind("about", &[&long, &long]), Syntax::Text);
        let many = (0..300).map(|at| at.to_string()).collect::<Vec<_>>().join("|");
        assert_eq!(kind("about", &[&many, &many]), Syntax::Text, "more parts than a set may have");
    }

    #[test]
    fn a_column_named_for_genres_is_a_set_or_a_string() {
        let genres = |values: &[&str]| infer("genre", &cells(values), true).unwrap().syntax;
        let (comma, pipe) = (Syntax::Set(Split::Comma), Syntax::Set(Split::Pipe));
        assert_eq!(genres(&["Drama, Romance", "Action, Comedy", "Comedy, Drama"]), comma);
        assert_eq!(genres(&["Action,Drama", "Comedy", "Drama,Comedy"]), comma);
        assert_eq!(genres(&["Home, Garden & Tools", "Toys", "Home, Garden & Tools", "Toys"]), Syntax::String);
        assert_eq!(genres(&["a", "b", "c"]), Syntax::String);
        assert_eq!(genres(&["1", "2"]), Syntax::String);
        assert_eq!(genres(&[&["x|y"][..], &["z"; 200]].concat()), pipe);
    }

    #[test]
    fn the_evidence_says_what_was_seen() {
        let evidence = |name: &str, values: &[&str]| infer(name, &cells(values), false).unwrap().evidence;
        assert_eq!(evidence("year", &["1995", "1996"]), "every value is a number");
        assert_eq!(evidence("year", &["1995", "NA"]), "every value is a number, 1 missing ones such as `NA` left out");
        assert_eq!(evidence("userid", &["1"]), "every value is a number, but the name ends in `id`");
        assert_eq!(evidence("tags", &["a|b", "c"]), "`|` stands in 1 of 2 values");
    }
}
