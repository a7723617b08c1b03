//! Seeded random blocks, the same on every platform.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::dense::Dense;
use crate::scalar::Real;

/// A stream of random blocks.
pub(crate) struct RandomBlocks(ChaCha8Rng);

impl RandomBlocks {
    /// The stream of one seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A block of independent entries, uniform in [-1, 1).
    pub(crate) fn block<T: Real>(&mut self, nrows: usize, ncols: usize) -> Dense<T> {
        let mut block = Dense::zeros(nrows, ncols);
        for entry in block.values_mut() {
            // 53 random bits fill the mantissa of a number in [0, 2).
            *entry = T::from_f64((self.0.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0);
        }
        block
    }
}
