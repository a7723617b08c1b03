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
            *entry = T::from_f64(self.uniform());
        }
        block
    }

    /// A block of independent entries, normal with mean 0 and this standard deviation.
    ///
    /// Source: Marsaglia, Bray, "A convenient method for generating normal variables", SIAM Review 6(3), 1964.
    pub(crate) fn normal(&mut self, nrows: usize, ncols: usize, deviation: f64) -> Dense<f32> {
        let mut block = Dense::zeros(nrows, ncols);
        for pair in block.values_mut().chunks_mut(2) {
            let (x, y, square) = loop {
                let (x, y) = (self.uniform(), self.uniform());
                let square = x * x + y * y;
                if 0.0 < square && square < 1.0 {
                    break (x, y, square);
                }
            };
            let length = deviation * (-2.0 * square.ln() / square).sqrt();
            pair.iter_mut().zip([x, y]).for_each(|(to, x)| *to = f32::from_f64(x * length));
        }
        block
    }

    /// Uniform in [-1, 1).
    fn uniform(&mut self) -> f64 {
        // 53 random bits fill the mantissa of a number in [0, 2).
        (self.0.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// An `nrows x ncols` matrix of independent entries, normal with mean 0 and this standard deviation; equal seeds give equal
/// entries.
#[must_use]
pub fn normal(nrows: usize, ncols: usize, deviation: f64, seed: u64) -> Dense<f32> {
    RandomBlocks::new(seed).normal(nrows, ncols, deviation)
}
