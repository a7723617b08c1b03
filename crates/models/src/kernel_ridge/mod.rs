//! Kernel ridge on features: what users who took such items took, as far as properties tell.
//!
//! With `F` the features of the items, rows of length 1, and `K = (F Fᵀ)^degree` entry by entry, the weights of an item of the
//! history for each candidate are `W = (K + lambda I)⁻¹ K`, where the inverse is over the items that any user took: each user's
//! row is regressed on the features. The score is the sum of the weights of the history. It scores items that none has taken, and
//! learns which properties matter together, which the cosine of [`content`](crate::content) does not.
//!
//! Sources: Saunders, Gammerman, Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998, section 3; with ids
//! instead of features and degree 1 it is the closed form of Steck's EASE without its rule for the diagonal.

mod fit;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::KernelRidgeParams;

use crate::item_weights::DenseWeights;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// The weights of every item for every other one.
#[derive(Clone, Debug)]
pub struct KernelRidge {
    weights: DenseWeights,
}

impl Scorer for KernelRidge {
    fn items(&self) -> usize {
        self.weights.items()
    }

    fn meaning(&self) -> Meaning {
        self.weights.meaning()
    }

    fn score_user(&self, user: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.weights.score_user(user, history, candidates, scores);
    }

    /// Items that no user took have no weights, and say nothing.
    fn has_direction(&self, history: History<'_>) -> bool {
        self.weights.counted(history).any(|item| self.weights.of(item).iter().any(|&weight| weight != 0.0))
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        self.weights.fold_in()
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        self.weights.similar()
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl Explain for KernelRidge {
    /// The weight of each entry for the item, without the promise that none will depend on another.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        self.weights.contributions(history, items, contributions);
    }
}
