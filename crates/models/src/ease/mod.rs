//! EASE and EDLAE: how much each item speaks for each other item, in closed form.
//!
//! The score of item `j` is the sum over the history of the weights `B[i, j]`. With `X` the users x items matrix of what
//! is positive and `W` a weight for each user,
//!
//! ```text
//! G = Xᵀ W X,   A = G + lambda I + dropout / (1 - dropout) diag(G),   P = A⁻¹,   B[i, j] = -P[i, j] / P[j, j], B[j, j] = 0
//! ```
//!
//! Sources: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019 (EASE: `dropout` and `user_exponent`
//! 0); Steck, "Autoencoders that don't overfit towards the identity", NeurIPS 2020 (EDLAE: `dropout`); a user of `r`
//! items weighs `(r / mean r)^-user_exponent`, the user half of the data-adaptive normalisation of Park, Yoon, Shin,
//! Lee, arXiv 2504.05805, 2025.

mod fit;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::EaseParams;
#[cfg(test)]
pub(crate) use fit::{to_weights, weighted_gram};

use crate::explain::each_row;
use crate::fit::narrow;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// The weights of every item for every other one.
#[derive(Clone, Debug, PartialEq)]
pub struct Ease {
    items: usize,
    /// items x items, row-major: row `i` holds what item `i` of a history adds to every score. The diagonal is 0.
    weights: Vec<f32>,
    positive: Positive,
}

impl Ease {
    /// What item `from` of a history adds to the score of every item.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn weights(&self, from: ItemIx) -> &[f32] {
        &self.weights[from.0 as usize * self.items..][..self.items]
    }
}

impl Scorer for Ease {
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

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl FoldIn for Ease {
    /// |history| x items additions for all items, |history| for one. Sums run in f64, in the order of the items.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let positive = || history.iter().filter(|&(_, value)| self.positive.holds(value)).map(|(item, _)| item);
        match candidates {
            Candidates::All => {
                let mut sums = vec![0f64; self.items];
                for item in positive() {
                    let weights = &self.weights[item * self.items..][..self.items];
                    sums.iter_mut().zip(weights).for_each(|(sum, &weight)| *sum += f64::from(weight));
                }
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = narrow(sum));
            }
            Candidates::Items(_) => candidates.score_each(scores, |candidate| {
                narrow(positive().map(|item| f64::from(self.weights[item * self.items + candidate])).sum())
            }),
        }
    }
}

impl Explain for Ease {
    fn additive(&self) -> bool {
        true
    }

    /// The weight of each entry for the item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        each_row(history, items, contributions, |item, row| {
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                let weight = f64::from(self.weights[entry * self.items + item]);
                *to = if self.positive.holds(value) { weight } else { 0.0 };
            }
        });
    }
}

impl SimilarItems for Ease {
    fn measure(&self) -> &'static str {
        "weight"
    }

    /// What the item adds to the score of each other one; one that never occurs with anything cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        for (score, &weight) in scores.iter_mut().zip(self.weights(item)) {
            *score = if weight == 0.0 { f32::NEG_INFINITY } else { weight };
        }
    }
}
