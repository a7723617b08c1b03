//! Columns of text, aligned, no wider than the terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{printable, shortened, width};

/// The narrowest that a column of text is made.
const LEAST: usize = 8;
/// Between two columns.
const GAP: usize = 2;

/// Where the text of a column stands, and what becomes of it where the table is too wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left edge: words, which are shortened.
    Left,
    /// At the right edge: numbers, which are never shortened.
    Right,
    /// At the right edge: ids, which are shortened when shorter words are not enough.
    Id,
}

/// Rows of cells under a head, two spaces apart, without lines.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [(&'static str, Align); N],
    rows: Vec<[String; N]>,
    droppable: Vec<&'static str>,
}

impl<const N: usize> Table<N> {
    /// A table without rows.
    pub(crate) fn new(columns: [(&'static str, Align); N]) -> Self {
        Self { columns, rows: Vec::new(), droppable: Vec::new() }
    }

    /// Appends a row, its cells made printable.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell)));
    }

    /// Leaves a column out where the table is too wide, before text is shortened. The first one named goes first.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only the table of services drops columns"))]
    pub(crate) fn may_drop(&mut self, column: &'static str) {
        self.droppable.push(column);
    }

    /// Writes head and rows, each line behind `indent`, for the width of stdout.
    pub(crate) fn write(&self, out: &mut impl Write, indent: &str) -> io::Result<()> {
        self.write_within(width(), out, indent)
    }

    fn write_within(&self, most: usize, out: &mut impl Write, indent: &str) -> io::Result<()> {
        let widths = self.widths(most.saturating_sub(indent.width()));
        let head = self.columns.map(|(name, _)| name.to_owned());
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::from(indent);
            let mut gap = 0;
            for (at, cell) in row.iter().enumerate() {
                let Some(width) = widths[at] else { continue };
                let cell = shortened(cell, width);
                let fill = width - cell.width().min(width);
                let (before, after) = match self.columns[at].1 {
                    Align::Left => (0, fill),
                    Align::Right | Align::Id => (fill, 0),
                };
                line += &format!("{:gap$}{:before$}{cell}{:after$}", "", "", "");
                gap = GAP;
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// The width of each column so that they take at most `most` together, as far as that is possible; `None` where a
    /// column is left out.
    fn widths(&self, most: usize) -> [Option<usize>; N] {
        let natural = |at: usize| {
            let cells = self.rows.iter().map(|row| row[at].width());
            cells.chain([self.columns[at].0.width()]).max()
        };
        let mut widths: [Option<usize>; N] = std::array::from_fn(natural);
        let excess = |widths: &[Option<usize>; N]| {
            let (count, sum) = widths.iter().flatten().fold((0, 0), |(count, sum), width| (count + 1, sum + width));
            (sum + GAP * usize::saturating_sub(count, 1)).saturating_sub(most)
        };
        for name in &self.droppable {
            if excess(&widths) > 0
                && let Some(at) = self.columns.iter().position(|(column, _)| column == name)
            {
                widths[at] = None;
            }
        }
        for kind in [Align::Left, Align::Id] {
            for _ in 0..excess(&widths) {
                let least = |at: usize| LEAST.max(self.columns[at].0.width());
                let of_kind = (0..N).filter(|&at| self.columns[at].1 == kind);
                let wide =
                    of_kind.filter_map(|at| widths[at].filter(|&width| width > least(at)).map(|width| (width, at)));
                // The widest gives way; of equal ones the last.
                let Some((width, at)) = wide.max() else { break };
                widths[at] = Some(width - 1);
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<const N: usize>(table: &Table<N>, width: usize, indent: &str) -> String {
        let mut out = Vec::new();
        table.write_within(width, &mut out, indent).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up_and_lines_end_without_spaces() {
        let mut table = Table::new([("#", Align::Right), ("title", Align::Left), ("score", Align::Right)]);
        table.row(["1".into(), "Amélie".into(), "4.5".into()]);
        table.row(["10".into(), "Up\u{1b}[2J".into(), "12".into()]);
        table.row(["11".into(), "日本".into(), "7".into()]);
        let expected = "  #  title   score\n  1  Amélie    4.5\n 10  Up\u{fffd}[2J     12\n 11  日本        7\n";
        assert_eq!(text(&table, 80, " "), expected);
    }

    #[test]
    fn words_are_shortened_before_ids_and_numbers_never() {
        let mut table =
            Table::new([("", Align::Right), ("item", Align::Id), ("title", Align::Left), ("n", Align::Right)]);
        table.row(["1".into(), "B00X4WHP5E".into(), "A title of some length".into(), "1,000,209".into()]);
        assert!(text(&table, 48, "").lines().all(|line| line.chars().count() <= 48));
        assert_eq!(text(&table, 40, "").lines().last().unwrap(), "1  B00X4WHP5E  A title of so…  1,000,209");
        assert_eq!(text(&table, 34, "").lines().last().unwrap(), "1  B00X4WHP5E  A title…  1,000,209");
        assert_eq!(text(&table, 32, "").lines().last().unwrap(), "1  B00X4WH…  A title…  1,000,209");
        assert_eq!(text(&table, 5, "").lines().last().unwrap(), "1  B00X4WH…  A title…  1,000,209");
    }

    #[test]
    fn a_column_that_may_go_goes_before_words_are_shortened() {
        let mut table = Table::new([("service", Align::Left), ("held by", Align::Left), ("ready", Align::Right)]);
        table.may_drop("held by");
        table.row(["a-long-name".into(), "cgroup".into(), "1/1".into()]);
        assert_eq!(text(&table, 27, ""), "service      held by  ready\na-long-name  cgroup     1/1\n");
        assert_eq!(text(&table, 26, ""), "service      ready\na-long-name    1/1\n");
        assert_eq!(text(&table, 16, ""), "service    ready\na-long-n…    1/1\n");
    }

    #[test]
    fn wide_characters_count_twice() {
        let mut table = Table::new([("title", Align::Left), ("n", Align::Right)]);
        table.row(["日本日本日本日本".into(), "1".into()]);
        assert_eq!(text(&table, 14, "").lines().last().unwrap(), "日本日本日…  1");
    }
}
