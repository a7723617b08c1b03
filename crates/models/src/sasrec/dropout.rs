//! Dropout whose bits depend on the seed, the step and the sequence alone, whichever thread draws them.

use foretaste_data::random::Random;
use foretaste_linalg::Real;

/// Numbers of 16 bits that one draw gives.
const PIECES: usize = 4;

/// Draws what is dropped of one sequence in one step, in the order in which the network asks.
#[derive(Debug)]
pub(crate) struct Dropout {
    /// A number below it, of 16 bits, is dropped.
    threshold: u32,
    random: Random,
    /// Bits that were drawn and not used yet.
    left: Vec<u32>,
}

impl Dropout {
    /// For a sequence by its place in the shuffled order of all, in a step; nothing is dropped at a rate of 0.
    pub(crate) fn new(rate: f64, seed: u64, step: u64, sequence: u64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 2^16")]
        let threshold = (rate * 65_536.0) as u32;
        let of_step = seed.wrapping_add(step.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let key = (of_step ^ (of_step >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9).wrapping_add(sequence);
        (threshold > 0).then(|| Self { threshold, random: Random::new(key), left: Vec::new() })
    }

    /// Factors for some values: 0 for what is dropped, and for the others what makes up for it.
    pub(crate) fn fill<T: Real>(&mut self, factors: &mut [T]) {
        let kept = T::from_f64(65_536.0 / (65_536.0 - f64::from(self.threshold)));
        let threshold = self.threshold;
        let factor = |bits: u32| if bits < threshold { T::default() } else { kept };
        let count = self.left.len().min(factors.len());
        let (left, rest) = factors.split_at_mut(count);
        left.iter_mut().zip(self.left.drain(..count)).for_each(|(to, bits)| *to = factor(bits));
        for four in rest.chunks_mut(PIECES) {
            let (a, b) = self.random.pair();
            let bits = [b >> 16, b & 0xFFFF, a >> 16, a & 0xFFFF];
            four.iter_mut().zip(bits).for_each(|(to, bits)| *to = factor(bits));
            self.left.extend_from_slice(&bits[four.len()..]);
        }
    }
}

/// Drops some of the values, and returns the factors that it took; none where nothing is dropped.
pub(crate) fn drop_some<T: Real>(dropout: &mut Option<Dropout>, values: &mut [T]) -> Vec<T> {
    let Some(dropout) = dropout else { return Vec::new() };
    let mut factors = vec![T::default(); values.len()];
    dropout.fill(&mut factors);
    times(values, &factors);
    factors
}

/// Multiplies by the factors of a dropout, where there are any.
pub(crate) fn times<T: Real>(values: &mut [T], factors: &[T]) {
    values.iter_mut().zip(factors).for_each(|(value, &factor)| *value *= factor);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_dropped_the_mean_stays_and_each_step_and_sequence_has_its_own_bits() {
        let drawn = |step, sequence| {
            let mut factors = vec![0f64; 100_000];
            Dropout::new(0.3, 9, step, sequence).unwrap().fill(&mut factors);
            factors
        };
        let first = drawn(0, 0);
        assert_eq!(first, drawn(0, 0));
        assert!(first != drawn(1, 0) && first != drawn(0, 1) && drawn(1, 0) != drawn(0, 1));
        let dropped = first.iter().filter(|&&factor| factor == 0.0).count() as f64 / 1e5;
        assert!((dropped - 0.3).abs() < 0.01, "{dropped}");
        assert!((first.iter().sum::<f64>() / 1e5 - 1.0).abs() < 0.02);
        assert!(Dropout::new(0.0, 9, 0, 0).is_none());
    }
}
