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

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::SansaParams;

use crate::item_weights::ItemWeights;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// The weights of items for items.
#[derive(Clone, Debug)]
pub struct Sansa {
    weights: ItemWeights,
}

impl Sansa {
    /// The candidates that an item of a history speaks for, and how much, which may be less than 0.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn weights(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.weights.of(from)
    }
}

impl Scorer for Sansa {
    fn items(&self) -> usize {
        self.weights.items()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.weights.score_history(history, candidates, scores);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.weights.has_direction(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(&self.weights)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(&self.weights)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(&self.weights)
    }
}
