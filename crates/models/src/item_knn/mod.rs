//! Item-kNN: items like those of a history, alike by the users who took them.
//!
//! The weight of item `i` of a history for candidate `j` is
//!
//! ```text
//! W[i, j] = (x_i · x_j / (|x_i|^2a |x_j|^2(1-a) + shrink))^power        for the `neighbours` largest i of each j, else 0
//! ```
//!
//! where `x_i` is the column of item `i`, weighted as [`Weighting`] says, and `a` the `asymmetry`. Sources: Deshpande,
//! Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004; Aiolli, "Efficient top-N recommendation
//! for very large scale binary rated datasets", RecSys 2013 (asymmetry and power).

mod fit;
mod persist;
mod weighting;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::CsrMatrix;

pub use fit::ItemKnnParams;
pub use weighting::Weighting;

use crate::fit::narrow;
use crate::{Candidates, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// The nearest neighbours of every item.
#[derive(Clone, Debug)]
pub struct ItemKnn {
    /// items x items: row `i` holds the candidates that item `i` of a history speaks for, and how much.
    weights: CsrMatrix,
    positive: Positive,
    /// Whether the values of a history count, or only that it holds an item.
    by_value: bool,
}

impl ItemKnn {
    /// The candidates that an item of a history speaks for, and how much.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn weights(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.weights.row(from.0 as usize)
    }

    /// The items of a history that count, and how much.
    fn counted<'a>(&self, history: History<'a>) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let (positive, by_value) = (self.positive, self.by_value);
        let counted = history.iter().filter(move |&(_, value)| positive.holds(value));
        counted.map(move |(item, value)| (item, if by_value { f64::from(value) } else { 1.0 }))
    }
}

impl Scorer for ItemKnn {
    fn items(&self) -> usize {
        self.weights.ncols()
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
}

impl FoldIn for ItemKnn {
    /// The sum of the history items' neighbours; for one candidate |history| binary searches.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        match candidates {
            Candidates::All => {
                let mut sums = vec![0f64; self.items()];
                for (item, value) in self.counted(history) {
                    let (candidates, weights) = self.weights.row(item);
                    for (&candidate, &weight) in candidates.iter().zip(weights) {
                        sums[candidate as usize] += value * f64::from(weight);
                    }
                }
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = narrow(sum));
            }
            Candidates::Items(_) => candidates.score_each(scores, |candidate| {
                let mut sum = 0f64;
                for (item, value) in self.counted(history) {
                    let (candidates, weights) = self.weights.row(item);
                    let at = candidates.partition_point(|&other| (other as usize) < candidate);
                    if candidates.get(at).is_some_and(|&other| other as usize == candidate) {
                        sum += value * f64::from(weights[at]);
                    }
                }
                narrow(sum)
            }),
        }
    }
}

impl SimilarItems for ItemKnn {
    fn measure(&self) -> &'static str {
        "weight"
    }

    /// The weight of the item for each other one; items that it is no neighbour of cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        scores.fill(f32::NEG_INFINITY);
        let (items, weights) = self.weights.row(item.0 as usize);
        items.iter().zip(weights).for_each(|(&item, &weight)| scores[item as usize] = weight);
    }
}
