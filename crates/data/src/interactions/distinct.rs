//! The different values of a data set and how often each stands there.

use std::collections::BTreeMap;

/// Most different values that are told apart; a scale has fewer.
const MOST_VALUES: usize = 4096;
/// Places in which values are counted: a power of two.
const PLACES: usize = 64;

/// The different values, rising, each with how often it stands there; `None` for more than 4096 of them. The two zeros
/// are one value. O(values log of the number of different values).
#[must_use]
pub fn distinct(values: &[f32]) -> Option<Vec<(f32, u64)>> {
    let mut counts = BTreeMap::<i64, (f32, u64)>::new();
    // Most values are one of few: each is counted in a place of its own, and moves to the map when another takes that.
    let mut places = [(0f32, 0u64); PLACES];
    let mut keep = |(value, count): (f32, u64)| {
        if count > 0 {
            // Adding 0 makes -0 a 0.
            counts.entry(order(value)).or_insert((value + 0.0, 0)).1 += count;
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

    #[test]
    fn values_are_counted_as_one_by_one_and_too_many_are_given_up() {
        let values: Vec<f32> = (0..20_000u32).map(|n| ((n * 7919) % 1009) as f32 / 8.0 - 40.0).collect();
        let mut expected = BTreeMap::new();
        values.iter().for_each(|&value| *expected.entry(order(value)).or_insert(0) += 1);
        let found: BTreeMap<i64, u64> =
            distinct(&values).unwrap().into_iter().map(|(value, count)| (order(value), count)).collect();
        assert_eq!(found, expected);
        let many = |count: u32| (0..count).map(|n| n as f32).collect::<Vec<_>>();
        assert_eq!(distinct(&many(4096)).unwrap().len(), 4096);
        assert_eq!(distinct(&many(4097)), None);
    }

    #[test]
    fn both_zeros_are_one_value() {
        let found = distinct(&[-0.0, 0.0, 2.0, -0.0]).unwrap();
        assert_eq!(found, [(0.0, 3), (2.0, 1)]);
        assert!(found[0].0.is_sign_positive());
    }
}
