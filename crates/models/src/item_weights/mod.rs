//! How much each item of a history speaks for each candidate, few weights an item: what item-kNN, random walks, SLIM, SANSA
//! and sequential rules fit, each in its way, and serve alike.

mod build;
mod dense;
mod persist;

pub(crate) use build::Lists;
pub(crate) use dense::DenseWeights;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::CsrMatrix;

use crate::explain::each_row;
use crate::fit::narrow;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// Sparse weights of items for items.
#[derive(Clone, Debug)]
pub(crate) struct ItemWeights {
    /// items x items: row `i` holds the candidates that item `i` of a history speaks for, and how much.
    matrix: CsrMatrix,
    reading: Reading,
}

/// How a history is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) positive: Positive,
    /// Whether the values of a history count, or only that it holds an item.
    pub(crate) by_value: bool,
    /// See [`Explain::additive`].
    pub(crate) additive: bool,
}

impl Reading {
    /// Items count that are positive, each as much as any other, and the family promises that none depends on another.
    pub(crate) fn of(positive: Positive) -> Self {
        Self { positive, by_value: false, additive: true }
    }
}

impl ItemWeights {
    /// The candidates that an item of a history speaks for, and how much.
    pub(crate) fn of(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.matrix.row(from.0 as usize)
    }

    /// How much an item of a history speaks for a candidate, where it does: a binary search.
    pub(crate) fn weight(&self, from: usize, candidate: usize) -> Option<f64> {
        let (candidates, weights) = self.matrix.row(from);
        let at = candidates.partition_point(|&other| (other as usize) < candidate);
        candidates.get(at).filter(|&&other| other as usize == candidate).map(|_| f64::from(weights[at]))
    }

    /// The items of a history that count, and how much.
    fn counted<'a>(&self, history: History<'a>) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let Reading { positive, by_value, .. } = self.reading;
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
                    if let Some(weight) = self.weight(item, candidate) {
                        sum += value * weight;
                    }
                }
                narrow(sum)
            }),
        }
    }
}

impl Scorer for ItemWeights {
    fn items(&self) -> usize {
        self.matrix.ncols()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.reading.positive.any(history)
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

impl FoldIn for ItemWeights {
    /// The sum of the history items' weights; for one candidate |history| binary searches.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let counted: Vec<(usize, f64)> = self.counted(history).collect();
        self.sum(&counted, candidates, scores);
    }
}

impl Explain for ItemWeights {
    fn additive(&self) -> bool {
        self.reading.additive
    }

    /// The weight of each entry for the item, times its value where values count: a binary search for each.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        each_row(history, items, contributions, |item, row| {
            row.fill(0.0);
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                if self.reading.positive.holds(value) {
                    let value = if self.reading.by_value { f64::from(value) } else { 1.0 };
                    *to = self.weight(entry, item).map_or(0.0, |weight| value * weight);
                }
            }
        });
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
