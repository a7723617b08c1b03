//! SLIM: how much each item speaks for each other item, few weights a candidate and none below 0.
//!
//! The weights `w` for candidate `j` are those that make its column of `X`, the users x items matrix of what is positive,
//! best of the other columns:
//!
//! ```text
//! minimise  1/2 |x_j - X w|² + l1 |w|₁ + l2/2 |w|²      where w >= 0 and w_j = 0
//! ```
//!
//! of which the `neighbours` largest are kept. Source: Ning, Karypis, "SLIM: sparse linear methods for top-N recommender
//! systems", ICDM 2011. How it is solved: Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear models
//! via coordinate descent", Journal of Statistical Software 33(1), 2010, section 2.2 (covariance updates).

mod descent;
mod fit;

#[cfg(test)]
pub(crate) use descent::descend;
pub use fit::SlimParams;

use crate::delegate::Delegate;
use crate::item_weights::ItemWeights;

/// The weights of items for items.
#[derive(Clone, Debug)]
pub struct Slim {
    weights: ItemWeights,
}

impl Delegate for Slim {
    type Inner = ItemWeights;

    fn inner(&self) -> &ItemWeights {
        &self.weights
    }
}
