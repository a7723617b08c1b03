//! How the users x items matrix is weighted before items are compared.

use foretaste_data::interactions::Interactions;
use foretaste_linalg::{CsrError, CsrMatrix};
use serde::{Deserialize, Serialize};

use super::ItemKnnParams;
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

/// The weighted users x items matrix of what is positive. O(entries).
///
/// # Errors
/// When a weight is not finite.
pub(super) fn weighted(interactions: &Interactions, params: &ItemKnnParams) -> Result<CsrMatrix, CsrError> {
    let binary = params.positive.matrix(interactions)?;
    match params.weighting {
        Weighting::Binary => return Ok(binary),
        Weighting::Values => return values(interactions, params),
        Weighting::TfIdf | Weighting::Bm25 => {}
    }
    let items = count(binary.ncols());
    let mut takers = vec![0f64; binary.ncols()];
    binary.columns().iter().for_each(|&item| takers[item as usize] += 1.0);
    let mean = takers.iter().sum::<f64>() / items.max(1.0);
    let (k1, b) = (params.k1, params.b);
    let term = |item: u32| match params.weighting {
        Weighting::Bm25 => (k1 + 1.0) / (k1 * (1.0 - b + b * takers[item as usize] / mean) + 1.0),
        _ => 1.0,
    };
    let mut values = Vec::with_capacity(binary.nnz());
    for row in 0..binary.nrows() {
        let (items_of, _) = binary.row(row);
        let rarity = (items / (1.0 + count(items_of.len()))).ln();
        values.extend(items_of.iter().map(|&item| narrow(term(item) * rarity)));
    }
    CsrMatrix::new(binary.ncols(), binary.offsets().to_vec(), binary.columns().to_vec(), values)
}

fn values(interactions: &Interactions, params: &ItemKnnParams) -> Result<CsrMatrix, CsrError> {
    let all = interactions.matrix();
    let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in 0..all.nrows() {
        let (items, found) = all.row(row);
        let counted = items.iter().zip(found).filter(|&(_, &value)| params.positive.holds(value));
        counted.for_each(|(&item, &value)| {
            columns.push(item);
            values.push(value);
        });
        offsets.push(columns.len());
    }
    CsrMatrix::new(all.ncols(), offsets, columns, values)
}

#[expect(clippy::cast_precision_loss, reason = "a number of users or items is far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
