//! Ratings in file order to sparse rows in id order. Counting instead of comparing, later ratings over earlier ones.

use foretaste_linalg::{CsrError, CsrMatrix};

/// Ratings as they came: numbers of first appearance, and the user once for a run of rows.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// User, and how many ratings in a row are theirs.
    pub(super) runs: Vec<(u32, u32)>,
    /// Item and rating.
    pub(super) entries: Vec<(u32, f32)>,
}

/// The matrix, and how many ratings a later one of the same user and item replaced.
///
/// `user_place` and `item_place` give the row and column of each number. O(nnz + users + items) but for short rows of
/// very many items, which are sorted.
pub(super) fn rows(gathered: Gathered, user_place: &[u32], item_place: &[u32]) -> Result<(CsrMatrix, u64), CsrError> {
    let Gathered { runs, entries } = gathered;
    let mut starts = vec![0usize; user_place.len() + 1];
    for &(user, length) in &runs {
        starts[user_place[user as usize] as usize + 1] += length as usize;
    }
    for row in 1..starts.len() {
        starts[row] += starts[row - 1];
    }
    let sorted = runs.iter().zip(runs.iter().skip(1)).all(|(a, b)| user_place[a.0 as usize] < user_place[b.0 as usize]);
    let entries = if sorted { entries } else { by_row(&runs, &entries, user_place, &starts) };
    drop(runs);
    let mut rows = Rows::new(item_place, entries.len());
    for span in starts.windows(2) {
        rows.push(&entries[span[0]..span[1]]);
    }
    let duplicates = (entries.len() - rows.columns.len()) as u64;
    let matrix = CsrMatrix::new(item_place.len(), rows.offsets, rows.columns, rows.values)?;
    Ok((matrix, duplicates))
}

fn by_row(runs: &[(u32, u32)], entries: &[(u32, f32)], user_place: &[u32], starts: &[usize]) -> Vec<(u32, f32)> {
    let mut next = starts.to_vec();
    let mut sorted = vec![(0u32, 0f32); entries.len()];
    let mut at = 0;
    for &(user, length) in runs {
        let to = &mut next[user_place[user as usize] as usize];
        let length = length as usize;
        sorted[*to..*to + length].copy_from_slice(&entries[at..at + length]);
        *to += length;
        at += length;
    }
    sorted
}

/// Sorts row after row by column, through one row of all items that is used again and again.
struct Rows<'a> {
    place: &'a [u32],
    seen: Vec<u64>,
    value: Vec<f32>,
    offsets: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl<'a> Rows<'a> {
    fn new(place: &'a [u32], entries: usize) -> Self {
        Self {
            place,
            seen: vec![0; place.len().div_ceil(64)],
            value: vec![0.0; place.len()],
            offsets: vec![0],
            columns: Vec::with_capacity(entries),
            values: Vec::with_capacity(entries),
        }
    }

    fn push(&mut self, row: &[(u32, f32)]) {
        // Below one rating in four words of the bit set, walking the words costs more than sorting.
        if row.len() * 4 < self.seen.len() {
            self.push_sorted(row);
        } else {
            self.push_marked(row);
        }
        self.offsets.push(self.columns.len());
    }

    fn push_marked(&mut self, row: &[(u32, f32)]) {
        for &(item, rating) in row {
            let column = self.place[item as usize];
            self.seen[column as usize / 64] |= 1 << (column % 64);
            self.value[column as usize] = rating;
        }
        for (base, word) in (0u32..).step_by(64).zip(&mut self.seen) {
            let mut bits = std::mem::take(word);
            while bits != 0 {
                let column = base + bits.trailing_zeros();
                self.columns.push(column);
                self.values.push(self.value[column as usize]);
                bits &= bits - 1;
            }
        }
    }

    fn push_sorted(&mut self, row: &[(u32, f32)]) {
        let mut row: Vec<(u32, f32)> = row.iter().map(|&(item, rating)| (self.place[item as usize], rating)).collect();
        row.sort_by_key(|&(column, _)| column);
        let start = self.columns.len();
        for (column, rating) in row {
            if self.columns.len() > start && self.columns.last() == Some(&column) {
                self.values.pop();
            } else {
                self.columns.push(column);
            }
            self.values.push(rating);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_rating_replaces_an_earlier_one_in_wide_and_narrow_rows() {
        for items in [4usize, 4096] {
            let place: Vec<u32> = (0..items as u32).rev().collect();
            let gathered = Gathered {
                runs: vec![(1, 2), (0, 1), (1, 2)],
                entries: vec![(0, 1.0), (3, 2.0), (2, 3.0), (0, 4.0), (1, 5.0)],
            };
            let (matrix, duplicates) = rows(gathered, &[0, 1], &place).unwrap();
            assert_eq!((matrix.nnz(), duplicates), (4, 1));
            let last = items as u32 - 1;
            assert_eq!(matrix.row(0), (&[last - 2][..], &[3.0f32][..]));
            assert_eq!(matrix.row(1), (&[last - 3, last - 1, last][..], &[2.0f32, 5.0, 4.0][..]));
        }
    }
}
