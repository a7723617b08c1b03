//! Where the rows of data begin: lines before the table, and the header.

use super::cut;
use super::levels;
use super::matrix::{self, Found};
use super::preamble;
use super::sketch::{Kind, Sketch, is_missing, number};
use super::start::Start;
use super::{Asked, Rows, Undecided};

/// Roles of the two ends of an edge, as the vocabulary of names gives them.
const EDGE_FROM: usize = 4;
const EDGE_TO: usize = 5;

/// Lines before the table that may be passed over.
pub(super) const BEFORE: usize = 8;

/// Rows from which on it says something that ids of the first do not come again.
const FOREIGN: usize = 3;

/// Rows from which on `1, 2, 3` above them is asked about.
const MANY: usize = 10;

/// Why a row is a header where nothing needs to be said.
const USUAL: &str = "it has usual names";

/// What stands before the data.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Rows before the header, or before the data where there is none.
    pub(super) before: usize,
    /// The header's cells.
    pub(super) header: Option<Vec<Vec<u8>>>,
    pub(super) evidence: Vec<String>,
    /// Whether it is one of a table of users x items for certain.
    pub(super) table: bool,
}

/// Finds it. A header is a row with usual names, or one that differs in type from the rows below it.
///
/// # Errors
/// When the first row may be a header of numbers as well as data.
pub(super) fn find(rows: &Rows, asked: &Asked<'_>) -> Result<Head, Undecided> {
    if let Some(head) = preamble::of_format(rows) {
        return Ok(head);
    }
    if asked.header.is_none()
        && let Some(head) = levels::find(rows, asked)?
    {
        return Ok(head);
    }
    let start = Start::of(rows, asked);
    let (usual, before) = (start.usual, start.before());
    let done = |at: usize, why: &str| headed(rows, at, usual, why);
    match asked.header {
        _ if rows.is_empty() => return Ok(Head::default()),
        Some(false) => return Ok(Head { before, ..Head::default() }),
        Some(true) => {
            let named = (before..(before + BEFORE).min(rows.len())).find(|&at| start.is_named(at));
            return Ok(done(named.unwrap_or(before), "told so"));
        }
        None => {}
    }
    if let Some(at) = (before..(before + BEFORE).min(rows.len())).find(|&at| start.is_named(at))
        && may_be_header(rows, before, at, usual, asked)?
    {
        return Ok(done(at, USUAL));
    }
    if let Some(head) = preamble::cut_otherwise(rows, before, usual, |row| names(row, asked)) {
        return Ok(head);
    }
    if preamble::counts_rows(&rows[before..]) {
        return Err(preamble::sizes(&shown(&rows[before])));
    }
    let (why, head) = (types(&rows[before..], asked)?, Head { before, ..Head::default() });
    Ok(why.map_or(head, |why| done(before, why)))
}

/// Whether the row of usual names `at` is the header, although there are rows before it.
fn may_be_header(rows: &Rows, before: usize, at: usize, usual: usize, asked: &Asked<'_>) -> Result<bool, Undecided> {
    let data = |row: &Vec<Vec<u8>>| row.iter().any(|cell| number(cell, true).is_some());
    if !rows[before..at].iter().any(data) {
        return Ok(true);
    }
    if names(&rows[at], asked) < 2 || data(&rows[at]) {
        return Ok(false);
    }
    if rows[before..at].iter().all(|row| row.len() != usual || !data(row)) {
        return Ok(true);
    }
    if rows[before..at].iter().all(|row| has_another_type(row, &rows[at + 1..])) {
        return Ok(true);
    }
    // Where the names agree with the places, the row is one that is no interaction.
    let role = |place: usize| rows[at].get(place).and_then(|name| (asked.role)(name));
    if (0..3).any(|place| role(place).is_some_and(|role| role != place)) {
        return Err(preamble::late(&shown(&rows[at]), at));
    }
    Ok(false)
}

/// Why the first of the rows is a header, by the types of the rows below it.
fn types(rows: &[Vec<Vec<u8>>], asked: &Asked<'_>) -> Result<Option<&'static str>, Undecided> {
    let named = rows[0].iter().rposition(|cell| !cell.is_empty()).map_or(1, |last| last + 1);
    let (first, below) = (&rows[0][..named], &rows[1..]);
    if below.is_empty() {
        return Ok(None);
    }
    if let Some(why) = no_data(first, below, asked)? {
        return Ok(Some(why));
    }
    let spaced = |row: &[Vec<u8>]| row.iter().any(|cell| cell.contains(&b' '));
    if first.len() > 2 && below.len() >= MANY && spaced(first) {
        let others = below.iter().any(|row| spaced(row));
        if !others && first.iter().all(|cell| !cell.is_empty()) {
            return Err(preamble::sentence(&shown(first)));
        }
    }
    // Pairs of small numbers are rows of many files; longer ones are asked about where there is much to lose.
    let again = below.iter().any(|row| row.len() >= first.len() && row[..first.len()] == *first);
    let long = first.len() > 2 && below.len() >= MANY && !again;
    let from_one = counts_from(1, first) && (long || is_foreign(first, below) || has_another_type(first, below));
    if first.len() < 2 || !(counts_from(0, first) || from_one) {
        return Ok(None);
    }
    let foreign = !from_one || is_foreign(first, below);
    if has_another_type(first, below) || foreign && settled(first, below) {
        return Ok(Some("it numbers the columns, and no row below is like it"));
    }
    Err(Undecided {
        what: "header",
        one: format!("its first row ({}) numbers the columns", shown(first)),
        other: "its first row is data".to_owned(),
        flags: "--header or --no-header".to_owned(),
    })
}

/// The header is row `before`, without a mark of a comment before its first name.
fn headed(rows: &Rows, before: usize, usual: usize, why: &str) -> Head {
    let mut cells = rows[before].clone();
    if let Some(mark) = cells.first_mut().filter(|cell| matches!(cell.first(), Some(b'#' | b'%'))) {
        let words = mark.iter().position(|byte| !b"#% ".contains(byte)).unwrap_or(mark.len());
        mark.drain(..words);
        if mark.is_empty() && cells.len() > 1 && cells.len() > usual {
            cells.remove(0);
        }
    }
    let evidence = if why == USUAL { Vec::new() } else { vec![format!("a row is a header: {why}")] };
    Head { before, header: Some(cells), evidence, table: false }
}

/// The commonest number of fields.
pub(super) fn usual_width(rows: &Rows) -> usize {
    cut::usual_count(&rows.iter().map(Vec::len).collect::<Vec<_>>())
}

/// Number of different roles that names in this row have.
pub(super) fn names(row: &[Vec<u8>], asked: &Asked<'_>) -> usize {
    let mut roles: Vec<usize> = row.iter().filter_map(|cell| (asked.role)(cell)).collect();
    roles.sort_unstable();
    roles.dedup();
    // One end of an edge alone says nothing.
    if roles.contains(&EDGE_FROM) != roles.contains(&EDGE_TO) {
        roles.retain(|&role| role < EDGE_FROM);
    }
    roles.len()
}

/// Whether a row has usual names: two different ones, or one and no number.
pub(super) fn is_named(row: &[Vec<u8>], asked: &Asked<'_>) -> bool {
    let names = names(row, asked);
    let numbers = row.iter().filter(|cell| number(cell, true).is_some()).count();
    (names >= 2 && numbers == 0)
        || (names >= 3 && numbers <= row.len() / 2)
        || (names == 1 && numbers == 0 && row.len() > 1)
}

/// Why the first row is no data, if its types or its ids say so.
fn no_data(first: &[Vec<u8>], below: &[Vec<Vec<u8>>], asked: &Asked<'_>) -> Result<Option<&'static str>, Undecided> {
    if let Some(why) = differs(first, below, asked) {
        return Ok(Some(why));
    }
    match matrix::header(first, below, asked) {
        Some(Found::Header(why)) => Ok(Some(why)),
        Some(Found::Open) => Err(matrix::short(&shown(first))),
        None => Ok(None),
    }
}

/// Why the first row is no data, if its types say so.
pub(super) fn differs(first: &[Vec<u8>], below: &[Vec<Vec<u8>>], asked: &Asked<'_>) -> Option<&'static str> {
    let unnamed = first[0].is_empty() || first[0].to_ascii_lowercase().starts_with(b"unnamed: ");
    let filled = below.iter().filter(|row| row.len() > 1 && !row[0].is_empty()).count();
    if unnamed && first.len() > 1 && filled * 10 >= below.len() * 9 {
        return Some("it has no name for the first column, which is filled");
    }
    let ends = below.iter().all(|row| row.len() > 1 && row.last().is_some_and(Vec::is_empty));
    let shift = usize::from(usual_width(&below.to_vec()) - usize::from(ends) == first.len() + 1);
    let column = |at: usize| Sketch::of(below.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
    let columns: Vec<Sketch> = (0..first.len()).map(|at| column(at + shift)).collect();
    let names = first
        .iter()
        .map(|cell| !is_missing(cell) && number(cell, true).is_none() && !cell.iter().any(u8::is_ascii_control));
    let contrast = names.zip(&columns).map(|(word, sketch)| word && (sketch.is_numeric() || sketch.is_epoch()));
    let contrast: Vec<bool> = contrast.collect();
    let many = contrast.iter().filter(|&&word| word).count();
    let words = first.iter().all(|cell| number(cell, true).is_none());
    if many >= 2 || (words && contrast.get(2) == Some(&true)) {
        return Some("it has words where the rows below have numbers");
    }
    // A table of values: a name, then ids that are numbers, none of which looks like a value below it.
    let ids: Vec<f64> = first[1..].iter().filter_map(|cell| number(cell, false)).collect();
    let word = number(&first[0], true).is_none();
    let named = (asked.role)(&first[0]).is_some_and(|role| role < EDGE_FROM);
    let outside = first[1..].iter().zip(&columns[1..]).filter(|(cell, sketch)| {
        let id = number(cell, false);
        let beyond = id.zip(sketch.range).is_none_or(|(id, (low, high))| id < low || id > high);
        beyond || cell.starts_with(b"0") && cell.len() > 1 && sketch.padded == 0
    });
    let outside: Vec<_> = outside.collect();
    let numeric = columns[1..].iter().all(|sketch| sketch.numbers() + sketch.missing >= sketch.cells);
    let distinct = |ids: &[f64]| {
        let mut bits: Vec<u64> = ids.iter().map(|id| id.to_bits()).collect();
        bits.sort_unstable();
        bits.windows(2).all(|pair| pair[0] != pair[1])
    };
    // At either end of the ids the name of a row's total may stand.
    let ends = [first.get(1), first.last()].iter().flatten().filter(|cell| number(cell, false).is_none()).count();
    let but_total = ids.len() > 1 && ids.len() + 1 == first.len() - 1 && ends == 1;
    let whole = !ids.is_empty()
        && (ids.len() == first.len() - 1 || but_total)
        && ids.iter().all(|id| id.fract() == 0.0 && *id >= 0.0);
    let mostly = outside.len() * 2 >= first.len() - 1;
    let lower = first[0].to_ascii_lowercase();
    let says_id = lower.ends_with(b"id") || lower.windows(3).any(|part| part == b"id:");
    if word && named && whole && numeric && distinct(&ids) && (mostly || says_id) {
        return Some("it has the usual name of an id, and numbers that are no values of the rows below");
    }
    let written = first[0].iter().all(|byte| byte.is_ascii_alphabetic() || b"_- /\\".contains(byte));
    let all = outside.len() == first.len() - 1 && first.len() >= 4 && below.len() >= 2;
    let numbered = columns[0].is_numeric() || but_total && columns[0].numbers() + 1 >= columns[0].filled();
    if word && written && numbered && whole && numeric && distinct(&ids) && all {
        return Some("it has a word where the rows below have numbers, and numbers that are no values of theirs");
    }
    // The same without a name for the ids of the rows.
    let nameless = shift == 1 && below.len() >= 3 && below.iter().all(|row| row.len() == first.len() + 1);
    let every: Vec<f64> = first.iter().filter_map(|cell| number(cell, false)).collect();
    (nameless && every.len() == first.len() && distinct(&every) && is_beyond(first, below, &columns))
        .then_some("it has a field less than each row below, and numbers that are no values of theirs")
}

/// Whether no number of a row is one of the columns below it, counted from either end, and rows have names of their own.
fn is_beyond(first: &[Vec<u8>], below: &[Vec<Vec<u8>>], shifted: &[Sketch]) -> bool {
    let own = |at: usize| Sketch::of(below.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
    let beyond = |at: usize, sketch: &Sketch| {
        number(&first[at], false).zip(sketch.range).is_none_or(|(id, (low, high))| id < low || id > high)
    };
    (0..first.len()).all(|at| beyond(at, &own(at)) && beyond(at, &shifted[at])) && own(0).is_unique()
}

/// Whether a row is `0, 1, 2, ..` or `1, 2, 3, ..`: names that a program gave, or data.
pub(super) fn counts_from(least: usize, row: &[Vec<u8>]) -> bool {
    (least..).zip(row).all(|(at, cell)| *cell == at.to_string().into_bytes())
}

/// Whether neither of the first two cells of a row comes again below it, in a few rows at least.
fn is_foreign(first: &[Vec<u8>], below: &[Vec<Vec<u8>>]) -> bool {
    below.len() >= FOREIGN && below.iter().all(|row| (0..2).all(|at| row.get(at) != first.get(at)))
}

/// Whether a cell of a row is of another type than all cells below it: a number beside words or times, a word beside numbers.
fn has_another_type(row: &[Vec<u8>], below: &[Vec<Vec<u8>>]) -> bool {
    row.iter().enumerate().filter(|(_, cell)| !is_missing(cell)).any(|(at, cell)| {
        let sketch = Sketch::of(below.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
        let seen = if sketch.kind() == Kind::Time { 2 } else { FOREIGN };
        sketch.filled() >= seen
            && match number(cell, true) {
                Some(value) => sketch.numbers() == 0 || sketch.is_epoch() && value < 1e6,
                None => sketch.is_numeric(),
            }
    })
}

/// Whether a row of small numbers cannot be a row like those below it.
fn settled(first: &[Vec<u8>], below: &[Vec<Vec<u8>>]) -> bool {
    let shift = usize::from(usual_width(&below.to_vec()) == first.len() + 1);
    if shift == 1 {
        return true;
    }
    first.iter().enumerate().any(|(at, cell)| {
        let sketch = Sketch::of(below.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
        let (Some(value), Some((low, high))) = (number(cell, false), sketch.range) else {
            return sketch.filled() >= 3 && sketch.numbers() == 0;
        };
        let written =
            sketch.cells >= 3 && (sketch.point + sketch.comma == sketch.cells || sketch.padded == sketch.cells);
        let words = sketch.filled() >= 3 && sketch.numbers() * 20 < sketch.filled();
        let far = sketch.cells >= 10 && low - value > (high - low).max(10.0);
        written || words || far || (sketch.is_epoch() && sketch.cells >= 2)
    })
}

pub(super) fn shown(row: &[Vec<u8>]) -> String {
    let cells: Vec<String> = row.iter().take(6).map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    cells.join(", ")
}
