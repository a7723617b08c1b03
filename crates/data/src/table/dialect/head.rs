//! Where the rows of data begin: lines before the table, and the header.

use super::preamble;
use super::sketch::{Sketch, is_missing, number};
use super::{Asked, Rows, Undecided};

/// Lines before the table that may be passed over.
const BEFORE: usize = 8;

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
}

/// Finds it. A header is a row with usual names, or one that differs in type from the rows below it.
///
/// # Errors
/// When the first row may be a header of numbers as well as data.
pub(super) fn find(rows: &Rows, asked: &Asked<'_>) -> Result<Head, Undecided> {
    if let Some(head) = preamble::of_format(rows) {
        return Ok(head);
    }
    let ends = rows.len() > 2 && rows[2..].iter().all(|row| row.len() > 1 && row.last().is_some_and(Vec::is_empty));
    let usual = usual_width(rows) - usize::from(ends);
    let numeric_table =
        rows.iter().filter(|row| row.iter().any(|cell| number(cell, true).is_some())).count() * 2 > rows.len();
    // A title may hold a usual name, and as many words as a row has fields; then a better header follows.
    let better = |row: &Vec<Vec<u8>>| {
        let at = rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or(0);
        let Some((next, below)) = rows.get(at + 1..).and_then(<[_]>::split_first) else { return false };
        !below.is_empty() && (asked.role)(&next[0]).is_some() && differs(next, below, asked).is_some()
    };
    let remark = |row: &Vec<Vec<u8>>| {
        let first = row[0].as_slice();
        let starts = |start: &[u8]| first.len() >= start.len() && first[..start.len()].eq_ignore_ascii_case(start);
        let plain = row.iter().all(|cell| cell.iter().all(|&byte| byte >= b' ' || byte == b'\t'));
        let words = plain && row.iter().all(|cell| number(cell, true).is_none());
        let short = row.len() == 1 && usual > 1 && (words || plain && rows.len() > 2 && !numeric_table);
        short
            || starts(b"sep=")
            || ((starts(b"#") || starts(b"%")) && words)
            || (row.len() != usual && row.len() + 1 != usual && words && numeric_table)
            || (words && better(row))
    };
    let clear =
        (0..(BEFORE + 1).min(rows.len())).find(|&at| names(&rows[at], asked) >= 2 && is_named(&rows[at], asked));
    let is_named = |row: &Vec<Vec<u8>>, asked: &Asked<'_>| {
        let fits = row.len() == usual
            || row.len() + 1 == usual
            || row.len() == usual + 1 && (ends || row.last().is_some_and(Vec::is_empty));
        is_named(row, asked) && (names(row, asked) >= 2 || clear.is_none() && fits && !better(row))
    };
    let most = BEFORE.min(rows.len().saturating_sub(1));
    let mut before = 0;
    while before < most && remark(&rows[before]) && !is_named(&rows[before], asked) {
        before += 1;
    }
    let done = |at: usize, why: &str| headed(rows, at, usual, why);
    match asked.header {
        _ if rows.is_empty() => return Ok(Head::default()),
        Some(false) => return Ok(Head { before, ..Head::default() }),
        Some(true) => {
            let named = (before..(before + BEFORE).min(rows.len())).find(|&at| is_named(&rows[at], asked));
            return Ok(done(named.unwrap_or(before), "told so"));
        }
        None => {}
    }
    let named = (before..(before + BEFORE).min(rows.len())).find(|&at| is_named(&rows[at], asked));
    if let Some(at) = named {
        let data = |row: &Vec<Vec<u8>>| row.iter().any(|cell| number(cell, true).is_some());
        if !rows[before..at].iter().any(data) {
            return Ok(done(at, USUAL));
        }
        if names(&rows[at], asked) >= 2 && rows[at].iter().all(|cell| number(cell, true).is_none()) {
            if rows[before..at].iter().all(|row| row.len() != usual || !data(row)) {
                return Ok(done(at, USUAL));
            }
            // Where the names agree with the places, the row is one that is no interaction.
            let role = |place: usize| rows[at].get(place).and_then(|name| (asked.role)(name));
            if (0..3).any(|place| role(place).is_some_and(|role| role != place)) {
                return Err(preamble::late(&shown(&rows[at]), at));
            }
        }
    }
    if let Some(head) = preamble::cut_otherwise(rows, before, usual, |row| names(row, asked)) {
        return Ok(head);
    }
    if preamble::counts_rows(&rows[before..]) {
        return Err(preamble::sizes(&shown(&rows[before])));
    }
    let named = rows[before].iter().rposition(|cell| !cell.is_empty()).map_or(1, |last| last + 1);
    let (first, below) = (&rows[before][..named], &rows[before + 1..]);
    if below.is_empty() {
        return Ok(Head { before, ..Head::default() });
    }
    if let Some(why) = differs(first, below, asked) {
        return Ok(done(before, why));
    }
    if first.len() > 1 && counts_from_zero(first) {
        return if settled(first, below) {
            Ok(done(before, "it numbers the columns, and no row below is like it"))
        } else {
            Err(Undecided {
                what: "header",
                one: format!("its first row ({}) numbers the columns", shown(first)),
                other: "its first row is data".to_owned(),
                flags: "--header or --no-header".to_owned(),
            })
        };
    }
    Ok(Head { before, ..Head::default() })
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
    Head { before, header: Some(cells), evidence }
}

/// The commonest number of fields.
pub(super) fn usual_width(rows: &Rows) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    widths.sort_unstable();
    widths.chunk_by(|a, b| a == b).max_by_key(|run| run.len()).map_or(0, |run| run[0])
}

/// Number of different roles that names in this row have.
fn names(row: &[Vec<u8>], asked: &Asked<'_>) -> usize {
    let mut roles: Vec<usize> = row.iter().filter_map(|cell| (asked.role)(cell)).collect();
    roles.sort_unstable();
    roles.dedup();
    roles.len()
}

/// Whether a row has usual names: two different ones, or one and no number.
fn is_named(row: &[Vec<u8>], asked: &Asked<'_>) -> bool {
    let names = names(row, asked);
    let numbers = row.iter().filter(|cell| number(cell, true).is_some()).count();
    (names >= 2 && numbers == 0)
        || (names >= 3 && numbers <= row.len() / 2)
        || (names == 1 && numbers == 0 && row.len() > 1)
}

/// Why the first row is no data, if its types say so.
fn differs(first: &[Vec<u8>], below: &[Vec<Vec<u8>>], asked: &Asked<'_>) -> Option<&'static str> {
    let unnamed = first[0].is_empty() || first[0].to_ascii_lowercase().starts_with(b"unnamed: ");
    let filled = below.iter().filter(|row| row.len() > 1 && !row[0].is_empty()).count();
    if unnamed && first.len() > 1 && filled * 10 >= below.len() * 9 {
        return Some("it has no name for the first column, which is filled");
    }
    let shift = usize::from(usual_width(&below.to_vec()) == first.len() + 1);
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
    let named = (asked.role)(&first[0]).is_some();
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
    let whole = !ids.is_empty() && ids.len() == first.len() - 1 && ids.iter().all(|id| id.fract() == 0.0 && *id >= 0.0);
    let mostly = outside.len() * 2 >= first.len() - 1;
    let lower = first[0].to_ascii_lowercase();
    let says_id = lower.ends_with(b"id") || lower.windows(3).any(|part| part == b"id:");
    if word && named && whole && numeric && distinct(&ids) && (mostly || says_id) {
        return Some("it has the usual name of an id, and numbers that are no values of the rows below");
    }
    let written = first[0].iter().all(|byte| byte.is_ascii_alphabetic() || b"_- ".contains(byte));
    let all = outside.len() == first.len() - 1 && first.len() >= 4 && below.len() >= 2;
    if word && written && columns[0].is_numeric() && whole && numeric && distinct(&ids) && all {
        return Some("it has a word where the rows below have numbers, and numbers that are no values of theirs");
    }
    // The same without a name for the ids of the rows.
    let own = |at: usize| Sketch::of(below.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
    let beyond = |at: usize, sketch: &Sketch| {
        number(&first[at], false).zip(sketch.range).is_none_or(|(id, (low, high))| id < low || id > high)
    };
    let nameless = shift == 1 && below.len() >= 3 && below.iter().all(|row| row.len() == first.len() + 1);
    let foreign = (0..first.len()).all(|at| beyond(at, &own(at)) && beyond(at, &columns[at]));
    let every: Vec<f64> = first.iter().filter_map(|cell| number(cell, false)).collect();
    (nameless && foreign && every.len() == first.len() && distinct(&every) && own(0).is_unique())
        .then_some("it has a field less than each row below, and numbers that are no values of theirs")
}

/// Whether a row is `0, 1, 2, ..`: names that a program gave, or data.
fn counts_from_zero(row: &[Vec<u8>]) -> bool {
    (0usize..).zip(row).all(|(at, cell)| *cell == at.to_string().into_bytes())
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

fn shown(row: &[Vec<u8>]) -> String {
    let cells: Vec<String> = row.iter().take(6).map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    cells.join(", ")
}
