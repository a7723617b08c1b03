//! The two-scale linear sequence model: what comes next, by ridge regression on a history that fades at two speeds, in closed
//! form.
//!
//! Let a history's latest item have faded by `decay^0`, the one before it by `decay^1` and so on, down to 0.01, below which
//! nothing is left. For each place of each user's sequence but the last, the features `f` are what is left of the items up to
//! there by the short and by the long decay (2 x items), and the targets `y` what is left, by the target decay, of the next
//! `targets` items, the very next one 1 (items). With `F` and `Y` all of them as rows,
//!
//! ```text
//! B = (Fᵀ F + diag(short_lambda, long_lambda))⁻¹ Fᵀ Y          2 items x items;          scores = f(history) B
//! ```
//!
//! `Fᵀ F` and `Fᵀ Y` are sums over pairs of items in a sequence, each in closed form (a geometric series), so that no feature is
//! ever written out.
//!
//! Sources: Choi, Kim, Lee, Shim, Lee, Lee, "Session-aware linear item-item models for session-based recommendation" (SLIST),
//! WWW 2021, section 4; Park, Lee, Choi, Lee, "Temporal linear item-item model for sequential recommendation" (TALE), WSDM 2025.
//! Both have one scale, and solve for items instead of for a decayed history; two scales are this project's generalisation.

mod fit;
mod persist;
mod sums;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::TwoScaleLinearParams;

use crate::explain::each_row;
use crate::fit::narrow;
use crate::sequences::latest;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// What is left of an item when it counts as forgotten.
const FORGOTTEN: f64 = 0.01;

/// The weights of every item for every other one, at both scales.
#[derive(Clone, Debug)]
pub struct TwoScaleLinear {
    items: usize,
    /// 2 items x items, row-major: what an item at the end of a history adds to every score, first at the short scale.
    weights: Vec<f32>,
    /// What is left of an item, by the number of items after it.
    fading: [Vec<f64>; 2],
    positive: Positive,
}

impl TwoScaleLinear {
    /// What an item at the end of a history adds to every score, by the short scale and by the long one.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn weights(&self, from: ItemIx) -> [&[f32]; 2] {
        [0, 1].map(|scale| self.row(scale, from.0 as usize))
    }

    fn row(&self, scale: usize, item: usize) -> &[f32] {
        &self.weights[(scale * self.items + item) * self.items..][..self.items]
    }
}

/// What is left of an item, by the number of items after it, as long as it is not forgotten.
fn fading(decay: f64) -> Vec<f64> {
    std::iter::successors(Some(1.0), |left| Some(left * decay)).take_while(|&left| left >= FORGOTTEN).collect()
}

impl Scorer for TwoScaleLinear {
    fn items(&self) -> usize {
        self.items
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.positive.any(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }
}

impl Explain for TwoScaleLinear {
    /// What is left of each item at both scales, times its weights; an item in between moves those before it.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let longest = self.fading.iter().map(Vec::len).max().unwrap_or(0);
        let latest = latest(history, self.positive, longest);
        each_row(history, items, contributions, |candidate, row| {
            row.fill(0.0);
            for (places, item) in latest.iter().enumerate() {
                let Ok(entry) = history.items.binary_search(item) else { continue };
                for (scale, fading) in self.fading.iter().enumerate() {
                    let left = fading.get(places).copied().unwrap_or(0.0);
                    row[entry] += left * f64::from(self.row(scale, *item as usize)[candidate]);
                }
            }
        });
    }
}

impl FoldIn for TwoScaleLinear {
    /// A multiplication for each item that is not forgotten, scale and candidate; sums run in f64, the latest item first.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let longest = self.fading.iter().map(Vec::len).max().unwrap_or(0);
        let latest = latest(history, self.positive, longest);
        let mut rows = Vec::with_capacity(2 * latest.len());
        for (places, &item) in latest.iter().enumerate() {
            for (scale, fading) in self.fading.iter().enumerate() {
                rows.extend(fading.get(places).map(|&left| (left, self.row(scale, item as usize))));
            }
        }
        match candidates {
            Candidates::All => {
                let mut sums = vec![0f64; self.items];
                for (left, weights) in rows {
                    sums.iter_mut().zip(weights).for_each(|(sum, &weight)| *sum += left * f64::from(weight));
                }
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = narrow(sum));
            }
            Candidates::Items(_) => candidates.score_each(scores, |candidate| {
                let mut sum = 0f64;
                rows.iter().for_each(|(left, weights)| sum += left * f64::from(weights[candidate]));
                narrow(sum)
            }),
        }
    }
}

impl SimilarItems for TwoScaleLinear {
    fn measure(&self) -> &'static str {
        "weight"
    }

    /// The scores of a history that holds the item alone; one after which nothing came cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let [short, long] = self.weights(item);
        for (score, (&short, &long)) in scores.iter_mut().zip(short.iter().zip(long)) {
            let weight = narrow(f64::from(short) + f64::from(long));
            *score = if weight == 0.0 { f32::NEG_INFINITY } else { weight };
        }
    }
}
