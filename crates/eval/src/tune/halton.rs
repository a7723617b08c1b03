//! Points that fill a cube evenly, in an order that can be entered anywhere.
//!
//! Source: Halton, "On the efficiency of certain quasi-random sequences of points in evaluating multi-dimensional
//! integrals", Numerische Mathematik 2, 1960; shifted by a random point modulo 1 (Cranley, Patterson, "Randomization of number
//! theoretic methods for multiple integration", SIAM Journal on Numerical Analysis 13(6), 1976).

use foretaste::random::Random;

/// The bases of the coordinates.
const PRIMES: [u32; 16] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

/// The most coordinates that a point has.
pub(super) const MOST: usize = PRIMES.len();

/// Point `index`, from 1 on, of the sequence that the seed shifts: `count` numbers, each at least 0 and below 1. O(count log
/// index).
///
/// # Panics
/// When `count` is above [`MOST`].
pub(super) fn point(index: u32, count: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let shifted = |&base: &u32| (inverse(index, base) + random.unit()).fract();
    PRIMES[..count].iter().map(shifted).collect()
}

/// The digits of `index`, mirrored at the point.
fn inverse(mut index: u32, base: u32) -> f64 {
    let (mut sum, mut unit) = (0.0, 1.0);
    while index > 0 {
        unit /= f64::from(base);
        sum += f64::from(index % base) * unit;
        index /= base;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_points_are_those_of_the_publication() {
        let halves: Vec<f64> = (1..=7).map(|index| inverse(index, 2)).collect();
        assert_eq!(halves, [0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]);
        for (index, expected) in (1..).zip([1.0 / 3.0, 2.0 / 3.0, 1.0 / 9.0, 4.0 / 9.0, 7.0 / 9.0, 2.0 / 9.0]) {
            assert!((inverse(index, 3) - expected).abs() < 1e-15, "{index}");
        }
    }

    #[test]
    fn a_seed_shifts_all_points_alike_and_each_is_found_by_its_index() {
        let (first, other) = (point(1, 3, 7), point(1, 3, 8));
        assert_eq!(first, point(1, 3, 7));
        assert_ne!(first, other);
        let distance = |from: &[f64], to: &[f64]| (to[1] - from[1]).rem_euclid(1.0);
        let moved = distance(&first, &point(2, 3, 7));
        assert!((moved - 1.0 / 3.0).abs() < 1e-12, "{moved}");
    }

    #[test]
    fn every_interval_of_a_coordinate_is_visited() {
        for coordinate in 0..MOST {
            let mut seen = [false; 5];
            for index in 1..=100 {
                seen[(point(index, MOST, 3)[coordinate] * 5.0) as usize] = true;
            }
            assert_eq!(seen, [true; 5], "{coordinate}");
        }
    }
}
