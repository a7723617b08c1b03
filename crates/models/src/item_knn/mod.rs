//! Item-kNN: items like those of a history, alike by the users who took them.
//!
//! The weight of item `i` of a history for candidate `j` is
//!
//! ```text
//! W[i, j] = (x_i · x_j / (|x_i|^2a |x_j|^2(1-a) + shrink))^power        for the `neighbours` largest i of each j, else 0
//! ```
//!
//! where `x_i` is the column of item `i`, weighted as [`Weighting`](crate::Weighting) says, and `a` the `asymmetry`. Sources: Deshpande,
//! Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004; Aiolli, "Efficient top-N recommendation
//! for very large scale binary rated datasets", RecSys 2013 (asymmetry and power).

mod fit;

pub use fit::ItemKnnParams;

use crate::delegate::Delegate;
use crate::item_weights::ItemWeights;

/// The nearest neighbours of every item.
#[derive(Clone, Debug)]
pub struct ItemKnn {
    weights: ItemWeights,
}

impl Delegate for ItemKnn {
    type Inner = ItemWeights;

    fn inner(&self) -> &ItemWeights {
        &self.weights
    }
}
