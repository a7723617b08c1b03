//! A value that stands apart from the scale of the others, as a code for "no rating" does.

use serde::Serialize;

/// Fewest other values that make a scale.
const FEWEST_OTHERS: usize = 2;
/// Fewest other values that make a scale from which one can be far.
const FEWEST_OF_A_SCALE: usize = 5;

/// A value that may mean "no rating".
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Apart {
    /// The value.
    pub value: f32,
    /// How often it was read.
    pub count: u64,
    /// The lowest of the other values.
    pub least: f32,
    /// The highest of the other values.
    pub most: f32,
}

/// The value that stands apart from all others, if one does: the only negative one; the lowest or the highest, when it
/// is farther from five or more others than they are from each other; or a 0 below a scale that begins at its own step, when it is
/// more frequent than all other values together (as in Book-Crossing). `all` are the different values of explicit
/// ratings, rising, each with how often it was read. O(all).
#[must_use]
pub fn stands_apart(all: &[(f32, u64)]) -> Option<Apart> {
    let [(low, low_count), above @ ..] = all else { return None };
    let [below @ .., (high, high_count)] = all else { return None };
    if above.len() < FEWEST_OTHERS {
        return None;
    }
    let (least, most) = (above[0].0, *high);
    let range = most - least;
    let is_only_negative = *low < 0.0 && least >= 0.0;
    let is_far = above.len() >= FEWEST_OF_A_SCALE && least - low > range;
    let is_silent = *low == 0.0 && above[1].0 - least >= least && low_count * 2 > all.iter().map(|one| one.1).sum();
    if is_only_negative || is_far || is_silent {
        return Some(Apart { value: *low, count: *low_count, least, most });
    }
    let (least, most) = (*low, below[below.len() - 1].0);
    let is_far = below.len() >= FEWEST_OF_A_SCALE && high - most > most - least;
    is_far.then_some(Apart { value: *high, count: *high_count, least, most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interactions::distinct;

    fn apart(values: &[f32]) -> Option<f32> {
        stands_apart(&distinct(values).unwrap()).map(|apart| apart.value)
    }

    #[test]
    fn codes_stand_apart_and_scales_do_not() {
        let scale = |from: i8, to: i8| (from..=to).map(f32::from).collect::<Vec<_>>();
        assert_eq!(apart(&[scale(1, 10), vec![-1.0; 5]].concat()), Some(-1.0));
        assert_eq!(apart(&[scale(0, 10), vec![-1.0]].concat()), Some(-1.0));
        assert_eq!(apart(&[scale(1, 10), vec![0.0; 20]].concat()), Some(0.0));
        assert_eq!(apart(&[scale(-10, 10), vec![99.0]].concat()), Some(99.0));
        assert_eq!(apart(&scale(-10, 10)), None);
        assert_eq!(apart(&scale(0, 5)), None);
        assert_eq!(apart(&scale(1, 5)), None);
        assert_eq!(apart(&[1.0, 2.0, 5.0]), None);
        assert_eq!(apart(&[0.0, 1.0]), None);
        assert_eq!(apart(&[-1.0, 1.0]), None);
        assert_eq!(apart(&[]), None);
    }
}
