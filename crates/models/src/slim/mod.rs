//! SLIM: how much each item speaks for each other item, few weights a candidate and none below 0.
//!
//! The weights `w` for candidate `j` are those that make its column of `X`, the users x items matrix of what is positive,
//! best of the other columns:
//!
//! ```text
//! minimise  1/2 |x_j - X w|² + l1 |w|₁ + l2/2 |w|²      where w >= 0 and w_j = 0
//! ```
//!
//! of which the `neighbours` largest are kept. Source: Ning, Karypis, "SLIM: sparse linear methods for top-N recommender
//! systems", ICDM 2011. How it is solved: Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear models
//! via coordinate descent", Journal of Statistical Software 33(1), 2010, section 2.2 (covariance updates).

mod descent;
mod fit;

use foretaste_data::ids::{ItemIx, UserIx};

#[cfg(test)]
pub(crate) use descent::descend;
pub use fit::SlimParams;

use crate::item_weights::ItemWeights;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// The weights of items for items.
#[derive(Clone, Debug)]
pub struct Slim {
    weights: ItemWeights,
}

impl Slim {
    /// The candidates that an item of a history speaks for, and how much.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn weights(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.weights.of(from)
    }
}

impl Scorer for Slim {
    fn items(&self) -> usize {
        self.weights.items()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.weights.score_history(history, candidates, scores);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.weights.has_direction(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(&self.weights)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(&self.weights)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(&self.weights)
    }
}
