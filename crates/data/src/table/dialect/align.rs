//! How rows and header fit together: trailing separators, an index without a name, fields that some rows lack.

use super::super::{Format, Separator};
use super::head::usual_width;
use super::sketch::{Kind, Sketch};
use super::{Dialect, Rows, Skip, Undecided};

/// Columns that are looked at, at most.
const COLUMNS: usize = 1 << 16;

/// Aligns the header with the rows and looks at each column.
///
/// # Errors
/// When rows have one field more than the header, and it may stand at either end.
pub(super) fn align(
    header: Option<Vec<String>>,
    rows: &[Vec<Vec<u8>>],
    mut evidence: Vec<String>,
) -> Result<Dialect, Undecided> {
    let mut rows: Rows = rows.to_vec();
    let mut header = header;
    let ends_empty = |row: &Vec<Vec<u8>>| row.len() > 1 && row.last().is_some_and(Vec::is_empty);
    let trailing = !rows.is_empty() && rows.iter().all(ends_empty);
    let raw = usual_width(&rows);
    if let Some(names) = &mut header {
        while names.len() > 1 && names.last().is_some_and(|name| name.trim().is_empty()) {
            names.pop();
        }
    }
    let least = header.as_ref().map_or(usize::from(!trailing) * usual_width(&rows), Vec::len);
    for row in &mut rows {
        if row.len() > least.max(1) && row.last().is_some_and(Vec::is_empty) && (trailing || row.len() > raw.max(least))
        {
            row.pop();
        }
    }
    if trailing {
        evidence.push("rows end in a separator".to_owned());
    }
    let usual = usual_width(&rows);
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |at: usize| Sketch::of(rows.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
    let columns: Vec<Sketch> = (0..longest.min(COLUMNS)).map(column).collect();
    let mut index = None;
    if let Some(names) = &mut header {
        let named = !unnamed(&names[0]);
        let longer = rows.iter().filter(|row| row.len() > names.len()).count();
        let counted = columns.first().is_some_and(|first| first.counts);
        let leads = if !named || longer == 0 {
            false
        } else if counted && rows.len() > 1 {
            let sure = rows.len() >= 3 && longer == rows.len() || rows.len() >= 5 && longer * 2 > rows.len();
            if !sure {
                return Err(either_end(names));
            }
            true
        } else {
            usual == names.len() + 1 && longer * 10 >= rows.len() * 9 && is_index(&columns, rows.len(), names)?
        };
        if leads {
            names.insert(0, String::new());
            index = Some(0);
            evidence.push("rows have one field more than the header: the first numbers them".to_owned());
        } else {
            index = names
                .iter()
                .position(|name| unnamed(name))
                .filter(|&at| columns.get(at).is_some_and(|c| c.rises || c.counts));
        }
    }
    let width = header.as_ref().map_or(usual, Vec::len);
    Ok(Dialect {
        format: Format::usual(Separator::Comma),
        header,
        width,
        longest: longest.max(width),
        quoted: false,
        index,
        columns,
        rows: rows.len(),
        evidence,
        skip: Skip::default(),
    })
}

/// Whether a name is none: empty, or what pandas writes for it.
fn unnamed(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    name.is_empty() || name.starts_with("unnamed: ")
}

/// Whether the field that the header does not name is the first: it numbers the rows, or the types say so.
fn is_index(columns: &[Sketch], rows: usize, names: &[String]) -> Result<bool, Undecided> {
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return Ok(false) };
    let rising = first.rises && rows >= 5 || first.counts && rows >= 3;
    if rising {
        return Ok(true);
    }
    if !first.rises || matches!(last.kind(), Kind::Text | Kind::Set) && names.len() == 3 {
        return Ok(false);
    }
    Err(either_end(names))
}

fn either_end(names: &[String]) -> Undecided {
    Undecided {
        what: "columns",
        one: format!("the header names all fields of a row but the first, so that the second is `{}`", names[0]),
        other: format!("the header names all fields of a row but the last, so that the first is `{}`", names[0]),
        flags: "--columns, such as --columns -,user,item,value".to_owned(),
    }
}
