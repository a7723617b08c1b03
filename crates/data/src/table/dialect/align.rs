//! How rows and header fit together: trailing separators, an index without a name, fields that some rows lack.

use super::super::{Format, Separator};
use super::head::usual_width;
use super::index::Seen;
use super::matrix;
use super::sketch::Sketch;
use super::surplus::Surplus;
use super::{Asked, Dialect, Rows, Skip, Undecided};

/// Columns that are looked at, at most.
const COLUMNS: usize = 1 << 16;

/// Aligns the header with the rows and looks at each column.
///
/// # Errors
/// When rows have one field more than the header, and it may stand at either end.
pub(super) fn align(
    header: Option<Vec<String>>,
    rows: &[Vec<Vec<u8>>],
    separator: Separator,
    asked: &Asked<'_>,
    mut evidence: Vec<String>,
) -> Result<Dialect, Undecided> {
    let (mut rows, mut header): (Rows, _) = (rows.to_vec(), header);
    let trailing = trim_ends(&mut rows, header.as_mut());
    if trailing {
        evidence.push("rows end in a separator".to_owned());
    }
    let usual = usual_width(&rows);
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |at: usize| Sketch::of(rows.iter().filter_map(|row| row.get(at).map(Vec::as_slice)));
    let columns: Vec<Sketch> = (0..longest.min(COLUMNS)).map(column).collect();
    let mut index = None;
    if let Some(names) = &mut header {
        let longer = rows.iter().filter(|row| row.len() > names.len()).count();
        let seen = Seen { columns: &columns, rows: rows.len(), longer, usual, separator, asked };
        let table = longer == rows.len() && matrix::has_no_corner(names, &columns, asked);
        if !unnamed(&names[0]) && (table || seen.leads(names)?) {
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
    let surplus = Surplus::of(&rows, width);
    Ok(Dialect {
        format: Format::usual(Separator::Comma),
        header,
        width,
        longest: longest.max(width),
        quoted: false,
        table: false,
        complete: false,
        surplus,
        index,
        columns,
        rows: rows.len(),
        evidence,
        skip: Skip::default(),
    })
}

/// Whether a name is none: empty, or what pandas writes for it.
pub(crate) fn unnamed(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    name.is_empty() || name.starts_with("unnamed: ")
}

/// Drops empty names and fields behind the last column; whether all rows end in a separator.
fn trim_ends(rows: &mut Rows, header: Option<&mut Vec<String>>) -> bool {
    let ends_empty = |row: &Vec<Vec<u8>>| row.len() > 1 && row.last().is_some_and(Vec::is_empty);
    let trailing = !rows.is_empty() && rows.iter().all(ends_empty);
    let raw = usual_width(rows);
    let least = header.map_or(usize::from(!trailing) * raw, |names| {
        while names.len() > 1 && names.last().is_some_and(|name| name.trim().is_empty()) {
            names.pop();
        }
        names.len()
    });
    for row in rows {
        if row.len() > least.max(1) && row.last().is_some_and(Vec::is_empty) && (trailing || row.len() > raw.max(least))
        {
            row.pop();
        }
    }
    trailing
}
