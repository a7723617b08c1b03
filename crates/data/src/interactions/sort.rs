//! Interactions in file order to sparse rows in id order. Counting instead of comparing, repeated ones combined.

use std::ops::Range;

use foretaste_linalg::{CsrError, CsrMatrix};

use super::repeats::{Event, Repeat};

/// Interactions as they came: numbers of first appearance, and the user once for a run of rows.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// User, and how many ratings in a row are theirs.
    pub(super) runs: Vec<(u32, u32)>,
    /// Item of each rating.
    pub(super) items: Vec<u32>,
    /// The values.
    pub(super) values: Vec<f32>,
    /// Milliseconds since 1970, one for each value; `None` where they are not kept.
    pub(super) times: Option<Vec<i64>>,
}

/// Interactions as a matrix.
#[derive(Debug)]
pub(super) struct Sorted {
    pub(super) matrix: CsrMatrix,
    /// One for each entry of the matrix.
    pub(super) times: Option<Vec<i64>>,
    /// Rows that became part of the entry of another row.
    pub(super) duplicates: u64,
}

/// The matrix, its times, and how many rows were combined with others of the same user and item.
///
/// `user_place` and `item_place` give the row and column of each number. O(nnz + users + items) but for rows that are
/// sorted: short ones of very many items, and all when repeats are combined in another way than that the last counts.
/// Interactions that come user by user in id order are sorted where they are.
pub(super) fn rows(
    mut gathered: Gathered,
    user_place: &[u32],
    item_place: &[u32],
    repeat: Repeat,
) -> Result<Sorted, CsrError> {
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
    let Gathered { mut items, mut values, mut times, .. } = gathered;
    let accepted = items.len();
    let mut row = Row::new(item_place, repeat, times.is_some());
    let (mut start, mut kept) = (0, 0);
    for offset in &mut offsets[1..] {
        let end = *offset;
        let mut entries = Entries { items: &mut items, values: &mut values, times: times.as_deref_mut() };
        kept = row.sort(&mut entries, start..end, kept);
        (start, *offset) = (end, kept);
    }
    items.truncate(kept);
    values.truncate(kept);
    if let Some(times) = &mut times {
        times.truncate(kept);
    }
    let matrix = CsrMatrix::new(item_place.len(), offsets, items, values)?;
    Ok(Sorted { matrix, times, duplicates: (accepted - kept) as u64 })
}

/// The same ratings, row after row, in the order in which they came within each.
fn by_row(from: &Gathered, user_place: &[u32], starts: &[usize]) -> Gathered {
    let mut next = starts.to_vec();
    let mut items = vec![0u32; from.items.len()];
    let mut values = vec![0f32; from.values.len()];
    let mut times = from.times.as_ref().map(|times| vec![0i64; times.len()]);
    let mut at = 0;
    for &(user, length) in &from.runs {
        let length = length as usize;
        let to = &mut next[user_place[user as usize] as usize];
        items[*to..*to + length].copy_from_slice(&from.items[at..at + length]);
        values[*to..*to + length].copy_from_slice(&from.values[at..at + length]);
        if let (Some(times), Some(from)) = (&mut times, &from.times) {
            times[*to..*to + length].copy_from_slice(&from[at..at + length]);
        }
        *to += length;
        at += length;
    }
    Gathered { runs: Vec::new(), items, values, times }
}

/// The entries of all rows, sorted and not yet sorted ones.
struct Entries<'a> {
    items: &'a mut [u32],
    values: &'a mut [f32],
    times: Option<&'a mut [i64]>,
}

/// Sorts row after row by column, through one row of all items that is used again and again.
struct Row<'a> {
    place: &'a [u32],
    repeat: Repeat,
    seen: Vec<u64>,
    value: Vec<f32>,
    /// Empty where times are not kept.
    time: Vec<i64>,
    short: Vec<(u32, f32)>,
    events: Vec<Event>,
}

impl<'a> Row<'a> {
    fn new(place: &'a [u32], repeat: Repeat, timed: bool) -> Self {
        // A whole number of words, so that every bit has a place in `value` and `time`.
        let words = place.len().div_ceil(64);
        Self {
            place,
            repeat,
            seen: vec![0; words],
            value: vec![0.0; words * 64],
            time: if timed { vec![0; words * 64] } else { Vec::new() },
            short: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Sorts the row in `span`, turns items into columns, and writes it to `to`, which is not behind the span's start.
    /// Returns where it ends there.
    fn sort(&mut self, entries: &mut Entries<'_>, span: Range<usize>, to: usize) -> usize {
        // Below one entry in four words of the bit set, walking the words costs more than sorting.
        let is_short = span.len() * 4 < self.seen.len();
        match &mut entries.times {
            _ if self.repeat != Repeat::Last => self.combine(entries, span, to),
            None if is_short => self.sort_short(entries.items, entries.values, span, to),
            Some(_) if is_short => self.combine(entries, span, to),
            None => {
                self.mark(entries.items, entries.values, span.clone());
                self.unmark::<false>(entries.items, entries.values, &mut [], to..span.end)
            }
            Some(times) => {
                self.mark_last(entries.items, entries.values, times, span.clone());
                self.unmark::<true>(entries.items, entries.values, times, to..span.end)
            }
        }
    }

    /// Puts the values of a row in their columns; of equal columns the last counts.
    fn mark(&mut self, items: &[u32], values: &[f32], span: Range<usize>) {
        for (&item, &value) in items[span.clone()].iter().zip(&values[span]) {
            let column = self.place[item as usize] as usize;
            self.seen[column / 64] |= 1 << (column % 64);
            self.value[column] = value;
        }
    }

    /// The same with times, by which the last is the last.
    fn mark_last(&mut self, items: &[u32], values: &[f32], times: &[i64], span: Range<usize>) {
        let entries = items[span.clone()].iter().zip(&values[span.clone()]).zip(&times[span]);
        for ((&item, &value), &time) in entries {
            let column = self.place[item as usize] as usize;
            let (word, bit) = (column / 64, 1 << (column % 64));
            if self.seen[word] & bit == 0 || time >= self.time[column] {
                self.value[column] = value;
                self.time[column] = time;
            }
            self.seen[word] |= bit;
        }
    }

    /// Takes the columns out again, rising, and writes them to `to`; returns where they end.
    fn unmark<const TIMED: bool>(
        &mut self,
        items: &mut [u32],
        values: &mut [f32],
        times: &mut [i64],
        to: Range<usize>,
    ) -> usize {
        // At most as many columns as entries were seen, so the row stays within its span.
        let mut end = to.start;
        let columns = items[to.clone()].iter_mut();
        let mut slots = columns.zip(&mut values[to.clone()]);
        let mut time_slots = if TIMED { times[to].iter_mut() } else { [].iter_mut() };
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
                if TIMED && let Some(time) = time_slots.next() {
                    *time = self.time[(base + bit) as usize];
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

    /// Sorts by column and time, and makes one entry of the events of each column.
    fn combine(&mut self, entries: &mut Entries<'_>, span: Range<usize>, to: usize) -> usize {
        self.events.clear();
        for at in span {
            let column = self.place[entries.items[at] as usize];
            let time = entries.times.as_ref().map_or(0, |times| times[at]);
            self.events.push(Event { column, time, value: entries.values[at] });
        }
        // Stable, so that among equal times the order of the file decides.
        self.events.sort_by_key(|event| (event.column, event.time));
        let mut end = to;
        for events in self.events.chunk_by_mut(|a, b| a.column == b.column) {
            let [.., last] = *events else { continue };
            entries.items[end] = last.column;
            entries.values[end] = self.repeat.value(events);
            if let Some(times) = &mut entries.times {
                times[end] = last.time;
            }
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
                times: None,
            };
            let Sorted { matrix, duplicates, .. } = rows(gathered, &[0, 1], &place, Repeat::Last).unwrap();
            assert_eq!((matrix.nnz(), duplicates), (4, 1));
            let last = items as u32 - 1;
            assert_eq!(matrix.row(0), (&[last - 2][..], &[3.0f32][..]));
            assert_eq!(matrix.row(1), (&[last - 3, last - 1, last][..], &[2.0f32, 5.0, 4.0][..]));
        }
    }

    #[test]
    fn time_decides_what_is_last_in_wide_and_narrow_rows() {
        for items in [4usize, 4096] {
            let place: Vec<u32> = (0..items as u32).collect();
            let found = Repeat::ALL.map(|repeat| {
                let gathered = Gathered {
                    runs: vec![(0, 2), (1, 1), (0, 3)],
                    items: vec![3, 1, 0, 3, 3, 1],
                    values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                    times: Some(vec![30, 20, 7, 10, 30, 20]),
                };
                let sorted = rows(gathered, &[0, 1], &place, repeat).unwrap();
                assert_eq!(sorted.duplicates, 3);
                assert_eq!(sorted.times, Some(vec![20, 30, 7]));
                assert_eq!(sorted.matrix.row(0).0, [1, 3]);
                [sorted.matrix.row(0).1[0], sorted.matrix.row(0).1[1]]
            });
            // Of equal times the later row is the last: 6 of (2, 6), 5 of (1, 5).
            assert_eq!(found, [[6.0, 5.0], [2.0, 4.0], [6.0, 5.0], [8.0, 10.0], [2.0, 3.0]], "{items} items");
        }
    }
}
