//! What the cells of a table of values show, and rows of interactions do not: gaps in all columns, small counts.

use crate::table::{Dialect, Sketch};

/// Least value of a column from which on it is no column of counts.
const SMALL: f64 = 10.0;

/// What the cells say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells {
    /// Empty cells and zeros.
    pub(super) gaps: usize,
    /// All cells.
    pub(super) all: usize,
    /// Whether at least half of the columns have gaps.
    pub(super) gappy: bool,
    /// Whether all columns have gaps.
    pub(super) gaps_everywhere: bool,
    /// Whether nearly all columns have gaps, which are two fifths of all cells, or a fifth where the columns hold whole
    /// numbers that begin small.
    pub(super) sparse: bool,
    /// Whether the table cannot be rows of interactions: where its users and items would stand, cells are empty or hold
    /// fractions.
    pub(super) no_rows: bool,
}

impl Cells {
    /// Looks at the columns of the cells; `nameless` says that those before them have no name.
    pub(super) fn of(dialect: &Dialect, columns: &[&Sketch], nameless: bool) -> Self {
        let gap = |column: &Sketch| column.missing + column.zeros;
        let gaps = columns.iter().map(|column| gap(column)).sum::<usize>();
        let all = columns.iter().map(|column| column.cells).sum::<usize>();
        let with = columns.iter().filter(|column| gap(column) > 0).count();
        let small = |column: &&&Sketch| {
            gap(column) > 0
                && !has_fractions(column)
                && column.range.is_none_or(|(low, _)| (0.0..=SMALL).contains(&low))
        };
        let counts = columns.iter().filter(small).count();
        // Users and items of rows stand behind the first column where that is an index, else in it and behind it; an
        // index that does not rise may be either.
        let places: &[usize] = if nameless && dialect.index.is_some() { &[1, 2] } else { &[1] };
        let missing = columns.iter().filter(|column| column.missing > 0).count();
        let no_id = |column: &Sketch| {
            column.missing * 20 >= column.cells && missing * 2 >= columns.len() || has_fractions(column)
        };
        let nearly = |of: usize| of * 5 >= columns.len() * 4;
        Self {
            gaps,
            all,
            gappy: with * 2 >= columns.len(),
            gaps_everywhere: with == columns.len(),
            sparse: nearly(counts) && gaps * 5 >= all || nearly(with) && gaps * 5 >= all * 2,
            no_rows: places.iter().any(|&at| dialect.columns.get(at).is_some_and(no_id)),
        }
    }
}

/// Whether a column holds nothing but numbers and gaps.
pub(super) fn holds_values(column: &Sketch) -> bool {
    column.numbers() + column.missing >= column.cells
}

/// The one text that stands in half of the columns or more where they hold no number, and in no other way.
pub(super) fn filler(columns: &[&Sketch]) -> Option<String> {
    let fillers: Vec<&[u8]> = columns.iter().filter_map(|column| column.filler()).collect();
    let first = *fillers.first()?;
    let others = columns.iter().all(|column| column.filler().is_some() || holds_values(column));
    let found = fillers.len() * 2 >= columns.len() && fillers.iter().all(|&text| text == first);
    (others && found && columns.len() >= 3).then(|| String::from_utf8_lossy(first).into_owned())
}

/// Whether some numbers have a fraction that is not zero, of those that are remembered.
fn has_fractions(column: &Sketch) -> bool {
    let fraction = |cell: &Vec<u8>| {
        let at = cell.iter().position(|byte| matches!(byte, b'.' | b','));
        at.is_some_and(|at| cell[at + 1..].iter().any(|byte| (b'1'..=b'9').contains(byte)))
    };
    column.point + column.comma > 0 && column.distinct.iter().any(fraction)
}
