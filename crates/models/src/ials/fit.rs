//! Fitting iALS: alternating exact solutions for all users and for all items.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{CsrMatrix, Dense, NoAxes, RidgeSolver, RidgeSteps, column_squares, normal, to_principal_axes};
use rayon::prelude::*;

use super::prior::Prior;
use super::{Ials, IalsFeatures, IalsParams, IalsSolver, persist};
use crate::features::features;
use crate::fit::{OnProgress, check_finite, narrow, tell};
use crate::{Cheaper, Dimension, Family, FitError, FitReport, ItemVectors, Memory, Shape};

/// Users or items that are solved for between two reports.
const WAVE: usize = 1 << 13;
/// The same of one task.
const TASK: usize = 8;

/// Steps of conjugate gradients for each user and item in half an epoch.
const STEPS: usize = 3;

/// The weights of the objective.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    unobserved: f64,
    regularization: f64,
    exponent: f64,
}

impl Weights {
    pub(super) fn of(params: &IalsParams) -> Self {
        let &IalsParams { unobserved_weight: unobserved, regularization, frequency_exponent: exponent, .. } = params;
        Self { unobserved, regularization, exponent }
    }

    /// What all pairs of a user (or item) add to the square of each factor, for perpendicular columns of these squares.
    pub(super) fn penalties(&self, squares: &[f64]) -> Vec<f32> {
        squares.iter().map(|square| narrow(self.unobserved * square)).collect()
    }

    /// The penalty on the squares of the factors of a user (or item) with `count` positives, of `all` items (or users).
    pub(super) fn regularization(&self, count: usize, all: usize) -> f32 {
        narrow(self.penalty(count, all))
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of users and items are far below 2^53")]
    fn penalty(&self, count: usize, all: usize) -> f64 {
        self.regularization * (count as f64 + self.unobserved * all as f64).powf(self.exponent)
    }
}

/// The users or the items: what is positive, with a row for each of them, and their factors.
pub(crate) struct Side<'a> {
    pub(crate) positives: &'a CsrMatrix,
    pub(crate) factors: Dense<f32>,
    /// What features say of the factors, where they are asked.
    pub(crate) prior: Option<Prior>,
}

impl<'a> Side<'a> {
    pub(crate) fn new(positives: &'a CsrMatrix, factors: Dense<f32>) -> Self {
        Self { positives, factors, prior: None }
    }

    /// The same with the penalty of each row with positives on the difference from what its features say; `all` are on the
    /// other side.
    pub(crate) fn with_features(self, features: CsrMatrix, params: &IalsParams, all: usize) -> Self {
        let weights = Weights::of(params);
        let counts = (0..features.nrows()).map(|row| self.positives.row(row).0.len());
        let penalties = counts.map(|count| if count > 0 { weights.penalty(count, all) } else { 0.0 }).collect();
        let prior = Prior::new(features, penalties, params.feature_penalty, self.factors.ncols());
        Self { prior: Some(prior), ..self }
    }

    /// Learns what features say of the factors that there are.
    pub(crate) fn learn(&mut self) {
        if let Some(prior) = &mut self.prior {
            prior.learn(&self.factors);
        }
    }

    /// The factors, those of rows without positives being what their features say.
    pub(crate) fn into_factors(self) -> Dense<f32> {
        let (mut factors, width) = (self.factors, self.prior.as_ref().map_or(0, |prior| prior.weights.ncols()));
        if let Some(prior) = &self.prior {
            let rows = factors.values_mut().chunks_exact_mut(width).enumerate();
            let unknown = rows.filter(|&(row, _)| self.positives.row(row).0.is_empty());
            unknown.for_each(|(row, to)| prior.mean(row, to));
        }
        factors
    }

    /// Solves for all factors of this side, those of the other side given, or comes closer to that. These are rotated to their
    /// principal axes first, in which what all pairs add to the equations is diagonal; a rotation of both sides, and of what
    /// features say, changes no score. `solved` is told of the share that is done.
    ///
    /// The bits do not depend on the threads: every row is solved by itself.
    pub(crate) fn solve(
        &mut self,
        given: &mut Side<'_>,
        params: &IalsParams,
        solver: IalsSolver,
        solved: &mut dyn FnMut(f64) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let weights = Weights::of(params);
        let no_axes = |source: NoAxes| FitError::Failed { what: "rotation of factors", source: Box::new(source) };
        let start = (solver == IalsSolver::Cg).then_some(&mut self.factors);
        // What features say turns with the factors of either side.
        let said = self.prior.iter_mut().chain(&mut given.prior).map(|prior| &mut prior.weights);
        to_principal_axes(&mut given.factors, start.into_iter().chain(said)).map_err(no_axes)?;
        let given = &given.factors;
        let (all, width) = (given.nrows(), given.ncols());
        let penalties = weights.penalties(&column_squares(given));
        let (positives, prior, count) = (self.positives, self.prior.as_ref(), self.factors.nrows());
        for (wave, rows) in self.factors.values_mut().chunks_mut(WAVE * width).enumerate() {
            let tasks = rows.par_chunks_exact_mut(width).enumerate().with_min_len(TASK);
            let known = |at: usize| positives.row(wave * WAVE + at).0;
            let penalty = |known: &[u32]| (&penalties[..], weights.regularization(known.len(), all));
            match solver {
                IalsSolver::Exact => tasks.for_each_init(
                    || (RidgeSolver::new(width), Vec::new()),
                    |(solver, mean), (at, to)| {
                        let (known, mean) = (known(at), mean_of(prior, wave * WAVE + at, mean));
                        let row = |at: usize| given.row(known[at] as usize);
                        solver.solve_towards(known.len(), row, penalty(known), mean, to);
                    },
                ),
                IalsSolver::Cg => tasks.for_each_init(
                    || (RidgeSteps::new(width), Vec::new()),
                    |(solver, mean), (at, to)| {
                        let (known, mean) = (known(at), mean_of(prior, wave * WAVE + at, mean));
                        let row = |at: usize| given.row(known[at] as usize);
                        solver.improve_towards(known.len(), row, penalty(known), mean, STEPS, to);
                    },
                ),
            }
            #[expect(clippy::cast_precision_loss, reason = "a number of rows is far below 2^53")]
            solved((((wave + 1) * WAVE).min(count)) as f64 / count as f64)?;
        }
        Ok(())
    }

    /// The penalty on the factors of this side, which has `all` on the other one, and on what features say of them.
    fn penalty(&self, weights: Weights, all: usize) -> f64 {
        let of = |row: usize| {
            let own = self.factors.row(row);
            let mut mean = Vec::new();
            let squares = match mean_of(self.prior.as_ref(), row, &mut mean) {
                None => product(own, own),
                Some(mean) => own.iter().zip(mean).map(|(&x, &mean)| (f64::from(x) - f64::from(mean)).powi(2)).sum(),
            };
            weights.penalty(self.positives.row(row).0.len(), all) * squares
        };
        let of_rows: f64 = (0..self.factors.nrows()).into_par_iter().map(of).collect::<Vec<f64>>().iter().sum();
        of_rows + self.prior.as_ref().map_or(0.0, Prior::penalty)
    }
}

/// The mean that the penalty of a row pulls to, where there is one.
fn mean_of<'m>(prior: Option<&Prior>, row: usize, to: &'m mut Vec<f32>) -> Option<&'m [f32]> {
    prior.and_then(|prior| prior.mean_of_known(row, to))
}

/// The product of two rows in f64, in eight sums that a processor makes side by side.
fn product(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0f64; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, &a), &b)| *sum += f64::from(a) * f64::from(b));
    }
    sums.iter().sum()
}

/// The objective, for item factors with perpendicular columns.
pub(crate) fn loss(users: &Side<'_>, items: &Side<'_>, params: &IalsParams) -> f64 {
    let weights = Weights::of(params);
    let of = |user: usize| {
        let (known, _) = users.positives.row(user);
        let score = |&item: &u32| product(users.factors.row(user), items.factors.row(item as usize));
        known.iter().map(|item| (1.0 - score(item)).powi(2)).sum()
    };
    let count = users.factors.nrows();
    let observed: f64 = (0..count).into_par_iter().map(of).collect::<Vec<f64>>().iter().sum();
    let squares = [&users.factors, &items.factors].map(column_squares);
    let all: f64 = squares[0].iter().zip(&squares[1]).map(|(u, v)| u * v).sum();
    let penalty = users.penalty(weights, items.factors.nrows()) + items.penalty(weights, count);
    observed + weights.unobserved * all + penalty
}

/// The features of the items.
fn of_items(data: &Dataset) -> Result<CsrMatrix, FitError> {
    features(Ials::NAME, &data.catalogue, data.interactions.items().len(), false).map_err(|error| match error {
        FitError::Unsuited { model, .. } => {
            let needs = "properties of items for `features=items`, such as genres: read a file of items (--items), or leave it \
                         at `features=none`";
            FitError::Unsuited { model, needs: needs.to_owned() }
        }
        other => other,
    })
}

impl Family for Ials {
    const NAME: &'static str = "ials";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    const LATER: &'static [&'static str] = &["features", "feature_penalty"];
    type Params = IalsParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::log("regularization", 0.001, 0.05), Dimension::log("unobserved_weight", 0.01, 1.0)]
    }

    fn cheaper() -> Option<Cheaper> {
        Some(Cheaper::Less("epochs"))
    }

    fn check(params: &IalsParams, _: &Shape) -> Result<(), FitError> {
        params.check()
    }

    fn memory(params: &IalsParams, shape: &Shape) -> Memory {
        let (users, items, factors) = (shape.users as u64, shape.items as u64, params.factors as u64);
        let panels = 4 * factors * items.next_multiple_of(16);
        // The features and their weights are left out: only the catalogue tells how many there are.
        let model = 4 * factors * (users + 1) + panels + ItemVectors::bytes(shape.items, params.factors);
        // What is positive by user and by item, the factors, and some squares in f64 for their axes; or the factors and
        // the model's own form of those of the items.
        let solve = shape.by_user() + shape.by_item() + 4 * factors * (users + items) + 48 * factors * factors;
        let pack = 4 * factors * items + model;
        Memory { fit: solve.max(pack) + shape.by_user(), model }
    }

    /// In an epoch, with `f` factors, `r² l + r³ / 3` flops for each user and item, `r` the smaller and `l` the larger of `f`
    /// and the number of its positives; and `4 f² (users + items)` for the axes; with `cg`
    /// `16 f` a positive in place of the former. With features up to 200 steps of `4 f` flops for each feature of each item.
    fn fit(
        params: &IalsParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let features = match params.features {
            IalsFeatures::None => None,
            IalsFeatures::Items => Some(of_items(data)?),
        };
        let by_user = params.positive.matrix(interactions);
        let by_user =
            by_user.map_err(|error| FitError::Failed { what: "choice of positives", source: error.into() })?;
        let by_item = by_user.transpose();
        let (width, [users, items]) = (params.factors, [&by_user, &by_item]);
        let mut users = Side::new(users, Dense::zeros(users.nrows(), width));
        #[expect(clippy::cast_precision_loss, reason = "a number of factors is small")]
        let deviation = 0.1 / (width as f64).sqrt();
        let factors = normal(items.nrows(), width, deviation, params.seed);
        let mut items = Side::new(items, factors);
        if let Some(features) = features {
            items = items.with_features(features, params, users.factors.nrows());
        }
        // The users once more at last.
        let halves = 2 * params.epochs + 1;
        report.phase("solve", || {
            for half in 0..halves {
                #[expect(clippy::cast_precision_loss, reason = "a number of epochs is far below 2^53")]
                let mut solved = |share: f64| tell(progress, (half as f64 + share) / halves as f64);
                let solver = if half + 1 == halves { IalsSolver::Exact } else { params.solver };
                if half % 2 == 0 {
                    users.solve(&mut items, params, solver, &mut solved)?;
                } else {
                    items.solve(&mut users, params, solver, &mut solved)?;
                    items.learn();
                }
            }
            Ok(())
        })?;
        check_finite("user factors", users.factors.values().iter().map(|&x| f64::from(x)))?;
        report.figures.push(("loss", loss(&users, &items, params)));
        // A user has not turned down what was not there to be taken: items without a positive count for nothing in histories.
        let penalties = Self::weights_of(params, &items.factors);
        let (user_factors, item_factors) = (users.factors.into_values(), items.into_factors());
        check_finite("item factors", item_factors.values().iter().map(|&x| f64::from(x)))?;
        drop((by_user, by_item));
        Ok(report.phase("pack", || Self::new(params, user_factors, &item_factors, penalties)))
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &IalsParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
