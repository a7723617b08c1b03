//! Columns of text, aligned.

use std::io::{self, Write};

use super::printable;

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left edge: words.
    Left,
    /// At the right edge: numbers.
    Right,
}

/// Rows of cells under a head, two spaces apart, without lines.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [(&'static str, Align); N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table without rows.
    pub(crate) fn new(columns: [(&'static str, Align); N]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Appends a row, its cells made printable.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell)));
    }

    /// Writes head and rows, each line behind `indent`.
    pub(crate) fn write(&self, out: &mut impl Write, indent: &str) -> io::Result<()> {
        let width = |at: usize| {
            let cells = self.rows.iter().map(|row| row[at].chars().count());
            cells.chain([self.columns[at].0.chars().count()]).max().unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(width);
        let head = self.columns.map(|(name, _)| name.to_owned());
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::from(indent);
            for (at, cell) in row.iter().enumerate() {
                let gap = if at == 0 { "" } else { "  " };
                let fill = widths[at] - cell.chars().count();
                let (before, after) = match self.columns[at].1 {
                    Align::Left => (0, fill),
                    Align::Right => (fill, 0),
                };
                line += &format!("{gap}{:before$}{cell}{:after$}", "", "");
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_without_spaces() {
        let mut table = Table::new([("#", Align::Right), ("title", Align::Left), ("score", Align::Right)]);
        table.row(["1".into(), "Amélie".into(), "4.5".into()]);
        table.row(["10".into(), "Up\u{1b}[2J".into(), "12".into()]);
        let mut out = Vec::new();
        table.write(&mut out, " ").unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "  #  title   score\n  1  Amélie    4.5\n 10  Up\u{fffd}[2J     12\n");
    }
}
