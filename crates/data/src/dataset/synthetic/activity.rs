//! How many ratings each user gives.

use crate::random::Random;

/// Fewest ratings of a user, as in the larger MovieLens sets, where the mean allows it.
const FEWEST: u32 = 20;
/// Mandelbrot's shift, in places and as a share of all users, of which the smaller holds: it bounds the most active ones.
const SHIFT: f64 = 25.0;
const SHIFT_SHARE: f64 = 1.0 / 400.0;

/// The number of ratings of every user: `ratings` in all, each from 1 to `items`.
///
/// The user at place `r` of `n` by activity gives `m - c + c ((n + q) / (r + q))^(1/2)`: the Zipf-Mandelbrot law of exponent
/// 1/2 with the shift `q`, set upon the minimum `m`; `c` follows from the sum. (Read as a distribution, it is Lomax's,
/// the Pareto distribution of type II, of shape 2.) Activity is dealt to the users at random.
/// Memory: 12 bytes a user. O(users).
pub(super) fn activity(users: u32, items: u32, ratings: u64, random: &mut Random) -> Vec<u32> {
    let half_the_mean = u32::try_from(ratings / (2 * u64::from(users))).unwrap_or(u32::MAX);
    let fewest = f64::from(half_the_mean.clamp(1, FEWEST));
    let last = f64::from(users);
    let shift = SHIFT.min(SHIFT_SHARE * last);
    let weights: Vec<f64> =
        (0..users).map(|place| ((last + shift) / (f64::from(place) + 0.5 + shift)).sqrt() - 1.0).collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to the number of items")]
    let count = |scale: f64, weight: &f64| (fewest + scale * weight).min(f64::from(items)) as u32;
    let total = |scale: f64| weights.iter().map(|weight| u64::from(count(scale, weight))).sum::<u64>();

    // The largest scale whose sum is not above `ratings`. The smallest weight reaches `items` at the upper end.
    let (mut low, mut high) = (0.0, f64::from(items) * 8.0 * last);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        *(if total(middle) <= ratings { &mut low } else { &mut high }) = middle;
    }
    let mut counts: Vec<u32> = weights.iter().map(|weight| count(low, weight)).collect();
    // At the next scale at least this many users have one rating more.
    let missing = usize::try_from(ratings - total(low)).unwrap_or(usize::MAX);
    counts.iter_mut().filter(|count| **count < items).take(missing).for_each(|count| *count += 1);
    random.shuffle(&mut counts);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_possible_number_of_ratings_is_dealt_exactly() {
        for (users, items) in [(1, 1), (1, 9), (9, 1), (7, 5), (13, 40)] {
            for ratings in u64::from(users.max(items))..=u64::from(users) * u64::from(items) {
                let counts = activity(users, items, ratings, &mut Random::new(1));
                assert_eq!(counts.iter().map(|&count| u64::from(count)).sum::<u64>(), ratings);
                assert_eq!(counts.len(), users as usize);
                assert!(counts.iter().all(|&count| (1..=items).contains(&count)), "{users} x {items}: {counts:?}");
            }
        }
    }

    #[test]
    fn activity_of_movielens_20m_is_met_within_a_tenth() {
        let mut counts = activity(138_493, 26_744, 20_000_263, &mut Random::new(1));
        counts.sort_unstable();
        let near = |found: u32, real: u32| assert!(found.abs_diff(real) * 10 <= real, "{found}, not {real}");
        near(counts[0], 20);
        near(counts[counts.len() / 2], 68);
        near(counts[counts.len() - 1], 9254);
    }
}
