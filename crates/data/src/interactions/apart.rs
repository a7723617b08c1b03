//! A value that stands apart from the scale of the others, as a code for "no rating" does.

use std::collections::BTreeMap;

use serde::Serialize;

/// Most different values that are looked at; a scale has fewer.
const MOST_VALUES: usize = 4096;
/// Fewest other values that make a scale.
const FEWEST_OTHERS: usize = 2;
/// Fewest other values that make a scale from which one can be far.
const FEWEST_OF_A_SCALE: usize = 5;
/// Places in which values are counted: a power of two.
const PLACES: usize = 64;

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
/// more frequent than all other values together (as in Book-Crossing). Looks at explicit ratings only by name: whoever
/// calls says what the values are. O(values log of the number of different values); `None` for more than 4096 of them.
#[must_use]
pub fn stands_apart(values: &[f32]) -> Option<Apart> {
    let all = counted(values)?;
    let [(low, low_count), above @ ..] = &all[..] else { return None };
    let [below @ .., (high, high_count)] = &all[..] else { return None };
    if above.len() < FEWEST_OTHERS {
        return None;
    }
    let (least, most) = (above[0].0, *high);
    let range = most - least;
    let is_only_negative = *low < 0.0 && least >= 0.0;
    let is_far = above.len() >= FEWEST_OF_A_SCALE && least - low > range;
    let is_silent = *low == 0.0 && above[1].0 - least >= least && low_count * 2 > values.len() as u64;
    if is_only_negative || is_far || is_silent {
        return Some(Apart { value: *low, count: *low_count, least, most });
    }
    let (least, most) = (*low, below[below.len() - 1].0);
    let is_far = below.len() >= FEWEST_OF_A_SCALE && high - most > most - least;
    is_far.then_some(Apart { value: *high, count: *high_count, least, most })
}

/// The different values, rising, each with how often it stands there; `None` for more than [`MOST_VALUES`].
fn counted(values: &[f32]) -> Option<Vec<(f32, u64)>> {
    let mut counts = BTreeMap::<i64, (f32, u64)>::new();
    // Most values are one of few: each is counted in a place of its own, and moves to the map when another takes that.
    let mut places = [(0f32, 0u64); PLACES];
    let mut keep = |(value, count): (f32, u64)| {
        if count > 0 {
            counts.entry(order(value)).or_insert((value, 0)).1 += count;
        }
        counts.len() <= MOST_VALUES
    };
    for &value in values {
        let place = &mut places[(value.to_bits().wrapping_mul(0x9E37_79B1) >> (32 - PLACES.ilog2())) as usize];
        if place.0.to_bits() == value.to_bits() {
            place.1 += 1;
        } else {
            let full = std::mem::replace(place, (value, 1));
            if !keep(full) {
                return None;
            }
        }
    }
    places.into_iter().all(&mut keep).then(|| counts.into_values().collect())
}

/// A number that rises with a finite float.
fn order(value: f32) -> i64 {
    let bits = i64::from(value.abs().to_bits());
    if value < 0.0 { -bits } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(values: &[f32]) -> Option<f32> {
        stands_apart(values).map(|apart| apart.value)
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

    #[test]
    fn values_are_counted_as_one_by_one_and_too_many_are_given_up() {
        let values: Vec<f32> = (0..20_000u32).map(|n| ((n * 7919) % 1009) as f32 / 8.0 - 40.0).collect();
        let mut expected = BTreeMap::new();
        values.iter().for_each(|&value| *expected.entry(order(value)).or_insert(0) += 1);
        let found: BTreeMap<i64, u64> =
            counted(&values).unwrap().into_iter().map(|(value, count)| (order(value), count)).collect();
        assert_eq!(found, expected);
        assert_eq!(counted(&[-0.0, 0.0, 2.0, -0.0]).unwrap().iter().map(|found| found.1).collect::<Vec<_>>(), [3, 1]);
        let many = |count: u32| (0..count).map(|n| n as f32).collect::<Vec<_>>();
        assert_eq!(counted(&many(4096)).unwrap().len(), 4096);
        assert_eq!(counted(&many(4097)), None);
    }
}
