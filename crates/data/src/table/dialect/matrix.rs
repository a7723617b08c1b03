//! Whether a first row of ids names the columns of a table of users x items.
//!
//! ```text
//! user,1,2,3          a word that no row below has at its place, then ids
//! 1,5,,3
//! ```

use super::align::unnamed;
use super::sketch::{Sketch, is_missing, number};
use super::{Asked, Undecided};

/// Rows below from which on types say something.
const ROWS: usize = 2;
/// Ids that rise, from which on they are no chance.
const RISING: usize = 5;
/// Ids that rise by one, from which on they are no chance.
const COUNTING: usize = 3;
/// Words that stand above the ids of rows and say nothing of users or items.
const CORNERS: [&[u8]; 12] =
    [b"id", b"ids", b"name", b"names", b"index", b"idx", b"key", b"row", b"rows", b"rownames", b"label", b"x"];

const SHORT: &str = "it has a field less than each row below, and ids";
const CORNER: &str = "it has a word at the corner that no row below has, and ids";

/// What a first row of ids is.
pub(super) enum Found {
    /// The names of the columns of a table of values, and why.
    Header(&'static str),
    /// These, without a corner, or a row that lacks a field.
    Open,
}

/// What a first row of ids is, if it may name the columns of a table of values.
pub(super) fn header(first: &[Vec<u8>], below: &[Vec<Vec<u8>>], asked: &Asked<'_>) -> Option<Found> {
    if first.len() < 2 || below.len() < ROWS {
        return None;
    }
    let own = |at: usize| Sketch::of(below.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
    let names = own(0);
    let named = matches!((asked.role)(&first[0]), Some(0 | 1));
    if named && is_headed(first, below) {
        return Some(Found::Header(CORNER));
    }
    let ends = usize::from(below.iter().all(|row| row.len() > 1 && row.last().is_some_and(Vec::is_empty)));
    let longer = |by: usize| below.iter().all(|row| row.len() == first.len() + by);
    let without_corner = longer(1 + ends);
    if longer(1) && names_gaps(first, below) {
        return Some(Found::Header(SHORT));
    }
    if longer(1) && (ends == 1 || below.len() == ROWS) && is_open(first, below, &names) {
        return Some(Found::Open);
    }
    // Numbers of columns above rows that begin with their own number.
    if without_corner && names.counts && Ids::of(first).is_some_and(|ids| ids.counts && ids.count >= COUNTING) {
        return Some(Found::Header(SHORT));
    }
    if !names.is_unique() || names.missing > 0 || names.is_epoch() && !named {
        return None;
    }
    if !without_corner && first.len() < 3 {
        return None;
    }
    let ids = Ids::of(if without_corner { first } else { &first[1..] })?;
    let cells: Vec<Sketch> = (1..=ids.count).map(own).collect();
    let values = |cell: &Sketch| {
        let numbers = cell.numbers() + cell.missing >= cell.cells || cell.filler().is_some();
        numbers && cell.padded == 0 && !cell.is_epoch()
    };
    if !cells.iter().all(values) || cells.iter().all(|cell| cell.filled() == 0) {
        return None;
    }
    let gaps = cells[0].missing > 0;
    if without_corner {
        let missing = cells.iter().map(|cell| cell.missing).sum::<usize>() * 10 >= below.len() * ids.count;
        let zeros = cells[0].zeros * 5 >= below.len();
        let many = ids.count >= RISING || ids.counts && ids.count >= COUNTING;
        let sure = names.numbers() == 0 || gaps || missing || zeros || many;
        return (below.len() > ROWS).then_some(if sure { Found::Header(SHORT) } else { Found::Open });
    }
    let corner = first[0].as_slice();
    if is_missing(corner) || number(corner, true).is_some() || below.iter().any(|row| row[0] == corner) {
        return None;
    }
    let known = CORNERS.iter().any(|known| corner.eq_ignore_ascii_case(known));
    let sure = if names.is_numeric() && names.numbers() == names.cells {
        let many = ids.rises && ids.count >= if known { COUNTING } else { RISING };
        named || many || ids.counts && ids.count >= COUNTING && (known || gaps || below.len() > RISING)
    } else {
        named && ids.count >= COUNTING || known && ids.rises && ids.count > COUNTING
    };
    sure.then_some(Found::Header(CORNER))
}

/// Whether a row of a usual name and ids stands above rows as long as it is, none of which begins with that name: it is
/// no row of data, whatever the cells below are.
fn is_headed(first: &[Vec<u8>], below: &[Vec<Vec<u8>>]) -> bool {
    let ends = |row: &Vec<Vec<u8>>| usize::from(row.last().is_some_and(Vec::is_empty));
    let alike = below.iter().filter(|row| row.len() == first.len() || row.len() == first.len() + ends(row)).count();
    first.len() > COUNTING
        && Ids::of(&first[1..]).is_some()
        && alike * 2 > below.len()
        && below.iter().all(|row| row[0] != first[0])
}

/// Whether ids stand above a name and values in each row. Two rows are few to tell from, and a last column that is empty
/// may be none; without a gap among the values, or where the first id comes again as a name, nothing speaks for a table.
fn is_open(first: &[Vec<u8>], below: &[Vec<Vec<u8>>], names: &Sketch) -> bool {
    let values = |at: usize| {
        let cells = Sketch::of(below.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
        cells.numbers() + cells.missing >= cells.cells && !cells.is_epoch()
    };
    let gap = |cell: &Vec<u8>| is_missing(cell) || number(cell, true) == Some(0.0);
    let table = below.iter().any(|row| row[1..].iter().any(gap)) && below.iter().all(|row| row[0] != first[0]);
    Ids::of(first).is_some() && table && names.is_unique() && names.missing == 0 && (1..=first.len()).all(values)
}

/// Whether different words stand above values and gaps, and rows have one field more: what would be an item is missing.
fn names_gaps(first: &[Vec<u8>], below: &[Vec<Vec<u8>>]) -> bool {
    let word = |cell: &Vec<u8>| !is_missing(cell) && number(cell, true).is_none();
    let value = |cell: &Vec<u8>| is_missing(cell) || number(cell, true).is_some();
    let mut names: Vec<&Vec<u8>> = first.iter().collect();
    names.sort_unstable();
    names.iter().all(|name| word(name))
        && names.windows(2).all(|pair| pair[0] != pair[1])
        && below.iter().all(|row| word(&row[0]) && row[1..].iter().all(value))
        && below.iter().any(|row| is_missing(&row[1]))
}

/// Whether a header that has a name less than all rows have fields is that of a table of values, for certain.
pub(super) fn has_no_corner(names: &[String], columns: &[Sketch], asked: &Asked<'_>) -> bool {
    are_ids(names, asked) && is_table(columns, names.len(), are_numbers(names))
}

/// Whether names are ids, and not what a table of interactions calls its columns.
fn are_ids(names: &[String], asked: &Asked<'_>) -> bool {
    let mut sorted: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    sorted.sort_unstable();
    names.len() >= 3
        && sorted.windows(2).all(|pair| pair[0] != pair[1])
        && names.iter().all(|name| !unnamed(name) && (asked.role)(name.as_bytes()).is_none())
}

/// Whether names are numbers, but not those of the columns.
fn are_numbers(names: &[String]) -> bool {
    names.iter().all(|name| name.trim().parse::<u64>().is_ok())
        && !(0..).zip(names).all(|(at, name)| name.trim() == at.to_string())
}

/// Whether the columns are the names of rows and then values, one column for each of some ids that are `numbers`, or with
/// gaps where the user or the item of an interaction would stand.
fn is_table(columns: &[Sketch], ids: usize, numbers: bool) -> bool {
    let [names, cells @ ..] = columns else { return false };
    let values = |cell: &Sketch| cell.numbers() + cell.missing >= cell.cells && cell.padded == 0 && !cell.is_epoch();
    let gap = |cell: &Sketch| cell.missing > 0 || cell.zeros > 0;
    let missing = cells.iter().take(2).any(|cell| cell.missing > 0);
    let many = ids >= 5 && cells.iter().filter(|cell| gap(cell)).count() * 2 >= ids;
    let names_are_words = names.numbers() == 0 && cells.iter().any(gap);
    cells.len() == ids
        && names.cells >= 3
        && names.is_unique()
        && names.missing == 0
        && cells.iter().all(values)
        && (numbers || missing || many || names_are_words)
}

/// A first row that names items, or lacks a field that all other rows have.
pub(super) fn short(row: &str) -> Undecided {
    Undecided {
        what: "header",
        one: format!("its first row ({row}) names the columns of a table of values"),
        other: "its first row is data, and lacks a field that all other rows have".to_owned(),
        flags: "--header or --no-header".to_owned(),
    }
}

/// Whole numbers, no two of them equal.
struct Ids {
    count: usize,
    /// Whether each is greater than that before it.
    rises: bool,
    /// Whether each is one more than that before it, from 0 or 1 on.
    counts: bool,
}

impl Ids {
    fn of(cells: &[Vec<u8>]) -> Option<Self> {
        let ids: Vec<i64> =
            cells.iter().map(|cell| std::str::from_utf8(cell).ok()?.parse().ok()).collect::<Option<_>>()?;
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let counts = matches!(ids[0], 0 | 1) && ids.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let rises = ids.is_sorted();
        (sorted.len() == ids.len()).then_some(Self { count: ids.len(), rises, counts })
    }
}
