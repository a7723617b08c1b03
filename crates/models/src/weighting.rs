//! What an interaction weighs where items are compared by their users, or users by their items.

use foretaste_data::interactions::Interactions;
use foretaste_linalg::CsrMatrix;
use serde::{Deserialize, Serialize};

use crate::Positive;
use crate::fit::narrow;

/// What an interaction weighs. What is compared is a *document*, that by which it is compared a *word*: for item-kNN items
/// are documents and users words, for user-kNN users are documents and items words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// 1.
    #[default]
    Binary,
    /// Its value.
    Values,
    /// The inverse frequency of its word, `ln(documents / (1 + documents of the word))`: words of few documents say more.
    TfIdf,
    /// That times `v (k1 + 1) / (v + k1 (1 - b + b length of the document / mean length))`, `v` the value 1 and the length
    /// the number of words: Okapi BM25 (Robertson, Zaragoza, "The probabilistic relevance framework", 2009, section 3.2).
    Bm25,
}

/// A weighting with all that it needs to know of the data.
#[derive(Clone, Debug)]
pub(crate) struct Weigher {
    pub(crate) weighting: Weighting,
    pub(crate) k1: f64,
    pub(crate) b: f64,
    pub(crate) documents: f64,
    /// Words of a document, on average.
    pub(crate) mean_length: f64,
}

impl Weigher {
    /// What an interaction of this value weighs, in a document of `length` words, by a word of `of_word` documents.
    pub(crate) fn weight(&self, of_word: f64, length: f64, value: f32) -> f32 {
        let rarity = || (self.documents / (1.0 + of_word)).ln();
        let Self { k1, b, .. } = *self;
        match self.weighting {
            Weighting::Binary => 1.0,
            Weighting::Values => value,
            Weighting::TfIdf => narrow(rarity()),
            Weighting::Bm25 => {
                let term = (k1 + 1.0) / (k1 * (1.0 - b + b * length / self.mean_length) + 1.0);
                narrow(term * rarity())
            }
        }
    }
}

/// `(length / mean length)^-exponent` of every row, 0 of an empty one.
pub(crate) fn user_weights(x: &CsrMatrix, exponent: f64) -> Vec<f64> {
    let mut weights = x.row_sums();
    let mean = weights.iter().sum::<f64>() / count(weights.len().max(1));
    for weight in &mut weights {
        *weight = if *weight > 0.0 { (*weight / mean).powf(-exponent) } else { 0.0 };
    }
    weights
}

/// How many users have a positive interaction with each item.
pub(crate) fn takers(interactions: &Interactions, positive: Positive) -> Vec<f64> {
    let matrix = interactions.matrix();
    let mut takers = vec![0f64; matrix.ncols()];
    let all = matrix.columns().iter().zip(matrix.values());
    all.filter(|&(_, &value)| positive.holds(value)).for_each(|(&item, _)| takers[item as usize] += 1.0);
    takers
}

/// A number of users or items as a factor.
#[expect(clippy::cast_precision_loss, reason = "a number of users or items is far below 2^53")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
