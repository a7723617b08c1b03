//! iALS: factors of users and items whose products tell what was taken from what was not (implicit matrix factorisation).
//!
//! With `X` the users x items matrix of what is positive, `c` the number of positives of a user or item, and `s` the
//! product of a user's factors `u` and an item's factors `v`, a fit lowers
//!
//! ```text
//!   sum over positives (1 - s)²  +  unobserved_weight * sum over all pairs s²
//! + regularization * ( sum over users (c + unobserved_weight * items)^frequency_exponent |u|²
//!                    + sum over items (c + unobserved_weight * users)^frequency_exponent |v|² )
//! ```
//!
//! by solving exactly for all users, then for all items, and so on; the users are solved for last, so that a history folds
//! in to what a user of the same history has.
//!
//! With features of items, `F`, the penalty of an item with positives is on the difference from what its features say, `|v - Aᵀ f|²`
//! in place of `|v|²`, with a penalty `feature_penalty` x (the mean penalty of those items) on `|A|²`. `A` is the ridge regression of the
//! factors on the features after each solution for the items. An item without a positive is no part of this, and has the factors `Aᵀ f`
//! in the end: it can be found by what is known of it, and no user has turned it down.
//!
//! Sources: Hu, Koren, Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008; the objective is that
//! of Rendle, Krichene, Zhang, Koren, "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022,
//! arXiv 2110.14037, sections 2 and 3. Features: Agarwal, Chen, "Regression-based latent factor models", KDD 2009, section 2, whose
//! factors are normal around a regression on features; here with the loss of iALS and a ridge penalty.

mod explain;
mod fit;
mod params;
mod persist;
mod prior;
#[cfg(test)]
mod tests;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::{Dense, PanelMatrix, RidgeSolver, column_squares};

use fit::Weights;
#[cfg(test)]
pub(crate) use fit::{Side, loss};
pub use params::{IalsFeatures, IalsParams, IalsSolver};

use crate::factored::NOTHING;
use crate::{Candidates, Explain, Factored, FoldIn, History, ItemVectors, Meaning, Positive, Scorer, SimilarItems};

/// The factors of all users and items.
#[derive(Clone, Debug)]
pub struct Ials {
    /// users x factors, row-major.
    user_factors: Vec<f32>,
    /// items x factors; the columns of those with positives are perpendicular.
    item_factors: ItemVectors,
    /// items x factors, each row scaled to length 1.
    item_directions: PanelMatrix,
    weights: Weights,
    /// The weights of all items with positives in the equations of a user.
    penalties: Vec<f32>,
    positive: Positive,
    /// What the file says beside the factors.
    features: IalsFeatures,
}

impl Ials {
    /// The weights of all items in the equations of a user.
    pub(crate) fn weights_of(params: &IalsParams, items: &Dense<f32>) -> Vec<f32> {
        Weights::of(params).penalties(&column_squares(items))
    }

    /// Puts the parts together, whose lengths belong together and whose numbers are finite.
    ///
    /// `penalties` are the weights of all items with positives in the equations of a user.
    pub(crate) fn new(params: &IalsParams, user_factors: Vec<f32>, items: &Dense<f32>, penalties: Vec<f32>) -> Self {
        let weights = Weights::of(params);
        let item_factors = PanelMatrix::new(items.nrows(), items.ncols(), items.values());
        let item_directions = item_factors.directions(&vec![1.0; items.ncols()]);
        let item_factors = ItemVectors::new(item_factors);
        Self {
            user_factors,
            item_factors,
            item_directions,
            weights,
            penalties,
            positive: params.positive,
            features: params.features,
        }
    }

    /// Number of factors.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.item_factors.rows().ncols()
    }

    /// Factors of the users, users x factors, row-major.
    #[must_use]
    pub fn user_factors(&self) -> &[f32] {
        &self.user_factors
    }

    /// Factors of the items, items x factors. Their columns are perpendicular, the longest first: a rotation of all factors
    /// changes no score. Factors that features alone speak for count for nothing in that.
    #[must_use]
    pub fn item_factors(&self) -> &PanelMatrix {
        self.item_factors.rows()
    }

    /// The factors of a user with this history, solved for as the fit does.
    fn folded(&self, history: History<'_>) -> Vec<f32> {
        let width = self.factors();
        let mut rows = Vec::with_capacity(history.items.len() * width);
        for (item, _) in history.iter().filter(|&(_, value)| self.positive.holds(value)) {
            rows.resize(rows.len() + width, 0f32);
            let last = rows.len() - width;
            self.item_factors().row(item, &mut rows[last..]);
        }
        let (count, mut factors) = (rows.len() / width, vec![0f32; width]);
        let penalty = self.weights.regularization(count, self.items());
        let row = |at: usize| &rows[at * width..][..width];
        RidgeSolver::new(width).solve(count, row, (&self.penalties, penalty), &mut factors);
        factors
    }
}

impl Scorer for Ials {
    fn items(&self) -> usize {
        self.item_factors.rows().nrows()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, user: UserIx, _: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let factors = self.factors();
        let own = &self.user_factors[user.0 as usize * factors..][..factors];
        self.item_factors.score((own, NOTHING), candidates, scores);
    }

    fn score_users(&self, users: &[(UserIx, History<'_>)], visit: &mut dyn FnMut(usize, usize, &[f32])) {
        let width = self.factors();
        let rows = users.iter().flat_map(|(user, _)| &self.user_factors[user.0 as usize * width..][..width]);
        self.item_factors().times_each(&rows.copied().collect::<Vec<f32>>(), visit);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.positive.any(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }

    fn factored(&self) -> Option<&dyn Factored> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl Factored for Ials {
    fn item_vectors(&self) -> &ItemVectors {
        &self.item_factors
    }

    fn of_user(&self, user: UserIx, _: History<'_>) -> (Vec<f32>, f32) {
        let factors = self.factors();
        (self.user_factors[user.0 as usize * factors..][..factors].to_vec(), NOTHING)
    }

    fn of_history(&self, history: History<'_>) -> (Vec<f32>, f32) {
        (self.folded(history), NOTHING)
    }
}

impl FoldIn for Ials {
    /// Solves the equations of a user with this history, as the fit does: r² l + r³ / 3 flops for `r` the smaller and `l` the
    /// larger of the number of positives and the number of factors.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.item_factors.score((&self.folded(history), NOTHING), candidates, scores);
    }
}

impl SimilarItems for Ials {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the items' factors; an item without a positive has none, but for what its features say, and cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let mut direction = vec![0f32; self.factors()];
        self.item_directions.row(item.0 as usize, &mut direction);
        self.item_directions.times(&direction, scores);
        scores.iter_mut().filter(|cosine| **cosine == 0.0).for_each(|cosine| *cosine = f32::NEG_INFINITY);
    }
}
