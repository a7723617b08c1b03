//! Fitting SVD++: alternating exact solutions for users and items, and steps for what is said by having rated.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::{CsrMatrix, normal};
use serde::{Deserialize, Serialize};

use super::implicit::Implicit;
use super::{SvdPlusPlus, folded, persist};
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

/// What the fit of SVD++ may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SvdPlusPlusParams {
    /// Number of factors of a user and of an item.
    pub factors: usize,
    /// How often all users and all items are solved for.
    pub epochs: usize,
    /// Penalty on squared factors of users and items; it decides most.
    pub regularization: f64,
    /// Penalty on the squared vectors that say what it means to have rated an item.
    pub implicit_regularization: f64,
    /// Penalty on squared biases.
    pub bias_regularization: f64,
    /// All penalties of a user or item are times this power of its number of ratings.
    pub count_exponent: f64,
    /// Seed of the first item factors. Equal seeds give equal bytes.
    pub seed: u64,
}

impl Default for SvdPlusPlusParams {
    /// The best, or within 0.0005 of it, on an inner split of the training rows of the first of five folds of MovieLens 100K and of 1M.
    fn default() -> Self {
        Self {
            factors: 40,
            epochs: 10,
            regularization: 1.6,
            implicit_regularization: 7.0,
            bias_regularization: 1.0,
            count_exponent: 0.5,
            seed: 0,
        }
    }
}

impl SvdPlusPlusParams {
    fn check(&self) -> Result<(), FitError> {
        if !(1..=MOST_FACTORS).contains(&self.factors) {
            let allowed = format!("whole numbers from 1 to {MOST_FACTORS}");
            return Err(FitError::Parameter { name: "factors", found: self.factors.to_string(), allowed });
        }
        check_at_least_one("epochs", self.epochs)?;
        check_range("regularization", self.regularization, LEAST_PENALTY, 1e6)?;
        check_range("implicit_regularization", self.implicit_regularization, LEAST_PENALTY, 1e9)?;
        check_range("bias_regularization", self.bias_regularization, LEAST_PENALTY, 1e6)?;
        check_range("count_exponent", self.count_exponent, 0.0, 1.0)
    }

    /// Those of users and items.
    pub(super) fn penalties(&self) -> Penalties {
        let Self { regularization, bias_regularization, count_exponent, .. } = *self;
        Penalties { factor: regularization, bias: bias_regularization, shrinkage: 0.0, exponent: count_exponent }
    }

    /// Whether no fit can have had these parameters.
    pub(super) fn is_refused(&self) -> bool {
        self.check().is_err()
    }
}

/// What a fit finds, in f64.
pub(super) struct Found {
    /// users x (factors with the sum in them, and a bias): those for which the items were solved.
    #[cfg_attr(not(test), expect(dead_code, reason = "users of the model are what their histories fold in to"))]
    pub(super) users: Vec<f64>,
    /// items x (factors and a bias).
    pub(super) items: Vec<f64>,
    /// items x factors.
    pub(super) implicit: Vec<f64>,
}

/// Solves in turn for the implicit vectors and the users, and for the items; the implicit vectors once more at the end.
pub(super) fn solved(
    params: &SvdPlusPlusParams,
    by_user: &CsrMatrix,
    progress: &mut OnProgress<'_>,
) -> Result<Found, FitError> {
    let by_item = by_user.transpose();
    let (penalties, mean) = (params.penalties(), mean(by_user));
    let with = (&penalties, mean);
    let first = normal(by_item.nrows(), params.factors, DEVIATION, params.seed);
    let factor = |item: usize, column: usize| f64::from(first.values()[item * params.factors + column]);
    let mut users = Side::new(by_user, params.factors, |_, _| 0.0);
    let mut items = Side::new(&by_item, params.factors, factor);
    drop(first);
    let mut implicit = Implicit::new(params, by_user, &by_item);
    let halves = 2 * params.epochs + 1;
    for half in 0..halves - 1 {
        #[expect(clippy::cast_precision_loss, reason = "a number of epochs is far below 2^53")]
        let mut solved = |share: f64| tell(progress, (half as f64 + share) / halves as f64);
        if half % 2 == 0 {
            implicit.improve(&users.rows, &items.rows, mean);
            users.solve(&items, with, Some(implicit.sums()), &mut solved)?;
        } else {
            items.solve(&users, with, None, &mut solved)?;
        }
    }
    implicit.improve(&users.rows, &items.rows, mean);
    Ok(Found { users: users.rows, items: items.rows, implicit: implicit.into_vectors() })
}

impl SvdPlusPlus {
    /// The model of these items: its users are what their histories fold in to.
    pub(super) fn of(params: &SvdPlusPlusParams, found: &Found, interactions: &Interactions, scale: [f32; 2]) -> Self {
        let stored = |numbers: &[f64]| numbers.iter().map(|&x| narrow(x)).collect::<Vec<f32>>();
        let (items, implicit, penalties) = (stored(&found.items), stored(&found.implicit), params.penalties());
        let factors = RatingFactors::of_items(mean(interactions.matrix()), (&items, params.factors + 1), scale);
        drop(items);
        let fold = |factors: &RatingFactors, history: History<'_>| folded(factors, &implicit, &penalties, history);
        let factors = factors.with_users_of(interactions, fold);
        Self { factors, implicit, penalties }
    }
}

impl Family for SvdPlusPlus {
    const NAME: &'static str = "svd_plus_plus";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = SvdPlusPlusParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::log("regularization", 0.5, 5.0),
            Dimension::log("implicit_regularization", 2.0, 30.0),
            Dimension::log("bias_regularization", 0.1, 10.0),
            Dimension::whole_log("factors", 8, 128),
        ]
    }

    fn check(params: &SvdPlusPlusParams, _: &Shape) -> Result<(), FitError> {
        params.check()
    }

    fn memory(params: &SvdPlusPlusParams, shape: &Shape) -> Memory {
        let (users, items, width) = (shape.users as u64, shape.items as u64, params.factors as u64 + 1);
        let (factors, panels) = (width - 1, 4 * width * items.next_multiple_of(16) + 4 * items);
        let model = panels + 4 * width * users + 4 * factors * items;
        // Ratings by item, and the numbers in f64, of the implicit vectors four times; or the items in f32 beside the model.
        let solve = shape.by_item() + 8 * (width + factors) * users + 8 * (width + 4 * factors + 1) * items;
        let found = 8 * width * users + 8 * (width + factors) * items;
        let pack = found + model + 4 * width * items.min(users);
        Memory { fit: shape.by_user() + solve.max(pack), model }
    }

    /// In an epoch, with `d` factors, `d² / 2` multiply-adds for each rating, twice, `16 d` more for the implicit vectors, and
    /// `d³ / 6` for each user and item, in f64.
    fn fit(
        params: &SvdPlusPlusParams,
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
        let found = report.phase("solve", || solved(params, interactions.matrix(), progress))?;
        check_finite("item factors", found.items.iter().chain(&found.implicit).copied())?;
        let model = report.phase("users", || Self::of(params, &found, interactions, [least, most]));
        check_finite("user factors", model.users().iter().map(|&x| f64::from(x)))?;
        tell(progress, 1.0)?;
        Ok(model)
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &SvdPlusPlusParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
