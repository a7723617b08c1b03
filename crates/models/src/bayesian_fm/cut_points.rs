//! Where the levels of an ordinal rating end on the line of the latent score.
//!
//! A rating is level `k` where score plus normal noise is between the cut points `k - 1` and `k`; the first is 0. The others are
//! drawn with the noise integrated out: a step of Metropolis and Hastings whose proposals are of Student's t around the
//! most likely ones (Albert, Chib, "Sequential ordinal modeling with applications to survival data", Biometrics 57(3), 2001).

use rayon::prelude::*;

use super::draws::Draws;
use super::gauss::Gauss;
use crate::normal_equations::Cholesky;

/// Interactions of one task.
const TASK: usize = 1 << 13;
/// Degrees of freedom of proposals.
const FREEDOM: f64 = 5.0;
/// Most steps of Newton's method for one draw.
const MOST_STEPS: usize = 50;

/// The cut points and where they were most likely at last.
#[derive(Clone, Debug)]
pub(crate) struct CutPoints {
    /// One less than there are levels, rising; the first is 0.
    pub(crate) points: Vec<f64>,
    likely: Vec<f64>,
    /// How many proposals were taken, and made.
    pub(crate) taken: (usize, usize),
}

/// Log-likelihood with its first and minus its second derivatives by the cut points but the first.
struct Slope {
    log: f64,
    first: Vec<f64>,
    /// The diagonal, and what is beside it.
    second: [Vec<f64>; 2],
}

impl CutPoints {
    pub(crate) fn new(levels: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a few levels")]
        let points: Vec<f64> = (0..levels.saturating_sub(1)).map(|at| at as f64).collect();
        Self { likely: points.clone(), points, taken: (0, 0) }
    }

    /// The ends of a level.
    #[inline]
    pub(crate) fn ends(points: &[f64], level: usize) -> (f64, f64) {
        let low = if level == 0 { f64::NEG_INFINITY } else { points[level - 1] };
        (low, points.get(level).copied().unwrap_or(f64::INFINITY))
    }

    /// Draws the cut points given the scores and levels of all interactions. O(interactions).
    pub(crate) fn draw(&mut self, scores: &[f64], levels: &[u8], draws: &mut Draws) {
        let free = self.points.len().saturating_sub(1);
        if free == 0 {
            return;
        }
        let Some(factor) = self.climb(scores, levels) else { return };
        // A t: normal, divided by the root of a chi-squared over its degrees of freedom.
        let mut step: Vec<f64> = (0..free).map(|_| draws.normal()).collect();
        let proposed_length = {
            factor.solve_upper(&mut step);
            let shrink = (draws.gamma(FREEDOM / 2.0, 0.5) / FREEDOM).sqrt();
            step.iter_mut().for_each(|x| *x /= shrink);
            factor.length(&step)
        };
        let mut proposed = self.likely.clone();
        proposed[1..].iter_mut().zip(&step).for_each(|(point, step)| *point += step);
        let chance = draws.unit();
        self.taken.1 += 1;
        if !proposed.is_sorted_by(|a, b| a < b) {
            return;
        }
        let from: Vec<f64> = self.points[1..].iter().zip(&self.likely[1..]).map(|(a, b)| a - b).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few levels")]
        let log_t = |length: f64| -0.5 * (FREEDOM + free as f64) * (length / FREEDOM).ln_1p();
        let gain = log_likelihood(&proposed, scores, levels) - log_likelihood(&self.points, scores, levels);
        if chance.ln() < gain + log_t(factor.length(&from)) - log_t(proposed_length) {
            self.points = proposed;
            self.taken.0 += 1;
        }
    }

    /// Goes to the most likely cut points, where the log-likelihood, which is concave, is about flat; its curvature there.
    fn climb(&mut self, scores: &[f64], levels: &[u8]) -> Option<Cholesky> {
        let mut here = slope(&self.likely, scores, levels);
        for _ in 0..MOST_STEPS {
            let factor = here.curvature()?;
            let mut step = here.first.clone();
            factor.solve(&mut step);
            let gain: f64 = step.iter().zip(&here.first).map(|(a, b)| a * b).sum();
            // The top is nearer than a hundredth of a deviation.
            if gain < 1e-4 {
                return Some(factor);
            }
            let mut share = 1.0;
            loop {
                let mut tried = self.likely.clone();
                tried[1..].iter_mut().zip(&step).for_each(|(point, step)| *point += share * step);
                if tried.is_sorted_by(|a, b| a < b) {
                    let there = slope(&tried, scores, levels);
                    if there.log > here.log {
                        (self.likely, here) = (tried, there);
                        break;
                    }
                }
                share /= 2.0;
                if share < 1e-6 {
                    return Some(factor);
                }
            }
        }
        here.curvature()
    }
}

impl Slope {
    fn curvature(&self) -> Option<Cholesky> {
        let [diagonal, beside] = &self.second;
        let free = diagonal.len();
        let mut matrix = vec![0.0; free * free];
        for at in 0..free {
            matrix[at * free + at] = diagonal[at];
            if at > 0 {
                matrix[at * free + at - 1] = beside[at];
            }
        }
        Cholesky::new(matrix, free)
    }
}

fn log_likelihood(points: &[f64], scores: &[f64], levels: &[u8]) -> f64 {
    let gauss = Gauss::get();
    let part = |(scores, levels): (&[f64], &[u8])| {
        let log = |(score, level): (&f64, &u8)| {
            let (low, high) = CutPoints::ends(points, usize::from(*level));
            gauss.level(low - score, high - score).mass.ln()
        };
        scores.iter().zip(levels).map(log).sum::<f64>()
    };
    scores.par_chunks(TASK).zip(levels.par_chunks(TASK)).map(part).collect::<Vec<f64>>().iter().sum()
}

fn slope(points: &[f64], scores: &[f64], levels: &[u8]) -> Slope {
    let (gauss, count) = (Gauss::get(), points.len());
    let part = |(scores, levels): (&[f64], &[u8])| {
        // By cut point: first derivative, minus the second, and minus the mixed one with the point before.
        let (mut log, mut sums) = (0.0, vec![[0.0; 3]; count + 1]);
        for (score, &level) in scores.iter().zip(levels) {
            let level = usize::from(level);
            let (low, high) = CutPoints::ends(points, level);
            let (low, high) = (low - score, high - score);
            let found = gauss.level(low, high);
            let [at_low, at_high] = found.density.map(|density| density / found.mass);
            log += found.mass.ln();
            if level < count {
                sums[level][0] += at_high;
                sums[level][1] += at_high * (at_high + high);
            }
            if level > 0 {
                sums[level - 1][0] -= at_low;
                sums[level - 1][1] += at_low * (at_low - low);
                sums[level][2] -= at_low * at_high;
            }
        }
        (log, sums)
    };
    let parts: Vec<_> = scores.par_chunks(TASK).zip(levels.par_chunks(TASK)).map(part).collect();
    let mut total =
        Slope { log: 0.0, first: vec![0.0; count - 1], second: [vec![0.0; count - 1], vec![0.0; count - 1]] };
    for (log, sums) in parts {
        total.log += log;
        for (at, [first, second, mixed]) in sums[1..count].iter().enumerate() {
            total.first[at] += first;
            total.second[0][at] += second;
            total.second[1][at] += mixed;
        }
    }
    total
}
