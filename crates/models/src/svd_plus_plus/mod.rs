//! SVD++: predicts ratings from biases, from factors, and from what a user has rated at all.
//!
//! With `q` and `b` factors and bias of an item, `p` and `b` those of a user, `N` the items that the user has rated, a second
//! vector `y` of each item and `mu` the mean rating, `r̂ = mu + b_user + b_item + q · (p + |N|^-1/2 sum over N of y)`. A fit lowers
//!
//! ```text
//!   sum over ratings (r - r̂)²
//! + sum over users and items, each with n ratings, of n^count_exponent times
//!     regularization |p or q|² + implicit_regularization |y|² + bias_regularization b²
//! ```
//!
//! by exact solutions for all users and for all items, as in alternating least squares, and steps of conjugate gradients for
//! all `y`. The users are solved for last, so that a history folds in to what a user of the same history has.
//!
//! Source: Koren, "Factorization meets the neighborhood: a multifaceted collaborative filtering model", KDD 2008, section 3. There
//! penalties grow with the number of ratings (a `count_exponent` of 1), and a fit goes along gradients of single ratings.

mod explain;
mod fit;
mod implicit;
mod persist;
#[cfg(test)]
mod tests;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::PanelMatrix;

pub use fit::SvdPlusPlusParams;

use crate::fit::narrow;
use crate::rating_equations::{Equations, Penalties, product};
use crate::rating_factors::RatingFactors;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Scorer, SimilarItems};

/// Factors and biases of all users and items, and what it says of a user to have rated an item.
#[derive(Clone, Debug)]
pub struct SvdPlusPlus {
    /// The factors of a user have the sum over what the user has rated in them.
    factors: RatingFactors,
    /// items x factors, row-major.
    implicit: Vec<f32>,
    penalties: Penalties,
}

impl SvdPlusPlus {
    /// Number of factors.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.factors.factors()
    }

    /// Factors of all users, `p` and the sum of `y` together, each followed by the user's bias, row-major.
    #[must_use]
    pub fn users(&self) -> &[f32] {
        self.factors.users()
    }

    /// Factors of all items, each followed by the item's bias.
    #[must_use]
    pub fn items(&self) -> &PanelMatrix {
        self.factors.items()
    }

    /// What it says of a user to have rated an item: items x factors, row-major.
    #[must_use]
    pub fn implicit(&self) -> &[f32] {
        &self.implicit
    }
}

/// The sum of the vectors of the items of a history, by the root of their number.
fn sum_of(implicit: &[f32], factors: usize, history: History<'_>) -> Vec<f64> {
    let mut sum = vec![0f64; factors];
    for &item in history.items {
        let vector = &implicit[item as usize * factors..][..factors];
        sum.iter_mut().zip(vector).for_each(|(to, &y)| *to += f64::from(y));
    }
    let share = implicit::share(history.items.len());
    sum.iter_mut().for_each(|to| *to *= share);
    sum
}

/// The equations of what a user with this history has beside a sum.
fn equations(factors: &RatingFactors, sum: &[f64], history: History<'_>) -> Equations {
    let width = factors.items().ncols();
    let (mut equations, mut row, mut known) = (Equations::new(width), vec![0f32; width], vec![0f64; width]);
    for (item, value) in history.iter() {
        factors.items().row(item, &mut row);
        known.iter_mut().zip(&row).for_each(|(to, &x)| *to = f64::from(x));
        equations.add(known.iter().copied(), f64::from(value) - factors.mean() - product(sum, &known));
    }
    equations
}

/// Factors and bias of a user with this history: all 0 where it is empty.
fn folded(factors: &RatingFactors, implicit: &[f32], penalties: &Penalties, history: History<'_>) -> Vec<f32> {
    let sum = sum_of(implicit, factors.factors(), history);
    let mut user =
        equations(factors, &sum, history).solved(penalties).unwrap_or_else(|| vec![0.0; factors.items().ncols()]);
    user.iter_mut().zip(&sum).for_each(|(to, sum)| *to += sum);
    user.into_iter().map(narrow).collect()
}

impl Scorer for SvdPlusPlus {
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

impl FoldIn for SvdPlusPlus {
    /// Sums the vectors of the history and solves the equations of a user, as the fit does, in f64: with `d` factors
    /// |history| d² / 2 + d³ / 6 multiply-adds.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let user = folded(&self.factors, &self.implicit, &self.penalties, history);
        self.factors.score(&user, candidates, scores);
    }
}

impl SimilarItems for SvdPlusPlus {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the items' factors `q`, biases left out; an item without a rating has none and cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        self.factors.similar_to(item, scores);
    }
}
