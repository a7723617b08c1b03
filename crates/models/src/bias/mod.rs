//! The bias baseline: predicts a rating from the mean, and from how item and user differ from it.
//!
//! `r̂(u, i) = mu + b_i + b_u`, where `mu` is the mean rating, `b_i` the sum of the item's differences from `mu`, divided
//! by their number plus `item_shrinkage`, and `b_u` likewise of what is left of the user's ratings, with
//! `user_shrinkage`. Source: Koren, "Factor in the neighbors: scalable and accurate collaborative filtering", ACM TKDD
//! 4(1), 2010, section 2.1. It ranks items alike for every user, by their mean.

mod persist;

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_data::interactions::Feedback;
use serde::{Deserialize, Serialize};

use crate::explain::each_row;
use crate::fit::{OnProgress, check_range, narrow, tell};
use crate::{
    Candidates, Dimension, Explain, ExplanationKind, Family, FitError, FitReport, FoldIn, History, Meaning, Memory,
    Scorer, Shape,
};

/// What the fit of the bias baseline may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BiasParams {
    /// Ratings of 0 difference that each item is given on top of its own; 0 for none. 5 is what suits MovieLens.
    pub item_shrinkage: f64,
    /// The same for each user; 2 is what suits MovieLens.
    pub user_shrinkage: f64,
}

impl Default for BiasParams {
    fn default() -> Self {
        Self { item_shrinkage: 5.0, user_shrinkage: 2.0 }
    }
}

/// The mean, and the bias of each item and user.
#[derive(Clone, Debug, PartialEq)]
pub struct Bias {
    mean: f64,
    item_biases: Vec<f64>,
    user_biases: Vec<f64>,
    user_shrinkage: f64,
    /// Least and greatest rating.
    scale: [f32; 2],
}

impl Bias {
    /// The mean rating.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The bias of each item, by rising index.
    #[must_use]
    pub fn item_biases(&self) -> &[f64] {
        &self.item_biases
    }

    /// The bias of each user, by rising index.
    #[must_use]
    pub fn user_biases(&self) -> &[f64] {
        &self.user_biases
    }

    /// What is left of these ratings once mean and item are taken off, shrunk.
    fn user_bias(&self, ratings: History<'_>) -> f64 {
        let left = |(item, value)| f64::from(value) - self.mean - self.item_biases[item];
        let sum: f64 = ratings.iter().map(left).sum();
        sum / (self.user_shrinkage + count(ratings.items.len())).max(f64::MIN_POSITIVE)
    }

    fn score(&self, user_bias: f64, candidates: Candidates<'_>, scores: &mut [f32]) {
        candidates.score_each(scores, |item| narrow(self.mean + self.item_biases[item] + user_bias));
    }
}

impl Family for Bias {
    const NAME: &'static str = "bias";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = BiasParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::log("item_shrinkage", 0.5, 50.0), Dimension::log("user_shrinkage", 0.5, 50.0)]
    }

    fn check(params: &BiasParams, _: &Shape) -> Result<(), FitError> {
        check_range("item_shrinkage", params.item_shrinkage, 0.0, f64::INFINITY)?;
        check_range("user_shrinkage", params.user_shrinkage, 0.0, f64::INFINITY)
    }

    fn memory(_: &BiasParams, shape: &Shape) -> Memory {
        let model = 8 * (shape.items as u64 + shape.users as u64);
        // The number of ratings of each item is given back before the users' biases are made.
        let averaging = model.max(16 * shape.items as u64);
        Memory { fit: shape.by_user() + averaging, model }
    }

    /// O(entries); sums run in f64, in the order of the users.
    fn fit(
        params: &BiasParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let Feedback::Explicit { least, most } = interactions.feedback() else {
            let needs = "ratings to predict; these interactions have none: choose `popularity`, or read a rating column \
                         (--rating-column)";
            return Err(FitError::Unsuited { model: Self::NAME, needs: needs.to_owned() });
        };
        let matrix = interactions.matrix();
        let model = report.phase("average", || {
            let sum: f64 = matrix.values().iter().map(|&value| f64::from(value)).sum();
            let mean = sum / count(matrix.nnz());
            let mut item_biases = vec![0f64; matrix.ncols()];
            let mut counts = vec![params.item_shrinkage; matrix.ncols()];
            for (&item, &value) in matrix.columns().iter().zip(matrix.values()) {
                item_biases[item as usize] += f64::from(value) - mean;
                counts[item as usize] += 1.0;
            }
            for (bias, count) in item_biases.iter_mut().zip(counts) {
                *bias /= count.max(f64::MIN_POSITIVE);
            }
            let user_shrinkage = params.user_shrinkage;
            let mut model = Self { mean, item_biases, user_biases: Vec::new(), user_shrinkage, scale: [least, most] };
            let rows = (0..matrix.nrows()).map(|user| matrix.row(user));
            model.user_biases =
                rows.map(|(items, values)| model.user_bias(History { items, values, times: None })).collect();
            model
        });
        tell(progress, 1.0)?;
        Ok(model)
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &BiasParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

impl Scorer for Bias {
    fn items(&self) -> usize {
        self.item_biases.len()
    }

    fn meaning(&self) -> Meaning {
        let [least, most] = self.scale;
        Meaning::Rating { least, most }
    }

    fn score_user(&self, user: UserIx, _: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score(self.user_biases[user.0 as usize], candidates, scores);
    }

    /// A rating of 0 is a rating; and the best items are the best for everybody.
    fn has_direction(&self, _: History<'_>) -> bool {
        true
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl FoldIn for Bias {
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score(self.user_bias(history), candidates, scores);
    }
}

impl Explain for Bias {
    fn kind(&self) -> ExplanationKind {
        ExplanationKind::Parts
    }

    /// The mean, and the bias of the item.
    fn parts(&self, item: ItemIx) -> Vec<(&'static str, f64)> {
        vec![("mean", self.mean), ("item", self.item_biases[item.0 as usize])]
    }

    /// What each rating adds to the bias of the user, the same for every item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let ratings = (self.user_shrinkage + count(history.items.len())).max(f64::MIN_POSITIVE);
        each_row(history, items, contributions, |_, row| {
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                *to = (f64::from(value) - self.mean - self.item_biases[entry]) / ratings;
            }
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
fn count(ratings: usize) -> f64 {
    ratings as f64
}
