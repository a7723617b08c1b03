//! The best n of a list of scores, without sorting the list.

use std::cmp::Ordering;

use super::Scored;
use foretaste_data::ids::ItemIx;

/// The score of an item that must not be ranked.
pub(super) const MASKED: f32 = f32::NEG_INFINITY;

/// Scores are looked at in runs of this many, whose greatest is found with vector instructions.
const RUN: usize = 32;
const LANES: usize = 8;

/// The `n` highest scores above [`MASKED`], best first, equal scores by rising index.
///
/// The n-th greatest of the runs' greatest scores is no greater than the n-th best score, for each of those n runs holds
/// a score that is at least as high. So one pass in vector code finds a bound, and only the few scores that reach it are
/// compared. O(len) for `n` far below `len`, at worst O(len + n log n). The answer depends on the scores alone.
pub(super) fn top_n(scores: &[f32], n: usize) -> Vec<Scored> {
    if n == 0 {
        return Vec::new();
    }
    let greatest: Vec<f32> = scores.chunks(RUN).map(greatest).collect();
    let bound = nth_greatest(&greatest, n);
    let mut best = Vec::with_capacity(2 * n.min(scores.len()));
    for (run, _) in greatest.iter().enumerate().filter(|&(_, &greatest)| greatest >= bound) {
        let start = run * RUN;
        let run = scores[start..].iter().take(RUN).enumerate();
        best.extend(
            run.filter(|&(_, &score)| score >= bound && score > MASKED).map(|(at, &score)| scored(start + at, score)),
        );
    }
    if best.len() > n {
        best.select_nth_unstable_by(n - 1, best_first);
        best.truncate(n);
    }
    best.sort_unstable_by(best_first);
    best
}

/// The order of ranks: higher scores first, equal ones by rising index. Total, for no score is NaN.
pub(super) fn best_first(a: &Scored, b: &Scored) -> Ordering {
    b.score.total_cmp(&a.score).then(a.item.cmp(&b.item))
}

/// The greatest score of a run.
fn greatest(run: &[f32]) -> f32 {
    let mut lanes = [MASKED; LANES];
    let (whole, rest) = run.as_chunks::<LANES>();
    for scores in whole {
        for (lane, &score) in lanes.iter_mut().zip(scores) {
            *lane = if score > *lane { score } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(MASKED, |greatest, &score| greatest.max(score))
}

/// The n-th greatest of some numbers, or [`MASKED`] where there are fewer.
fn nth_greatest(numbers: &[f32], n: usize) -> f32 {
    if numbers.len() < n {
        return MASKED;
    }
    let mut numbers = numbers.to_vec();
    *numbers.select_nth_unstable_by(n - 1, |a, b| b.total_cmp(a)).1
}

#[allow(clippy::cast_possible_truncation, reason = "item indices are u32 from the start")]
fn scored(index: usize, score: f32) -> Scored {
    Scored { item: ItemIx(index as u32), score }
}

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
        for len in [0, 1, 7, 31, 32, 33, 319, 320, 321, 1000] {
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
