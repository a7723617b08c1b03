//! Headers over several lines, as data frames write them above tables of values.
//!
//! ```text
//! ,rating,rating,rating     what the values are
//! item,1,2,3                ids, and what they are
//! user,,,                   what the rows are; this line may be missing
//! 1,5.0,3.0,
//! ```

use super::head::Head;
use super::sketch::{is_missing, number};
use super::{Asked, Rows, Undecided};

/// Lines before the table that may be passed over.
const LINES_BEFORE: usize = 8;
/// Most lines above the one that names the rows.
const LEVELS: usize = 4;
/// Roles by number, as the vocabulary of names gives them.
const USER: usize = 0;
const ITEM: usize = 1;

/// The header over several lines that a table begins with; `None` where it begins with none.
///
/// # Errors
/// When its lines name more than one value for each id.
pub(super) fn find(rows: &Rows, asked: &Asked<'_>) -> Result<Option<Head>, Undecided> {
    // Titles and comments are shorter than the table.
    let start = rows.iter().take(LINES_BEFORE).position(|row| row.len() >= 3).unwrap_or(rows.len());
    let rows = &rows[start..];
    let Some(first) = rows.first() else { return Ok(None) };
    let alike = rows.iter().take(LEVELS + 1).take_while(|row| row.len() == first.len()).count();
    let word = |cell: &[u8]| !is_missing(cell) && number(cell, true).is_none();
    let names_rows = |row: &Vec<Vec<u8>>| word(&row[0]) && row[1..].iter().all(Vec::is_empty);
    let named = (1..alike).find(|&at| names_rows(&rows[at]));
    let role = |cell: &[u8]| (asked.role)(cell);
    let lines = match named {
        // Above one line of ids, both names have to be known.
        Some(1) => {
            let both = [role(&first[0]), role(&rows[1][0])];
            let known = both == [Some(USER), Some(ITEM)] || both == [Some(ITEM), Some(USER)];
            if known { 1 } else { 0 }
        }
        // One of several levels says what the values are, more than once.
        Some(lines) if rows[..lines].iter().any(|row| word(&row[1]) && comes_again(row)) => lines,
        Some(_) => 0,
        None => {
            let levels = rows[..alike.min(LEVELS)].iter().take_while(|row| repeated(row).is_some()).count();
            if levels > 0 && levels < alike && distinct(&rows[levels]) { levels + 1 } else { 0 }
        }
    };
    let below = &rows[(lines + usize::from(named.is_some())).min(rows.len())..];
    let value = |cell: &Vec<u8>| is_missing(cell) || number(cell, true).is_some();
    if lines == 0 || below.is_empty() || !below.iter().all(|row| row.iter().skip(1).all(value)) {
        return Ok(None);
    }
    let levels = &rows[..lines];
    let ids: Vec<usize> = (0..lines).filter(|&at| distinct(&levels[at])).collect();
    let [ids] = ids[..] else { return Err(several(levels)) };
    let what = (0..lines).filter(|&at| at != ids).find(|&at| repeated(&levels[at]).is_none());
    if what.is_some() {
        return Err(several(levels));
    }
    let mut header = levels[ids].clone();
    // Without a line of its own, the name of the rows stands in the first line, and nothing in those below.
    let own = !levels[0][0].is_empty() && levels[1..].iter().all(|row| row[0].is_empty());
    let rows_are = match named {
        Some(at) => rows[at][0].clone(),
        None if own => levels[0][0].clone(),
        None => Vec::new(),
    };
    let columns_are = if own && named.is_none() { Vec::new() } else { header[0].clone() };
    header[0] = match (role(&rows_are), role(&columns_are)) {
        (Some(USER | ITEM), _) => rows_are,
        (_, Some(USER)) => b"item".to_vec(),
        (_, Some(ITEM)) => b"user".to_vec(),
        _ => rows_are,
    };
    let why =
        format!("its header has {} lines, and ids stand in line {}", lines + usize::from(named.is_some()), ids + 1);
    let before = start + lines + usize::from(named.is_some()) - 1;
    Ok(Some(Head { before, header: Some(header), evidence: vec![why], table: true }))
}

/// The word that all cells behind the first have, but for the number that tells equal names apart: `rating`, `rating.1`.
fn repeated(row: &[Vec<u8>]) -> Option<&[u8]> {
    let plain = |cell: &'_ [u8]| -> usize {
        let digits = cell.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let end = cell.len() - digits;
        if digits > 0 && end > 1 && cell[end - 1] == b'.' { end - 1 } else { cell.len() }
    };
    let first = &row.get(1)?[..];
    let first = &first[..plain(first)];
    let is_word = !is_missing(first) && number(first, true).is_none();
    (is_word && row.len() > 2 && row[1..].iter().all(|cell| cell[..plain(cell)] == *first)).then_some(first)
}

/// Whether two of the cells behind the first are equal, but for the numbers that tell equal names apart.
fn comes_again(row: &[Vec<u8>]) -> bool {
    let mut cells: Vec<&Vec<u8>> = row[1..].iter().collect();
    cells.sort_unstable();
    repeated(row).is_some() || cells.windows(2).any(|pair| pair[0] == pair[1])
}

/// Whether the cells behind the first are there and differ.
fn distinct(row: &[Vec<u8>]) -> bool {
    let mut ids: Vec<&Vec<u8>> = row[1..].iter().collect();
    ids.sort_unstable();
    repeated(row).is_none() && ids.iter().all(|id| !is_missing(id)) && ids.windows(2).all(|pair| pair[0] != pair[1])
}

fn several(levels: &[Vec<Vec<u8>>]) -> Undecided {
    let lines: Vec<String> = levels
        .iter()
        .map(|row| row.iter().skip(1).take(4).map(|cell| String::from_utf8_lossy(cell)).collect::<Vec<_>>().join(", "))
        .collect();
    Undecided {
        what: "table",
        one: format!("it is a table of several values for each id, with a header of {} lines ({})", lines.len(), lines.join(" / ")),
        other: "each row is one interaction".to_owned(),
        flags: "writing one value a table, such as `frame[\"rating\"].to_csv(..)`, or --columns such as --columns user,item,value"
            .to_owned(),
    }
}
