//! Random walks of three steps from a user: to an item, to another user of it, to an item of that one (P3alpha, RP3beta).
//!
//! The weight of item `i` of a history for candidate `j` is the probability of the last two steps, each raised to
//! `alpha`, over the popularity of the candidate, raised to `beta`:
//!
//! ```text
//! W[i, j] = c_j^-beta  sum over users u of both (1 / c_i)^alpha (1 / r_u)^alpha       for the `neighbours` largest j of each i, else 0
//! ```
//!
//! where `c_i` is the number of users of item `i`, `r_u` the number of items of user `u`, and `W[i, i]` is 0. The first
//! step, which has the same probability for every item of a history, is left out: it changes no order. Equal weights
//! rank by rising index.
//!
//! Sources: Cooper, Lee, Radinsky, Siantos, "Random walks in recommender systems: exact computation and simulations", WWW
//! 2014 (P3alpha: `beta` 0); Paudel, Christoffel, Newell, Bernstein, "Updatable, accurate, diverse, and scalable
//! recommendations for interactive applications", ACM TiiS 7(1), 2017 (RP3beta).

mod fit;

pub use fit::RandomWalkParams;

use crate::delegate::Delegate;
use crate::item_weights::ItemWeights;

/// Where a walk from every item ends.
#[derive(Clone, Debug)]
pub struct RandomWalk {
    weights: ItemWeights,
}

impl Delegate for RandomWalk {
    type Inner = ItemWeights;

    fn inner(&self) -> &ItemWeights {
        &self.weights
    }
}
