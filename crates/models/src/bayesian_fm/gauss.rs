//! The normal distribution's mass, fast enough for every rating of every sweep.

use std::f64::consts::TAU;
use std::sync::LazyLock;

/// Nodes for each unit of length.
const NODES: usize = 64;
/// Where the table ends: the mass below minus this is 6e-16.
const END: usize = 8;

/// The mass below numbers of at most 0, by cubic interpolation between nodes at which it and the density are exact: its
/// relative error is below 1e-6, and below 1e-9 near 0.
#[derive(Debug)]
pub(crate) struct Gauss {
    /// Mass below, and density times the distance of nodes, at `-at / NODES`.
    nodes: Vec<[f64; 2]>,
}

static TABLE: LazyLock<Gauss> = LazyLock::new(Gauss::new);

/// A number between two ends of an ordinal level: the mass between them, and what makes the derivatives of its logarithm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// Mass between the ends.
    pub(crate) mass: f64,
    /// Density at the lower and at the upper end.
    pub(crate) density: [f64; 2],
}

impl Gauss {
    /// The one table there is.
    pub(crate) fn get() -> &'static Self {
        &TABLE
    }

    fn new() -> Self {
        let node = |at: usize| {
            #[expect(clippy::cast_precision_loss, reason = "some hundred nodes")]
            let x = at as f64 / NODES as f64;
            #[expect(clippy::cast_precision_loss, reason = "a small constant")]
            let step = 1.0 / NODES as f64;
            [tail(x), density(x) * step]
        };
        Self { nodes: (0..=END * NODES + 1).map(node).collect() }
    }

    /// The mass below `-x` and the density there, for an `x` of at least 0.
    #[inline]
    fn lower(&self, x: f64) -> (f64, f64) {
        #[expect(clippy::cast_precision_loss, reason = "small constants")]
        let place = x.min(END as f64) * NODES as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 512; a NaN gives 0")]
        let at = place as usize;
        #[expect(clippy::cast_precision_loss, reason = "at most 512")]
        let t = place - at as f64;
        let ([p, dp], [q, dq]) = (self.nodes[at], self.nodes[at + 1]);
        // The mass falls with x.
        let (fall, a, b) = (p - q, p - q - dp, p - q - dq);
        let bend = a * (1.0 - t) - b * t;
        let mass = p - t * (fall - (1.0 - t) * bend);
        let slope = fall - (1.0 - 2.0 * t) * bend + t * (1.0 - t) * (a + b);
        #[expect(clippy::cast_precision_loss, reason = "a small constant")]
        let density = slope * NODES as f64;
        (mass, density)
    }

    /// The mass below a number.
    #[inline]
    pub(crate) fn below(&self, x: f64) -> f64 {
        let mass = self.lower(x.abs()).0;
        if x <= 0.0 { mass } else { 1.0 - mass }
    }

    /// The mass between two numbers, either of which may be infinite.
    #[cfg(test)]
    pub(crate) fn between(&self, low: f64, high: f64) -> f64 {
        self.level(low, high).mass
    }

    /// The mass between two numbers, either of which may be infinite, and the density at both.
    #[inline]
    pub(crate) fn level(&self, low: f64, high: f64) -> Level {
        let ((below_low, at_low), (below_high, at_high)) = (self.lower(low.abs()), self.lower(high.abs()));
        let mass = if low > 0.0 {
            below_low - below_high
        } else if high < 0.0 {
            below_high - below_low
        } else {
            1.0 - below_low - below_high
        };
        let ended = |x: f64, density: f64| if x.abs() < 8.0 { density } else { 0.0 };
        Level { mass: mass.max(1e-300), density: [ended(low, at_low), ended(high, at_high)] }
    }
}

impl Level {
    /// First and minus the second derivative of the mass's logarithm by the place of the mean, the ends being what they are
    /// as seen from there.
    #[inline]
    pub(crate) fn derivatives(&self, low: f64, high: f64) -> (f64, f64) {
        let times = |x: f64, density: f64| if density > 0.0 { x * density } else { 0.0 };
        let [at_low, at_high] = self.density;
        let first = (at_low - at_high) / self.mass;
        let second = first * first + (times(high, at_high) - times(low, at_low)) / self.mass;
        // In theory within 0..1; far out the table does not tell.
        (first, second.clamp(0.0, 1.0))
    }
}

/// The density.
fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / TAU.sqrt()
}

/// The mass above an `x` of at least 0: a series near 0, else Laplace's continued fraction.
fn tail(x: f64) -> f64 {
    if x < 3.0 {
        // x + x³/3 + x⁵/(3·5) + ...
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term > 1e-18 * sum {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 - density(x) * sum;
    }
    let fraction = (1..=200).rev().fold(x, |below, k| x + f64::from(k) / below);
    density(x) / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mass_is_that_of_published_tables_and_of_the_integral() {
        // NIST/SEMATECH e-Handbook, table 1.3.6.7.1, and Abramowitz, Stegun, table 26.2 for the tail.
        for (x, expected) in [(0.0, 0.5), (1.0, 0.158_655_253_9), (2.0, 0.022_750_131_9), (5.0, 2.866_515_7e-7)] {
            let found = Gauss::get().below(-x);
            assert!((found / expected - 1.0).abs() < 3e-8, "{x}: {found}, not {expected}");
            assert!((Gauss::get().below(x) - (1.0 - expected)).abs() < 1e-9);
        }
        // Simpson's rule over the density.
        for (low, high) in [(-0.33f64, 0.71), (1.111, 1.777), (-4.03, -3.2), (4.4, 6.01), (5.5, 7.7)] {
            let steps = 2000;
            let step = (high - low) / f64::from(steps);
            let weight = |at| {
                if at == 0 || at == steps {
                    1.0
                } else if at % 2 == 0 {
                    2.0
                } else {
                    4.0
                }
            };
            let sum: f64 = (0..=steps).map(|at| weight(at) * density(low + step * f64::from(at))).sum();
            let (expected, level) = (sum * step / 3.0, Gauss::get().level(low, high));
            assert!((level.mass / expected - 1.0).abs() < 1e-6, "{low}..{high}: {}, not {expected}", level.mass);
            for (x, found) in [low, high].into_iter().zip(level.density) {
                assert!((found / density(x) - 1.0).abs() < 1e-4, "density at {x}: {found}, not {}", density(x));
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        let log = |mean: f64, low: f64, high: f64| Gauss::get().between(low - mean, high - mean).ln();
        for (low, high) in [(-0.4, 0.9), (1.0, 2.0), (f64::NEG_INFINITY, -1.0), (0.5, f64::INFINITY), (-3.0, -2.0)] {
            let (first, second) = Gauss::get().level(low, high).derivatives(low, high);
            let step = 0.03;
            let [less, here, more] = [-step, 0.0, step].map(|mean| log(mean, low, high));
            let slope = (more - less) / (2.0 * step);
            let bend = (2.0 * here - less - more) / (step * step);
            assert!((slope - first).abs() < 2e-3, "{low}..{high}: {first}, not {slope}");
            assert!((bend - second).abs() < 2e-3, "{low}..{high}: {second}, not {bend}");
        }
    }

    #[test]
    fn far_out_and_not_a_number_stay_inside_the_table() {
        let gauss = Gauss::get();
        assert!(gauss.below(-1e300) < 1e-15 && gauss.below(1e300) > 1.0 - 1e-15);
        assert!(gauss.level(30.0, 31.0).mass > 0.0);
        let _ = gauss.level(f64::NAN, f64::NAN);
    }
}
