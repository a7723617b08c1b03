//! The best n of a list of scores, without sorting the list.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Scored;
use crate::ids::ItemIx;

/// The score of an item that must not be ranked.
pub(super) const MASKED: f32 = f32::NEG_INFINITY;

/// Scores are compared with a threshold in runs of this many, which the compiler turns into vector code.
const RUN: usize = 64;

/// The `n` highest scores above [`MASKED`], best first, equal scores by rising index.
///
/// O(len) for one comparison a score, plus O(log n) for each of about `n ln(len / n)` scores that enter the heap. The
/// answer depends on the scores alone.
pub(super) fn top_n(scores: &[f32], n: usize) -> Vec<Scored> {
    let mut heap: BinaryHeap<Reverse<Entry>> = BinaryHeap::with_capacity(n.min(scores.len()) + 1);
    let mut threshold = MASKED;
    for (run, scores) in scores.chunks(RUN).enumerate() {
        // Indices rise, so a score equal to the threshold comes after what is kept already and loses.
        if n == 0 || !scores.iter().fold(false, |any, &score| any | (score > threshold)) {
            continue;
        }
        for (at, &score) in scores.iter().enumerate() {
            if score > threshold {
                heap.push(Reverse(Entry { score, index: run * RUN + at }));
                if heap.len() > n {
                    heap.pop();
                }
                if heap.len() == n {
                    threshold = heap.peek().map_or(MASKED, |worst| worst.0.score);
                }
            }
        }
    }
    let best_first = heap.into_sorted_vec();
    best_first.into_iter().map(|Reverse(entry)| entry.into()).collect()
}

/// Ordered by rank: the greater entry is the better one.
struct Entry {
    score: f32,
    index: usize,
}

impl From<Entry> for Scored {
    #[allow(clippy::cast_possible_truncation, reason = "item indices are u32 from the start")]
    fn from(entry: Entry) -> Self {
        Self { item: ItemIx(entry.index as u32), score: entry.score }
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.index.cmp(&self.index))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same answer by a full sort.
    fn sorted(scores: &[f32], n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(scores.len()).unwrap()).collect();
        order.retain(|&at| scores[at as usize] > MASKED);
        order.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
        order.truncate(n);
        order
    }

    #[test]
    fn agrees_with_a_full_sort_where_many_scores_are_equal() {
        let mut state = 7u32;
        for len in [0, 1, 63, 64, 65, 1000] {
            let scores: Vec<f32> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if state >> 30 == 0 { MASKED } else { ((state >> 24) % 20) as f32 }
                })
                .collect();
            for n in [0, 1, 10, 64, 2000] {
                let found: Vec<u32> = top_n(&scores, n).iter().map(|scored| scored.item.0).collect();
                assert_eq!(found, sorted(&scores, n), "{n} of {len}");
            }
        }
    }
}
