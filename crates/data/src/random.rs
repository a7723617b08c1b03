//! Random numbers that are the same for a seed on every platform.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers. Only sums, products and quotients are used, never a platform's own functions.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Two numbers, each evenly among all of its type.
    pub fn pair(&mut self) -> (u32, u32) {
        let [a, b, c, d, e, f, g, h] = self.0.next_u64().to_le_bytes();
        (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
    }

    /// Evenly in 0..1.
    pub fn unit(&mut self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
        let unit = (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        unit
    }

    /// One of `0..count`.
    pub fn below(&mut self, count: usize) -> usize {
        spread(self.0.next_u32(), count)
    }

    /// About normal with mean 0 and deviation 1: the sum of twelve even numbers, less its mean.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Every order is as likely, but for what [`below`](Self::below) leaves uneven.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

/// A number that is even among all `u32` as one of `0..count`, for a count up to 2^32; bias below `count` / 2^32.
pub(crate) fn spread(number: u32, count: usize) -> usize {
    usize::try_from((u64::from(number) * count as u64) >> 32).unwrap_or(0)
}
