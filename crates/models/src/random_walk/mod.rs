//! Random walks of three steps from a user: to an item, to another user of it, to an item of that one (P3alpha, RP3beta).
//!
//! The weight of item `i` of a history for candidate `j` is the probability of the last two steps, each raised to
//! `alpha`, over the popularity of the candidate, raised to `beta`:
//!
//! ```text
//! W[i, j] = c_j^-beta  sum over users u of both (1 / c_i)^alpha (1 / r_u)^alpha       for the `neighbours` largest j of each i, else 0
//! ```
//!
//! where `c_i` is the number of users of item `i`, `r_u` the number of items of user `u`, and `W[i, i]` is 0. The first
//! step, which has the same probability for every item of a history, is left out: it changes no order. Equal weights
//! rank by rising index.
//!
//! Sources: Cooper, Lee, Radinsky, Siantos, "Random walks in recommender systems: exact computation and simulations", WWW
//! 2014 (P3alpha: `beta` 0); Paudel, Christoffel, Newell, Bernstein, "Updatable, accurate, diverse, and scalable
//! recommendations for interactive applications", ACM TiiS 7(1), 2017 (RP3beta).

mod fit;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::RandomWalkParams;

use crate::item_weights::ItemWeights;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// Where a walk from every item ends.
#[derive(Clone, Debug)]
pub struct RandomWalk {
    weights: ItemWeights,
}

impl RandomWalk {
    /// The candidates that an item of a history speaks for, and how much.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn weights(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.weights.of(from)
    }
}

impl Scorer for RandomWalk {
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
        Some(self)
    }
}

impl Explain for RandomWalk {
    /// The weight of each entry for the item. No promise to stay a sum of independent terms: the first step of a walk, left
    /// out here, has a probability by the length of the history.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        self.weights.contributions(history, items, contributions);
    }
}
