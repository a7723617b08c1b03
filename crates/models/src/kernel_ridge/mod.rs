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
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::KernelRidgeParams;

use crate::explain::each_row;
use crate::fit::narrow;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// The weights of every item for every other one.
#[derive(Clone, Debug)]
pub struct KernelRidge {
    items: usize,
    /// items x items, row-major: row `i` holds what item `i` of a history adds to every score.
    weights: Vec<f32>,
    positive: Positive,
}

impl KernelRidge {
    fn weights(&self, from: usize) -> &[f32] {
        &self.weights[from * self.items..][..self.items]
    }

    fn positive<'a>(&self, history: History<'a>) -> impl Iterator<Item = usize> + use<'a> {
        let positive = self.positive;
        history.iter().filter(move |&(_, value)| positive.holds(value)).map(|(item, _)| item)
    }
}

impl Scorer for KernelRidge {
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
        self.positive(history).any(|item| self.weights(item).iter().any(|&weight| weight != 0.0))
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

impl Explain for KernelRidge {
    /// The weight of each entry for the item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        each_row(history, items, contributions, |item, row| {
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                *to = if self.positive.holds(value) { f64::from(self.weights(entry)[item]) } else { 0.0 };
            }
        });
    }
}

impl FoldIn for KernelRidge {
    /// |history| x items additions for all items, |history| for one. Sums run in f64, in the order of the items.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        match candidates {
            Candidates::All => {
                let mut sums = vec![0f64; self.items];
                for item in self.positive(history) {
                    sums.iter_mut().zip(self.weights(item)).for_each(|(sum, &weight)| *sum += f64::from(weight));
                }
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = narrow(sum));
            }
            Candidates::Items(_) => candidates.score_each(scores, |candidate| {
                narrow(self.positive(history).map(|item| f64::from(self.weights(item)[candidate])).sum())
            }),
        }
    }
}

impl SimilarItems for KernelRidge {
    fn measure(&self) -> &'static str {
        "weight"
    }

    /// What the item adds to the score of each other one; an item that none took adds nothing and cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        for (score, &weight) in scores.iter_mut().zip(self.weights(item.0 as usize)) {
            *score = if weight == 0.0 { f32::NEG_INFINITY } else { weight };
        }
    }
}
