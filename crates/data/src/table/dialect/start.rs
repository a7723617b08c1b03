//! Which rows before a table are remarks, and which hold names.

use super::head::{BEFORE, counts_from, differs, is_named, names, usual_width};
use super::sketch::{is_missing, number};
use super::{Asked, Rows};

/// The first rows of a file, and what is known of all of them.
pub(super) struct Start<'a> {
    rows: &'a Rows,
    asked: &'a Asked<'a>,
    /// Fields of most rows, an empty one behind the last column not counted.
    pub(super) usual: usize,
    /// Whether the rows end in a separator.
    ends: bool,
    /// Whether most rows hold a number.
    numeric: bool,
    /// Whether one of the first rows has two usual names or more.
    clear: bool,
}

impl<'a> Start<'a> {
    pub(super) fn of(rows: &'a Rows, asked: &'a Asked<'a>) -> Self {
        let ends = rows.len() > 2 && rows[2..].iter().all(|row| row.len() > 1 && row.last().is_some_and(Vec::is_empty));
        let numeric = |row: &&Vec<Vec<u8>>| row.iter().any(|cell| number(cell, true).is_some());
        let clear = rows.iter().take(BEFORE + 1).any(|row| names(row, asked) >= 2 && is_named(row, asked));
        Self {
            rows,
            asked,
            usual: usual_width(rows) - usize::from(ends),
            ends,
            numeric: rows.iter().filter(numeric).count() * 2 > rows.len(),
            clear,
        }
    }

    /// Rows before the table that are passed over.
    pub(super) fn before(&self) -> usize {
        let most = BEFORE.min(self.rows.len().saturating_sub(1));
        (0..most).find(|&at| !(self.is_comment(at) || self.is_remark(at) && !self.is_named(at))).unwrap_or(most)
    }

    /// Whether a row has usual names, and as many fields as one that names columns.
    pub(super) fn is_named(&self, at: usize) -> bool {
        let row = &self.rows[at];
        let fits = row.len() == self.usual
            || row.len() + 1 == self.usual
            || row.len() == self.usual + 1 && (self.ends || row.last().is_some_and(Vec::is_empty));
        is_named(row, self.asked) && (names(row, self.asked) >= 2 || !self.clear && fits && !self.is_outdone(at))
    }

    /// Whether a better header follows: a title may hold a usual name, and as many words as a row has fields.
    fn is_outdone(&self, at: usize) -> bool {
        let Some((next, below)) = self.rows.get(at + 1..).and_then(<[_]>::split_first) else { return false };
        // Nothing at the corner, and then words: in a table of numbers that is no row of data.
        let word = |cell: &Vec<u8>| !is_missing(cell) && number(cell, true).is_none();
        let numeric = below.iter().filter(|row| row.iter().any(|cell| number(cell, true).is_some())).count();
        let corner = next.len() > 2 && next[0].is_empty() && next[1..].iter().all(word);
        if corner && numeric * 2 > below.len() {
            return true;
        }
        !below.is_empty() && (self.asked.role)(&next[0]).is_some() && differs(next, below, self.asked).is_some()
    }

    /// Whether a row is a title, a comment or the like.
    fn is_remark(&self, at: usize) -> bool {
        let Some(row) = self.rows.get(at).filter(|_| at <= BEFORE) else { return false };
        let first = row[0].as_slice();
        let starts = |start: &[u8]| first.len() >= start.len() && first[..start.len()].eq_ignore_ascii_case(start);
        let plain = row.iter().all(|cell| cell.iter().all(|&byte| byte >= b' ' || byte == b'\t'));
        let words = plain && row.iter().all(|cell| number(cell, true).is_none());
        let alone = row.len() == 1 && self.usual > 1;
        // The header may end in a separator as the rows do, and their last column may be empty in a few of them.
        let ends = self.ends && row.len() == self.usual + 1;
        let other = row.len() != self.usual && row.len() + 1 != self.usual && !ends;
        alone && (words || plain && self.rows.len() > 2 && !self.numeric)
            || starts(b"sep=")
            || (starts(b"#") || starts(b"%")) && words
            || other && words && self.numeric
            || self.is_prose(at)
            || words && self.is_outdone(at)
            || self.is_title(at)
    }

    /// Whether a row begins with a word and is shorter than all rows of the table: a row of names has a field less at most,
    /// and a row of data that lacks fields has rows of data below it.
    fn is_title(&self, at: usize) -> bool {
        let (row, next) = (&self.rows[at], self.rows.get(at + 1));
        let word = |cell: &Vec<u8>| !is_missing(cell) && cell.iter().any(u8::is_ascii_alphabetic);
        let names = |row: &Vec<Vec<u8>>| {
            counts_from(0, row) || counts_from(1, row) || row.iter().all(|cell| number(cell, true).is_none())
        };
        let table = self.rows.get(BEFORE.min(self.rows.len() / 2)..).unwrap_or_default();
        self.numeric
            && row.len() < self.usual
            && word(&row[0])
            && table.iter().all(|below| below.len() > row.len())
            && (row.len() + 1 < self.usual && next.is_some_and(names) || self.is_remark(at + 1))
    }

    /// Whether a row is a sentence above a header: spaces stand within its cells, and within none of the rows below.
    fn is_prose(&self, at: usize) -> bool {
        let spaced = |row: &Vec<Vec<u8>>| row.iter().any(|cell| cell.contains(&b' '));
        let Some((next, below)) = self.rows.get(at + 1..).and_then(<[_]>::split_first) else { return false };
        let named = names(next, self.asked) >= 2
            || (self.asked.role)(&next[0]).is_some()
            || next.len() > 2 && counts_from(0, next);
        spaced(&self.rows[at]) && named && !spaced(next) && !below.iter().take(BEFORE).any(spaced)
    }

    /// Whether a row is a comment that names columns too, above a header that names them as they stand.
    fn is_comment(&self, at: usize) -> bool {
        let (Some(next), Some(_)) = (self.rows.get(at + 1), self.rows.get(at + 2)) else { return false };
        let fields = next.len() == self.usual || next.len() + 1 == self.usual || next.len() == self.usual + 1;
        let named = next.iter().any(|cell| (self.asked.role)(cell).is_some())
            || counts_from(0, next)
            || next.iter().all(|cell| number(cell, true).is_none())
                && differs(next, &self.rows[at + 2..], self.asked).is_some();
        matches!(self.rows[at][0].first(), Some(b'#' | b'%'))
            && fields
            && named
            && !next.iter().all(|cell| is_missing(cell))
    }
}
