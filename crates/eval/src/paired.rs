//! Whether one model is better than another for the same users.
//!
//! Sources: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13 (percentile interval); Holm, "A simple
//! sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Resamples of a comparison.
pub const RESAMPLES: usize = 10_000;
/// The smallest difference that a test sees with 80 % power at 5 %: so many standard errors.
const SEEN: f64 = 2.8;

/// The difference of two models, user by user.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Mean of the differences.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end of the 95 % percentile interval of the bootstrap over users.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The share of resamples whose mean lies on the other side of 0, doubled: a two-sided p.
    pub p: f64,
    /// The smallest difference that so many users can show.
    pub smallest_seen: f64,
}

impl Difference {
    /// Of some differences, by [`RESAMPLES`] resamples from `seed`. The same at any number of threads. `None` for fewer
    /// than two users. O(users x resamples).
    #[must_use]
    pub fn of(differences: &[f64], seed: u64) -> Option<Self> {
        let users = differences.len();
        if users < 2 {
            return None;
        }
        let mean = differences.iter().sum::<f64>() / users as f64;
        let squares = differences.iter().map(|difference| (difference - mean).powi(2)).sum::<f64>();
        let standard_error = (squares / (users as f64 - 1.0) / users as f64).sqrt();
        let mut means: Vec<f64> = (0..RESAMPLES as u64)
            .into_par_iter()
            .map(|resample| {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                random.set_stream(resample);
                (0..users).map(|_| differences[draw(&mut random, users)]).sum::<f64>() / users as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let at = |share: f64| means[((RESAMPLES - 1) as f64 * share).round() as usize];
        let above = means.iter().filter(|&&mean| mean > 0.0).count();
        let below = means.iter().filter(|&&mean| mean < 0.0).count();
        let p = (2.0 * (RESAMPLES - above.max(below)) as f64 / RESAMPLES as f64).min(1.0);
        let (low, high) = (at(0.025), at(0.975));
        Some(Self { mean, standard_error, low, high, p, smallest_seen: SEEN * standard_error })
    }

    /// Whether the interval leaves 0 out.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// A number below `end`, each as likely but for 1 in 2^64 / `end`.
fn draw(random: &mut ChaCha8Rng, end: usize) -> usize {
    ((u128::from(random.next_u64()) * end as u128) >> 64) as usize
}

/// Holm's corrected p values, in the order of `p`.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut corrected, mut least) = (vec![0.0; p.len()], 0f64);
    for (rank, &at) in order.iter().enumerate() {
        least = least.max((p[at] * (p.len() - rank) as f64).min(1.0));
        corrected[at] = least;
    }
    corrected
}
