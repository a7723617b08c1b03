//! Random numbers of the distributions that a Gibbs sampler draws from.

use std::cmp::Ordering;

use foretaste_data::random::Random;

/// A stream of draws.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    random: Random,
    /// The second normal of a pair.
    spare: Option<f64>,
}

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), spare: None }
    }

    /// The stream of a part of the work of one sweep: streams of other parts have nothing in common with it.
    pub(crate) fn of_part(seed: u64, sweep: usize, part: usize) -> Self {
        let mixed = [sweep as u64, part as u64].into_iter().fold(seed, |state, word| {
            let state = (state ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15);
            let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            state ^ (state >> 31)
        });
        Self::new(mixed)
    }

    /// Evenly in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.random.unit()
    }

    /// Normal with mean 0 and deviation 1: the polar method (Marsaglia, Bray 1964).
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 && square > 0.0 {
                let stretch = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * stretch);
                return x * stretch;
            }
        }
    }

    /// Normal of density in proportion to exp(-(precision x² / 2 - linear x)).
    pub(crate) fn posterior(&mut self, precision: f64, linear: f64) -> f64 {
        linear / precision + self.normal() / precision.sqrt()
    }

    /// Gamma of a shape of at least 1/2 and a rate (Marsaglia, Tsang, ACM TOMS 26(3), 2000).
    pub(crate) fn gamma(&mut self, shape: f64, rate: f64) -> f64 {
        // Below 1 by way of the shape one higher.
        let boost = if shape < 1.0 { self.unit().max(f64::MIN_POSITIVE).powf(1.0 / shape) } else { 1.0 };
        let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.unit().max(f64::MIN_POSITIVE).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return boost * d * v / rate;
            }
        }
    }

    /// Normal with mean 0 and deviation 1, held between two ends, of which either may be infinite: by rejection from
    /// normal, even or exponential draws (Robert, Statistics and Computing 5(2), 1995). The lower end where there is
    /// nothing between them.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        if low.partial_cmp(&high) != Some(Ordering::Less) {
            return low;
        }
        if high < 0.0 {
            return -self.above(-high, -low);
        }
        if low > 0.0 {
            return self.above(low, high);
        }
        if high - low > 2.5 {
            loop {
                let x = self.normal();
                if x > low && x < high {
                    return x;
                }
            }
        }
        self.even(low, high, 0.0)
    }

    /// The same for ends above 0.
    fn above(&mut self, low: f64, high: f64) -> f64 {
        if (high - low) * low < 1.5 && high - low < 2.5 {
            return self.even(low, high, low);
        }
        let rate = f64::midpoint(low, (low * low + 4.0).sqrt());
        loop {
            let x = low - (1.0 - self.unit()).ln() / rate;
            if x < high && self.unit() < (-0.5 * (x - rate) * (x - rate)).exp() {
                return x;
            }
        }
    }

    /// Even draws, thinned out by the density, which is largest at `peak`.
    fn even(&mut self, low: f64, high: f64, peak: f64) -> f64 {
        loop {
            let x = low + (high - low) * self.unit();
            if self.unit() < (0.5 * (peak * peak - x * x)).exp() {
                return x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bayesian_fm::gauss::Gauss;

    const COUNT: usize = 200_000;

    /// Mean and variance of draws.
    fn moments(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let draws: Vec<f64> = (0..COUNT).map(|_| draw()).collect();
        let mean = draws.iter().sum::<f64>() / COUNT as f64;
        (mean, draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / COUNT as f64)
    }

    #[test]
    fn a_truncated_normal_has_the_mean_and_variance_of_the_closed_form() {
        let mut draws = Draws::new(7);
        let gauss = Gauss::get();
        let infinite = f64::INFINITY;
        for (low, high) in [
            (-infinite, -1.5),
            (-infinite, 2.0),
            (0.3, infinite),
            (-0.5, 0.7),
            (-2.0, 2.5),
            (1.0, 1.4),
            (0.2, 3.0),
            (3.0, 6.0),
            (-5.0, -4.0),
        ] {
            let density =
                |x: f64| if x.is_finite() { (-0.5 * x * x).exp() / (std::f64::consts::TAU).sqrt() } else { 0.0 };
            let times = |x: f64| if x.is_finite() { x * density(x) } else { 0.0 };
            let mass = gauss.between(low, high);
            let mean = (density(low) - density(high)) / mass;
            let variance = 1.0 + (times(low) - times(high)) / mass - mean * mean;
            let (found, spread) = moments(|| {
                let x = draws.between(low, high);
                assert!(low <= x && x <= high, "{x} is not in {low}..{high}");
                x
            });
            // Four standard errors.
            let error = 4.0 * (variance / COUNT as f64).sqrt();
            assert!((found - mean).abs() < error, "{low}..{high}: mean {found}, not {mean}");
            assert!((spread / variance - 1.0).abs() < 0.03, "{low}..{high}: variance {spread}, not {variance}");
        }
        assert!(draws.between(2.0, 2.0).to_bits() == 2f64.to_bits());
        assert!(draws.between(f64::NAN, 2.0).is_nan());
    }

    #[test]
    fn normal_and_gamma_draws_have_their_moments() {
        let mut draws = Draws::new(3);
        let (mean, variance) = moments(|| draws.normal());
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.015, "{mean} {variance}");
        for (shape, rate) in [(0.5, 2.0), (1.0, 0.5), (7.5, 3.0)] {
            let (mean, variance) = moments(|| draws.gamma(shape, rate));
            assert!((mean * rate / shape - 1.0).abs() < 0.015, "{shape} {rate}: mean {mean}");
            assert!((variance * rate * rate / shape - 1.0).abs() < 0.05, "{shape} {rate}: variance {variance}");
        }
        let (mean, variance) = moments(|| draws.posterior(4.0, 2.0));
        assert!((mean - 0.5).abs() < 0.006 && (variance - 0.25).abs() < 0.004, "{mean} {variance}");
    }

    #[test]
    fn streams_of_parts_differ() {
        let first = |sweep, part| Draws::of_part(1, sweep, part).unit().to_bits();
        let mut all: Vec<u64> = (0..20).flat_map(|sweep| (0..20).map(move |part| first(sweep, part))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 400);
    }
}
