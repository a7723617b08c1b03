//! User-kNN: what users like that of the history took, alike by the items that they took.
//!
//! The score of item `j` for a history `h` is a sum over the `neighbours` users `v` that are most like it,
//!
//! ```text
//! s(j) = sum over v of w(h, v) r(v, j),    w(h, v) = (h · x_v / (|h|^2a |x_v|^2(1-a) + shrink))^power
//! ```
//!
//! where `x_v` is the row of user `v` and `h` that of the history, weighted as [`Weighting`] says with
//! users as documents and items as words, `a` is the `asymmetry`, and `r(v, j)` is 1 where `v` took `j`, or the value
//! where values are weights. Equal likenesses rank by rising index of the user.
//!
//! No user is a neighbour of itself: of the users whose positive interactions are exactly those of the history, the first
//! is left out. So a training user scores as its own history does, and a new history that equals a user's loses nothing:
//! that user took nothing that is not in it.
//!
//! Sources: Breese, Heckerman, Kadie, "Empirical analysis of predictive algorithms for collaborative filtering", UAI 1998;
//! Aiolli, "Efficient top-N recommendation for very large scale binary rated datasets", RecSys 2013 (asymmetry and power).

mod explain;
mod fit;
mod neighbours;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::CsrMatrix;

pub use fit::UserKnnParams;

use crate::fit::narrow;
use crate::weighting::Weigher;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems, Weighting};

/// What every user took, by user and by item.
#[derive(Clone, Debug)]
pub struct UserKnn {
    /// users x items, weighted.
    rows: CsrMatrix,
    /// Its transpose, items x users.
    postings: CsrMatrix,
    /// `|x_v|^2(1-a)` of every user.
    norms: Vec<f64>,
    weigher: Weigher,
    params: UserKnnParams,
}

impl UserKnn {
    /// What the item weighs in the row of a user who took it: a binary search.
    fn taken(&self, user: u32, item: usize) -> Option<f32> {
        let (items, values) = self.rows.row(user as usize);
        let at = items.partition_point(|&other| (other as usize) < item);
        items.get(at).filter(|&&other| other as usize == item).map(|_| values[at])
    }

    /// Scores by the neighbours, in their order, so that the bits of a score do not depend on the candidates.
    fn score(&self, neighbours: &[(u32, f64)], candidates: Candidates<'_>, scores: &mut [f32]) {
        let by_value = self.params.weighting == Weighting::Values;
        let term = |likeness: f64, value: f32| if by_value { likeness * f64::from(value) } else { likeness };
        match candidates {
            Candidates::All => {
                let mut sums = vec![0f64; self.items()];
                for &(user, likeness) in neighbours {
                    let (items, values) = self.rows.row(user as usize);
                    items.iter().zip(values).for_each(|(&item, &value)| sums[item as usize] += term(likeness, value));
                }
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = narrow(sum));
            }
            Candidates::Items(_) => candidates.score_each(scores, |candidate| {
                let mut sum = 0f64;
                for &(user, likeness) in neighbours {
                    if let Some(value) = self.taken(user, candidate) {
                        sum += term(likeness, value);
                    }
                }
                narrow(sum)
            }),
        }
    }
}

impl Scorer for UserKnn {
    fn items(&self) -> usize {
        self.rows.ncols()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.params.positive.any(history)
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

impl FoldIn for UserKnn {
    /// Finds the neighbours: the users of every item of the history, and a number for each user. Then the neighbours' rows,
    /// or, for one candidate, a binary search in each.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score(&self.nearest(&self.weighted(history)), candidates, scores);
    }
}

impl SimilarItems for UserKnn {
    fn measure(&self) -> &'static str {
        "score"
    }

    /// The scores of the history that holds this item alone; items that none of its neighbours took cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        self.score(&self.nearest(&[(item.0, 1.0)]), Candidates::All, scores);
        for score in scores.iter_mut().filter(|score| **score <= 0.0) {
            *score = f32::NEG_INFINITY;
        }
    }
}
