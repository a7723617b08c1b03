//! Softmax of many numbers: in vectors for f32, by the standard library for f64.

use pulp::{Arch, Simd, WithSimd};

use crate::scalar::Real;

/// Partial sums, so that vectors of any length give the same bits.
const LANES: usize = 16;

/// Numbers that a softmax is made of.
pub trait Softmax: Real {
    /// Replaces each value `x` by `scale exp(x) / sum`, the sum over all of `exp`, and returns the logarithm of that sum; minus
    /// infinity without values. The f32 are off by a millionth of their value at most, but for those below the largest by more
    /// than 87, which count as that far below; sums run in f64 in a fixed order.
    fn softmax(values: &mut [Self], scale: f64) -> f64;
}

impl Softmax for f32 {
    fn softmax(values: &mut [Self], scale: f64) -> f64 {
        Arch::new().dispatch(InVectors { values, scale })
    }
}

impl Softmax for f64 {
    fn softmax(values: &mut [Self], scale: f64) -> f64 {
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        values.iter_mut().for_each(|value| *value = (*value - most).exp());
        let sum: f64 = values.iter().sum();
        values.iter_mut().for_each(|value| *value *= scale / sum);
        sum.ln() + most
    }
}

/// The arguments of the softmax, for dispatch.
struct InVectors<'a> {
    values: &'a mut [f32],
    scale: f64,
}

impl WithSimd for InVectors<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let most = largest(self.values);
        let sum = exponentials(self.values, most);
        #[expect(clippy::cast_possible_truncation, reason = "shares are stored as f32 on purpose")]
        let factor = (self.scale / sum) as f32;
        for value in self.values {
            *value *= factor;
        }
        sum.ln() + f64::from(most)
    }
}

#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    let (whole, rest) = values.as_chunks::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    for chunk in whole {
        for (most, &value) in most.iter_mut().zip(chunk) {
            *most = if value > *most { value } else { *most };
        }
    }
    most.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// Replaces each value by its exponential, less the shift, and returns their sum.
#[inline(always)]
fn exponentials(values: &mut [f32], shift: f32) -> f64 {
    let (whole, rest) = values.as_chunks_mut::<LANES>();
    let mut sums = [0f64; LANES];
    for chunk in whole {
        for (value, sum) in chunk.iter_mut().zip(&mut sums) {
            *value = exponential(*value - shift);
            *sum += f64::from(*value);
        }
    }
    for (value, sum) in rest.iter_mut().zip(&mut sums) {
        *value = exponential(*value - shift);
        *sum += f64::from(*value);
    }
    sums.iter().sum()
}

/// `2^n exp(r)` with `x = n ln 2 + r`, `|r| <= ln 2 / 2`, and the Taylor polynomial of degree 6 for `exp(r)`.
#[inline(always)]
fn exponential(x: f32) -> f32 {
    /// What is added to a number below 2^22 rounds it to a whole one, which stands in the low bits of the sum.
    const ROUND: f32 = 12_582_912.0;
    /// The first bits of ln 2, whose products with whole numbers are exact, and what is missing of it.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0));
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail)));
    series * f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3F80_0000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_the_logarithm_of_the_sum_are_those_of_double_precision() {
        for count in [1usize, 15, 16, 17, 1000] {
            let given: Vec<f32> = (0..count).map(|at| 3.0 - (at * 7 % count) as f32 * 86.9 / count as f32).collect();
            let sum: f64 = given.iter().map(|&x| f64::from(x).exp()).sum();
            let mut found = given.clone();
            let logarithm = f32::softmax(&mut found, 0.5);
            assert!((logarithm - sum.ln()).abs() < 1e-6, "{logarithm}");
            let mut wide: Vec<f64> = given.iter().map(|&x| f64::from(x)).collect();
            assert!((f64::softmax(&mut wide, 0.5) - sum.ln()).abs() < 1e-12);
            for ((x, y), wide) in given.iter().zip(&found).zip(&wide) {
                let expected = 0.5 * f64::from(*x).exp() / sum;
                assert!((f64::from(*y) / expected - 1.0).abs() < 1e-6, "the share of {x} is {y}, not {expected}");
                assert!((wide / expected - 1.0).abs() < 1e-12);
            }
        }
        let mut far = [-1e30f32, 0.0];
        assert!(f32::softmax(&mut far, 1.0).abs() < 1e-30 && far[0] < 1e-30);
    }
}
