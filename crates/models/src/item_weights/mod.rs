//! How much each item of a history speaks for each candidate, few weights an item: what item-kNN, random walks, SLIM
//! and sequential rules fit, each in its way, and serve alike.

mod build;
mod persist;

pub(crate) use build::Lists;

use foretaste_data::ids::ItemIx;
use foretaste_linalg::CsrMatrix;

use crate::fit::narrow;
use crate::{Candidates, FoldIn, History, Positive, SimilarItems};

/// Sparse weights of items for items.
#[derive(Clone, Debug)]
pub(crate) struct ItemWeights {
    /// items x items: row `i` holds the candidates that item `i` of a history speaks for, and how much.
    matrix: CsrMatrix,
    positive: Positive,
    /// Whether the values of a history count, or only that it holds an item.
    by_value: bool,
}

impl ItemWeights {
    pub(crate) fn items(&self) -> usize {
        self.matrix.ncols()
    }

    /// The candidates that an item of a history speaks for, and how much.
    pub(crate) fn of(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.matrix.row(from.0 as usize)
    }

    pub(crate) fn has_direction(&self, history: History<'_>) -> bool {
        self.positive.any(history)
    }

    /// The items of a history that count, and how much.
    fn counted<'a>(&self, history: History<'a>) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let (positive, by_value) = (self.positive, self.by_value);
        let counted = history.iter().filter(move |&(_, value)| positive.holds(value));
        counted.map(move |(item, value)| (item, if by_value { f64::from(value) } else { 1.0 }))
    }
}

impl ItemWeights {
    /// The sum of the weights of these items, each times its factor, in f64 and in this order; for one candidate a binary
    /// search an item.
    pub(crate) fn sum(&self, counted: &[(usize, f64)], candidates: Candidates<'_>, scores: &mut [f32]) {
        match candidates {
            Candidates::All => {
                let mut sums = vec![0f64; self.items()];
                for &(item, value) in counted {
                    let (candidates, weights) = self.matrix.row(item);
                    for (&candidate, &weight) in candidates.iter().zip(weights) {
                        sums[candidate as usize] += value * f64::from(weight);
                    }
                }
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = narrow(sum));
            }
            Candidates::Items(_) => candidates.score_each(scores, |candidate| {
                let mut sum = 0f64;
                for &(item, value) in counted {
                    let (candidates, weights) = self.matrix.row(item);
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

impl FoldIn for ItemWeights {
    /// The sum of the history items' weights; for one candidate |history| binary searches.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let counted: Vec<(usize, f64)> = self.counted(history).collect();
        self.sum(&counted, candidates, scores);
    }
}

impl SimilarItems for ItemWeights {
    fn measure(&self) -> &'static str {
        "weight"
    }

    /// The weight of the item for each other one; items that it does not speak for cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        scores.fill(f32::NEG_INFINITY);
        let (items, weights) = self.of(item);
        items.iter().zip(weights).for_each(|(&item, &weight)| scores[item as usize] = weight);
    }
}
