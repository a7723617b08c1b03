//! Biased matrix factorisation: predicts ratings from biases and from factors of users and items.
//!
//! With `u` and `v` the factors of a user and an item, `b` their biases and `mu` the mean rating,
//! `r̂ = mu + b_user + b_item + u · v`. A fit lowers
//!
//! ```text
//!   sum over ratings (r - r̂)²
//! + sum over users and items, each with n ratings,
//!     n regularization |factors|² + (n bias_regularization + bias_shrinkage) bias²
//! ```
//!
//! by solving exactly for all users, then for all items, and so on (alternating least squares); the users are solved for last, so
//! that a history folds in to what a user of the same history has.
//!
//! Sources: Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems", IEEE Computer 42(8), 2009; penalties by
//! the number of ratings: Zhou, Wilkinson, Schreiber, Pan, "Large-scale parallel collaborative filtering for the Netflix prize",
//! AAIM 2008, section 3.1.

mod explain;
mod fit;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::PanelMatrix;

pub use fit::BiasedMfParams;

use crate::fit::narrow;
use crate::rating_equations::{Equations, Penalties};
use crate::rating_factors::RatingFactors;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// Factors and biases of all users and items.
#[derive(Clone, Debug)]
pub struct BiasedMf {
    factors: RatingFactors,
    penalties: Penalties,
}

impl BiasedMf {
    /// Number of factors.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.factors.factors()
    }

    /// Factors of all users, each followed by the user's bias, row-major.
    #[must_use]
    pub fn users(&self) -> &[f32] {
        self.factors.users()
    }

    /// Factors of all items, each followed by the item's bias.
    #[must_use]
    pub fn items(&self) -> &PanelMatrix {
        self.factors.items()
    }
}

/// The equations of a user with this history, and what is left of each rating beside mean and item.
fn equations(factors: &RatingFactors, history: History<'_>) -> Equations {
    let width = factors.items().ncols();
    let mut equations = Equations::new(width);
    let mut row = vec![0f32; width];
    for (item, value) in history.iter() {
        factors.items().row(item, &mut row);
        equations.add(row.iter().map(|&x| f64::from(x)), f64::from(value) - factors.mean());
    }
    equations
}

/// Factors and bias of a user with this history: all 0 where it is empty.
fn folded(factors: &RatingFactors, penalties: &Penalties, history: History<'_>) -> Vec<f32> {
    let solved = equations(factors, history).solved(penalties);
    solved.map_or_else(|| vec![0.0; factors.items().ncols()], |row| row.into_iter().map(narrow).collect())
}

impl Scorer for BiasedMf {
    fn items(&self) -> usize {
        self.factors.items().nrows()
    }

    fn meaning(&self) -> Meaning {
        self.factors.meaning()
    }

    fn score_user(&self, user: UserIx, _: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.factors.score_user(user, candidates, scores);
    }

    /// A rating of 0 is a rating; and without any the best items are those that are the best for everybody.
    fn has_direction(&self, _: History<'_>) -> bool {
        true
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

impl FoldIn for BiasedMf {
    /// Solves the equations of a user with this history, as the fit does, in f64: with `d` factors |history| d² / 2 + d³ / 6
    /// multiply-adds.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.factors.score(&folded(&self.factors, &self.penalties, history), candidates, scores);
    }
}

impl SimilarItems for BiasedMf {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the items' factors, biases left out; an item without a rating has none and cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        self.factors.similar_to(item, scores);
    }
}
