//! Draws with unequal chances, in constant time.

use crate::random::{Random, spread};

/// Chances for `0..n`, `n` up to 2^32. Memory: 8 bytes a number.
///
/// Source: Walker, "An efficient method for generating discrete random variables with general distributions", ACM
/// TOMS 3(3), 1977; set up as in Vose, "A linear algorithm for generating random numbers with a given distribution",
/// IEEE TSE 17(9), 1991.
pub(super) struct Lottery {
    slots: Vec<Slot>,
}

/// One n-th of all draws, shared by two numbers: its own and another.
#[derive(Clone, Copy)]
struct Slot {
    /// The own number's share of the slot, in 2^-32.
    own: u32,
    other: u32,
}

impl Lottery {
    /// Chances in proportion to positive weights, to within 2^-32 of a slot; none of them vanishes. O(n).
    pub(super) fn new(weights: &[f64]) -> Self {
        let mean = weights.iter().sum::<f64>() / as_f64(weights.len());
        let mut left: Vec<f64> = weights.iter().map(|weight| weight / mean).collect();
        let mut slots: Vec<Slot> = (0u32..).take(weights.len()).map(|other| Slot { own: u32::MAX, other }).collect();
        let (mut poor, mut rich): (Vec<u32>, Vec<u32>) =
            (0u32..).take(weights.len()).partition(|&at| left[at as usize] < 1.0);
        while let (Some(&from), Some(at)) = (rich.last(), poor.pop()) {
            let share = left[at as usize];
            slots[at as usize] = Slot { own: parts(share), other: from };
            left[from as usize] -= 1.0 - share;
            if left[from as usize] < 1.0 {
                rich.pop();
                poor.push(from);
            }
        }
        Self { slots }
    }

    /// One of `0..n`.
    pub(super) fn draw(&self, random: &mut Random) -> u32 {
        let (which, side) = random.pair();
        let at = spread(which, self.slots.len());
        let slot = self.slots[at];
        #[allow(clippy::cast_possible_truncation, reason = "numbers are below 2^32, as `other` is")]
        let own = at as u32;
        if side < slot.own { own } else { slot.other }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share below 1; the cast saturates")]
fn parts(share: f64) -> u32 {
    ((share * 4_294_967_296.0) as u32).max(1)
}

#[allow(clippy::cast_precision_loss, reason = "a number of items is far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_drawn_as_often_as_their_weights_say() {
        let weights = [5.0, 1.0, 0.25, 3.0, 0.75];
        let lottery = Lottery::new(&weights);
        let mut random = Random::new(7);
        let mut drawn = [0u32; 5];
        (0..100_000).for_each(|_| drawn[lottery.draw(&mut random) as usize] += 1);
        for (count, weight) in drawn.iter().zip(weights) {
            let expected = weight * 10_000.0;
            assert!((f64::from(*count) - expected).abs() < 5.0 * expected.sqrt(), "{drawn:?}");
        }
    }

    #[test]
    fn the_last_one_left_is_always_drawn() {
        let lottery = Lottery::new(&[1e-9]);
        assert_eq!(lottery.draw(&mut Random::new(0)), 0);
    }
}
