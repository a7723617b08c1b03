//! Item-kNN: items like those of a history, alike by the users who took them.
//!
//! The weight of item `i` of a history for candidate `j` is
//!
//! ```text
//! W[i, j] = (x_i · x_j / (|x_i|^2a |x_j|^2(1-a) + shrink))^power        for the `neighbours` largest i of each j, else 0
//! ```
//!
//! where `x_i` is the column of item `i`, weighted as [`Weighting`](crate::Weighting) says, and `a` the `asymmetry`. Sources: Deshpande,
//! Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004; Aiolli, "Efficient top-N recommendation
//! for very large scale binary rated datasets", RecSys 2013 (asymmetry and power).

mod fit;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::ItemKnnParams;

use crate::item_weights::ItemWeights;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// The nearest neighbours of every item.
#[derive(Clone, Debug)]
pub struct ItemKnn {
    weights: ItemWeights,
}

impl ItemKnn {
    /// The candidates that an item of a history speaks for, and how much.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn weights(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.weights.of(from)
    }
}

impl Scorer for ItemKnn {
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
