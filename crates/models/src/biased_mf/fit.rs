//! Fitting the biased matrix factorisation: alternating exact solutions for all users and for all items.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::normal;
use serde::{Deserialize, Serialize};

use super::{BiasedMf, folded, persist};
use crate::fit::{OnProgress, check_at_least_one, check_finite, check_range, narrow, tell};
use crate::rating_equations::{Penalties, Side, mean};
use crate::rating_factors::RatingFactors;
use crate::{Dimension, Family, FitError, FitReport, History, Memory, Shape};

/// Most factors: each thread holds 16 bytes times their square.
const MOST_FACTORS: usize = 1024;
/// The least penalty of factors: below it the equations are too badly conditioned.
const LEAST_PENALTY: f64 = 1e-6;
/// Standard deviation of the first factors.
const DEVIATION: f64 = 0.1;

/// What the fit of the biased matrix factorisation may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BiasedMfParams {
    /// Number of factors of a user and of an item.
    pub factors: usize,
    /// How often all users and all items are solved for.
    pub epochs: usize,
    /// Penalty on squared factors, for each rating of the user or item; it decides most.
    pub regularization: f64,
    /// Penalty on squared biases, for each rating of the user or item.
    pub bias_regularization: f64,
    /// Penalty on squared biases, whatever the number of ratings: as many ratings of 0 difference.
    pub bias_shrinkage: f64,
    /// Seed of the first item factors. Equal seeds give equal bytes.
    pub seed: u64,
}

impl Default for BiasedMfParams {
    fn default() -> Self {
        Self { factors: 40, epochs: 20, regularization: 0.12, bias_regularization: 0.0, bias_shrinkage: 1.0, seed: 0 }
    }
}

impl BiasedMfParams {
    fn check(&self) -> Result<(), FitError> {
        if !(1..=MOST_FACTORS).contains(&self.factors) {
            let allowed = format!("whole numbers from 1 to {MOST_FACTORS}");
            return Err(FitError::Parameter { name: "factors", found: self.factors.to_string(), allowed });
        }
        check_at_least_one("epochs", self.epochs)?;
        check_range("regularization", self.regularization, LEAST_PENALTY, 1e6)?;
        check_range("bias_regularization", self.bias_regularization, 0.0, 1e6)?;
        check_range("bias_shrinkage", self.bias_shrinkage, 0.0, 1e9)
    }

    pub(crate) fn penalties(&self) -> Penalties {
        let Self { regularization, bias_regularization, bias_shrinkage, .. } = *self;
        Penalties { factor: regularization, bias: bias_regularization, shrinkage: bias_shrinkage, exponent: 1.0 }
    }

    /// Whether no fit can have had these parameters.
    pub(super) fn is_refused(&self) -> bool {
        self.check().is_err()
    }
}

impl BiasedMf {
    /// The model of these items: its users are what their histories fold in to.
    pub(crate) fn of_items(
        params: &BiasedMfParams,
        items: &[f64],
        interactions: &Interactions,
        scale: [f32; 2],
    ) -> Self {
        let stored: Vec<f32> = items.iter().map(|&x| narrow(x)).collect();
        let penalties = params.penalties();
        let factors = RatingFactors::of_items(mean(interactions.matrix()), (&stored, params.factors + 1), scale);
        drop(stored);
        let fold = |factors: &RatingFactors, history: History<'_>| folded(factors, &penalties, history);
        Self { factors: factors.with_users_of(interactions, fold), penalties }
    }
}

impl Family for BiasedMf {
    const NAME: &'static str = "biased_mf";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = BiasedMfParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::log("regularization", 0.02, 0.5),
            Dimension::log("bias_shrinkage", 0.5, 50.0),
            Dimension::whole_log("factors", 8, 128),
        ]
    }

    fn check(params: &BiasedMfParams, _: &Shape) -> Result<(), FitError> {
        params.check()
    }

    fn memory(params: &BiasedMfParams, shape: &Shape) -> Memory {
        let (users, items, width) = (shape.users as u64, shape.items as u64, params.factors as u64 + 1);
        let panels = 4 * width * items.next_multiple_of(16) + 4 * items;
        let model = panels + 4 * width * users;
        // Ratings by item, and the numbers in f64; or the items in f32 beside the model.
        let solve = shape.by_item() + 8 * width * (users + items);
        let pack = 12 * width * items + model;
        Memory { fit: shape.by_user() + solve.max(pack), model }
    }

    /// In an epoch, with `d` factors, `d² / 2` multiply-adds for each rating, twice, and `d³ / 6` for each user and item, in f64.
    fn fit(
        params: &BiasedMfParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let interactions = &data.interactions;
        let Feedback::Explicit { least, most } = interactions.feedback() else {
            let needs = "ratings to predict; these interactions have none: choose `ials`, or read a rating column \
                         (--rating-column)";
            return Err(FitError::Unsuited { model: Self::NAME, needs: needs.to_owned() });
        };
        let items = report.phase("solve", || {
            let by_user = interactions.matrix();
            let by_item = by_user.transpose();
            let penalties = params.penalties();
            let with = (&penalties, mean(by_user));
            let first = normal(by_item.nrows(), params.factors, DEVIATION, params.seed);
            let factor = |item: usize, column: usize| f64::from(first.values()[item * params.factors + column]);
            let mut users = Side::new(by_user, params.factors, |_, _| 0.0);
            let mut items = Side::new(&by_item, params.factors, factor);
            drop(first);
            let halves = 2 * params.epochs + 1;
            for half in 0..halves - 1 {
                #[expect(clippy::cast_precision_loss, reason = "a number of epochs is far below 2^53")]
                let mut solved = |share: f64| tell(progress, (half as f64 + share) / halves as f64);
                if half % 2 == 0 {
                    users.solve(&items, with, None, &mut solved)?;
                } else {
                    items.solve(&users, with, None, &mut solved)?;
                }
            }
            Ok(items.rows)
        })?;
        check_finite("item factors", items.iter().copied())?;
        let model = report.phase("users", || Self::of_items(params, &items, interactions, [least, most]));
        check_finite("user factors", model.users().iter().map(|&x| f64::from(x)))?;
        tell(progress, 1.0)?;
        Ok(model)
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &BiasedMfParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
