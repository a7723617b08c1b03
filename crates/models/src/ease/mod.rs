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

pub use fit::EaseParams;
#[cfg(test)]
pub(crate) use fit::{to_weights, weighted_gram};

use crate::delegate::Delegate;
use crate::item_weights::DenseWeights;

/// The weights of every item for every other one. Those of an item for itself are 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Ease {
    weights: DenseWeights,
}

impl Delegate for Ease {
    type Inner = DenseWeights;

    fn inner(&self) -> &DenseWeights {
        &self.weights
    }
}
