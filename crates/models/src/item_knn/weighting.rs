//! How the users x items matrix is weighted before items are compared.

use foretaste_data::interactions::Interactions;
use foretaste_linalg::{CsrError, CsrMatrix};
use serde::{Deserialize, Serialize};

use super::ItemKnnParams;
use crate::Positive;
use crate::fit::narrow;

/// What an interaction weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// 1.
    #[default]
    Binary,
    /// Its value.
    Values,
    /// The inverse frequency of its user, `ln(items / (1 + items of the user))`: users of few items say more.
    TfIdf,
    /// That times `v (k1 + 1) / (v + k1 (1 - b + b users of the item / their mean))`, `v` the value 1: Okapi BM25 with items as documents
    /// and users as words (Robertson, Zaragoza, "The probabilistic relevance framework", 2009, section 3.2).
    Bm25,
}

/// The weighted users x items matrix of what is positive. O(entries); memory: the result and 8 bytes an item.
///
/// # Errors
/// When a weight is not finite.
pub(super) fn weighted(interactions: &Interactions, params: &ItemKnnParams) -> Result<CsrMatrix, CsrError> {
    let ItemKnnParams { positive, k1, b, .. } = *params;
    let items = count(interactions.items().len());
    let rarity = |of_user: usize| (items / (1.0 + count(of_user))).ln();
    match params.weighting {
        Weighting::Binary => positive.matrix(interactions),
        Weighting::Values => positive.weighted(interactions, |_, _, value| value),
        Weighting::TfIdf => positive.weighted(interactions, |of_user, _, _| narrow(rarity(of_user))),
        Weighting::Bm25 => {
            let takers = takers(interactions, positive);
            let mean = takers.iter().sum::<f64>() / items.max(1.0);
            let term = |item: u32| (k1 + 1.0) / (k1 * (1.0 - b + b * takers[item as usize] / mean) + 1.0);
            positive.weighted(interactions, |of_user, item, _| narrow(term(item) * rarity(of_user)))
        }
    }
}

/// How many users have a positive interaction with each item.
fn takers(interactions: &Interactions, positive: Positive) -> Vec<f64> {
    let matrix = interactions.matrix();
    let mut takers = vec![0f64; matrix.ncols()];
    let all = matrix.columns().iter().zip(matrix.values());
    all.filter(|&(_, &value)| positive.holds(value)).for_each(|(&item, _)| takers[item as usize] += 1.0);
    takers
}

#[expect(clippy::cast_precision_loss, reason = "a number of users or items is far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
