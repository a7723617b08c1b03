//! Interactions in file order to sparse rows in id order. Counting instead of comparing, later ratings over earlier ones.

use std::ops::Range;

use foretaste_linalg::{CsrError, CsrMatrix};

/// Interactions as they came: numbers of first appearance, and the user once for a run of rows.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// User, and how many ratings in a row are theirs.
    pub(super) runs: Vec<(u32, u32)>,
    /// Item of each rating.
    pub(super) items: Vec<u32>,
    /// The ratings.
    pub(super) values: Vec<f32>,
}

/// The matrix, and how many ratings a later one of the same user and item replaced.
///
/// `user_place` and `item_place` give the row and column of each number. O(nnz + users + items) but for short rows of
/// very many items, which are sorted. Interactions that come user by user in id order are sorted where they are.
pub(super) fn rows(
    mut gathered: Gathered,
    user_place: &[u32],
    item_place: &[u32],
) -> Result<(CsrMatrix, u64), CsrError> {
    let mut offsets = vec![0usize; user_place.len() + 1];
    for &(user, length) in &gathered.runs {
        offsets[user_place[user as usize] as usize + 1] += length as usize;
    }
    for row in 1..offsets.len() {
        offsets[row] += offsets[row - 1];
    }
    let places = || gathered.runs.iter().map(|&(user, _)| user_place[user as usize]);
    if !places().zip(places().skip(1)).all(|(a, b)| a < b) {
        gathered = by_row(&gathered, user_place, &offsets);
    }
    let Gathered { mut items, mut values, .. } = gathered;
    let accepted = items.len();
    let mut row = Row::new(item_place);
    let (mut start, mut kept) = (0, 0);
    for offset in &mut offsets[1..] {
        let end = *offset;
        kept = row.sort(&mut items, &mut values, start..end, kept);
        (start, *offset) = (end, kept);
    }
    items.truncate(kept);
    values.truncate(kept);
    let matrix = CsrMatrix::new(item_place.len(), offsets, items, values)?;
    Ok((matrix, (accepted - kept) as u64))
}

/// The same ratings, row after row, in the order in which they came within each.
fn by_row(from: &Gathered, user_place: &[u32], starts: &[usize]) -> Gathered {
    let mut next = starts.to_vec();
    let mut items = vec![0u32; from.items.len()];
    let mut values = vec![0f32; from.values.len()];
    let mut at = 0;
    for &(user, length) in &from.runs {
        let length = length as usize;
        let to = &mut next[user_place[user as usize] as usize];
        items[*to..*to + length].copy_from_slice(&from.items[at..at + length]);
        values[*to..*to + length].copy_from_slice(&from.values[at..at + length]);
        *to += length;
        at += length;
    }
    Gathered { runs: Vec::new(), items, values }
}

/// Sorts row after row by column, through one row of all items that is used again and again.
struct Row<'a> {
    place: &'a [u32],
    seen: Vec<u64>,
    value: Vec<f32>,
    short: Vec<(u32, f32)>,
}

impl<'a> Row<'a> {
    fn new(place: &'a [u32]) -> Self {
        // A whole number of words, so that every bit has a place in `value`.
        let words = place.len().div_ceil(64);
        Self { place, seen: vec![0; words], value: vec![0.0; words * 64], short: Vec::new() }
    }

    /// Sorts the row in `span`, turns items into columns, and writes it to `to`, which is not behind the span's start.
    /// Returns where it ends there.
    fn sort(&mut self, items: &mut [u32], values: &mut [f32], span: Range<usize>, to: usize) -> usize {
        // Below one rating in four words of the bit set, walking the words costs more than sorting.
        if span.len() * 4 < self.seen.len() {
            return self.sort_short(items, values, span, to);
        }
        for (&item, &value) in items[span.clone()].iter().zip(&values[span.clone()]) {
            let column = self.place[item as usize] as usize;
            self.seen[column / 64] |= 1 << (column % 64);
            self.value[column] = value;
        }
        // At most as many columns as ratings were seen, so the row stays within its span.
        let columns = items[to..span.end].iter_mut();
        let mut slots = columns.zip(&mut values[to..span.end]);
        let mut end = to;
        let words = self.seen.iter_mut().zip(self.value.as_chunks::<64>().0);
        for (base, (word, chunk)) in (0u32..).step_by(64).zip(words) {
            let mut bits = std::mem::take(word);
            end += bits.count_ones() as usize;
            while bits != 0 {
                let bit = bits.trailing_zeros();
                if let Some((column, value)) = slots.next() {
                    *column = base + bit;
                    *value = chunk[bit as usize & 63];
                }
                bits &= bits - 1;
            }
        }
        end
    }

    fn sort_short(&mut self, items: &mut [u32], values: &mut [f32], span: Range<usize>, to: usize) -> usize {
        let entries = items[span.clone()].iter().zip(&values[span]);
        self.short.clear();
        self.short.extend(entries.map(|(&item, &value)| (self.place[item as usize], value)));
        self.short.sort_by_key(|&(column, _)| column);
        let mut end = to;
        for &(column, value) in &self.short {
            if end > to && items[end - 1] == column {
                end -= 1;
            }
            (items[end], values[end]) = (column, value);
            end += 1;
        }
        end
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
                items: vec![0, 3, 2, 0, 1],
                values: vec![1.0, 2.0, 3.0, 4.0, 5.0],
            };
            let (matrix, duplicates) = rows(gathered, &[0, 1], &place).unwrap();
            assert_eq!((matrix.nnz(), duplicates), (4, 1));
            let last = items as u32 - 1;
            assert_eq!(matrix.row(0), (&[last - 2][..], &[3.0f32][..]));
            assert_eq!(matrix.row(1), (&[last - 3, last - 1, last][..], &[2.0f32, 5.0, 4.0][..]));
        }
    }
}
