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

mod equations;
mod explain;
mod fit;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::PanelMatrix;

use equations::{Equations, Penalties};
pub use fit::BiasedMfParams;
#[cfg(test)]
pub(crate) use fit::{Side, mean};

use crate::fit::narrow;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// Factors and biases of all users and items.
#[derive(Clone, Debug)]
pub struct BiasedMf {
    mean: f64,
    penalties: Penalties,
    /// users x (factors and a bias), row-major.
    users: Vec<f32>,
    /// items x (factors and a bias).
    items: PanelMatrix,
    /// The length of the factors of each item.
    lengths: Vec<f32>,
    /// Least and greatest rating.
    scale: [f32; 2],
}

impl BiasedMf {
    /// Puts the parts together, whose lengths belong together and whose numbers are finite.
    fn new(mean: f64, penalties: Penalties, users: Vec<f32>, (items, width): (&[f32], usize), scale: [f32; 2]) -> Self {
        let length = |row: &[f32]| narrow(crate::explain::product(&row[..width - 1], &row[..width - 1]).sqrt());
        let lengths = items.chunks_exact(width).map(length).collect();
        Self { mean, penalties, users, items: PanelMatrix::new(items.len() / width, width, items), lengths, scale }
    }

    /// Number of factors.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.items.ncols() - 1
    }

    /// Factors of all users, each followed by the user's bias, row-major.
    #[must_use]
    pub fn users(&self) -> &[f32] {
        &self.users
    }

    /// Factors of all items, each followed by the item's bias.
    #[must_use]
    pub fn items(&self) -> &PanelMatrix {
        &self.items
    }

    /// The equations of a user with this history, and what is left of each rating beside mean and item.
    fn equations(&self, history: History<'_>) -> Equations {
        let mut equations = Equations::new(self.items.ncols());
        let mut row = vec![0f32; self.items.ncols()];
        for (item, value) in history.iter() {
            self.items.row(item, &mut row);
            equations.add(row.iter().map(|&x| f64::from(x)), f64::from(value) - self.mean);
        }
        equations
    }

    /// Factors and bias of a user with this history: all 0 where it is empty.
    fn folded(&self, history: History<'_>) -> Vec<f32> {
        let solved = self.equations(history).solved(&self.penalties);
        solved.map_or_else(|| vec![0.0; self.items.ncols()], |row| row.into_iter().map(narrow).collect())
    }

    fn score(&self, user: &[f32], candidates: Candidates<'_>, scores: &mut [f32]) {
        let (bias, mut query) = (user[self.factors()], user.to_vec());
        // The bias of the item counts once.
        query[self.factors()] = 1.0;
        match candidates {
            Candidates::All => self.items.times(&query, scores),
            Candidates::Items(_) => candidates.score_each(scores, |item| self.items.row_times(item, &query)),
        }
        let alike = self.mean + f64::from(bias);
        scores.iter_mut().for_each(|score| *score = narrow(alike + f64::from(*score)));
    }
}

impl Scorer for BiasedMf {
    fn items(&self) -> usize {
        self.items.nrows()
    }

    fn meaning(&self) -> Meaning {
        let [least, most] = self.scale;
        Meaning::Rating { least, most }
    }

    fn score_user(&self, user: UserIx, _: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let width = self.items.ncols();
        self.score(&self.users[user.0 as usize * width..][..width], candidates, scores);
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
        self.score(&self.folded(history), candidates, scores);
    }
}

impl SimilarItems for BiasedMf {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the items' factors, biases left out; an item without a rating has none and cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let mut query = vec![0f32; self.items.ncols()];
        self.items.row(item.0 as usize, &mut query);
        query[self.factors()] = 0.0;
        self.items.times(&query, scores);
        let own = f64::from(self.lengths[item.0 as usize]);
        for (score, &length) in scores.iter_mut().zip(&self.lengths) {
            let both = own * f64::from(length);
            *score = if both > 0.0 { narrow(f64::from(*score) / both) } else { f32::NEG_INFINITY };
        }
    }
}
