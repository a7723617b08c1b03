//! SANSA: the linear weights of EASE from a sparse approximate inverse, for catalogues of any size.
//!
//! EASE weighs by the inverse of `A = Xᵀ W X + lambda I + ...` ([`ease`](crate::ease)), which is dense. Here the inverse is
//! `P = Kᵀ K`, where `K` is lower triangular over the items from the most to the least taken, and a row of it has at most
//! `factor_nonzeros` entries beside its diagonal: those of the items taken before it that it correlates with most. Among the
//! matrices of that pattern it is the one nearest to the inverse of the Cholesky factor `L` of `A`: it minimises
//! `|I - K L|` in the Frobenius norm, which needs no `L` but, row by row, the solution of a small system of `A`. The weights
//! `-P[i, j] / P[j, j]` are those of EASE where the pattern is whole; of each candidate the `neighbours` largest are kept.
//!
//! Sources: Spišák, Bartyzal, Hoskovec, Peška, Tůma, "Scalable approximate nonsymmetric autoencoder for collaborative
//! filtering", RecSys 2023 (a sparse approximate inverse in place of EASE's; they invert an incomplete factor by minimal
//! residuals); Kolotilina, Yeremin, "Factorized sparse approximate inverse preconditionings I", SIAM Journal on Matrix
//! Analysis and Applications 14(1), 1993, section 2 (`K`, whose rows do not depend on each other).

mod factor;
mod fit;

pub use fit::SansaParams;

use crate::delegate::Delegate;
use crate::item_weights::ItemWeights;

/// The weights of items for items.
#[derive(Clone, Debug)]
pub struct Sansa {
    weights: ItemWeights,
}

impl Delegate for Sansa {
    type Inner = ItemWeights;

    fn inner(&self) -> &ItemWeights {
        &self.weights
    }
}
