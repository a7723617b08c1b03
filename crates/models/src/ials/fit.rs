//! Fitting iALS: alternating exact solutions for all users and for all items.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{CsrMatrix, Dense, NoAxes, RidgeSolver, RidgeSteps, column_squares, normal, to_principal_axes};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Ials, persist};
use crate::fit::{OnProgress, check_finite, check_range, narrow, tell};
use crate::{Cheaper, Dimension, Family, FitError, FitReport, ItemVectors, Memory, Positive, Shape};

/// Most factors: each thread holds up to 16 bytes times their square.
const MOST_FACTORS: usize = 4096;
/// The least weight of all pairs: below it the equations are too badly conditioned for single precision.
const LEAST_WEIGHT: f64 = 1e-5;
/// Users or items that are solved for between two reports.
const WAVE: usize = 1 << 13;
/// The same of one task.
const TASK: usize = 8;

/// Steps of conjugate gradients for each user and item in half an epoch.
const STEPS: usize = 3;

/// How all users, or all items, are solved for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IalsSolver {
    /// The least squares themselves.
    #[default]
    Exact,
    /// Three steps of conjugate gradients from the factors of the epoch before: a fraction of the time, and a little less
    /// gained an epoch. The users are solved for exactly at last.
    Cg,
}

/// What the fit of iALS may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IalsParams {
    /// Number of factors of a user and of an item; more of them say more, and cost more.
    pub factors: usize,
    /// How often all users and all items are solved for.
    pub epochs: usize,
    /// Weight of a pair as one that is not positive, where a positive weighs 1 more; from 0.01 to 1.
    pub unobserved_weight: f64,
    /// Weight of the penalty on the factors, which decides most; from 0.001 to 0.05.
    pub regularization: f64,
    /// How much the penalty rises with the number of interactions of a user or item, from 0 (not) to 1 (alike).
    pub frequency_exponent: f64,
    /// How the factors are found: `exact`, or `cg`, several times faster with 128 factors.
    pub solver: IalsSolver,
    /// Seed of the first item factors. Equal seeds give equal bytes.
    pub seed: u64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for IalsParams {
    /// Weight and penalty are those found for MovieLens 1M with 128 factors (`docs/models.md`).
    fn default() -> Self {
        Self {
            factors: 64,
            epochs: 8,
            unobserved_weight: 0.15,
            regularization: 0.01,
            frequency_exponent: 1.0,
            solver: IalsSolver::default(),
            seed: 0,
            positive: Positive::default(),
        }
    }
}

impl IalsParams {
    fn check(&self) -> Result<(), FitError> {
        if !(1..=MOST_FACTORS).contains(&self.factors) {
            let allowed = format!("whole numbers from 1 to {MOST_FACTORS}");
            return Err(FitError::Parameter { name: "factors", found: self.factors.to_string(), allowed });
        }
        if self.epochs == 0 {
            let allowed = "whole numbers from 1 on".to_owned();
            return Err(FitError::Parameter { name: "epochs", found: self.epochs.to_string(), allowed });
        }
        check_range("unobserved_weight", self.unobserved_weight, LEAST_WEIGHT, 1000.0)?;
        check_range("regularization", self.regularization, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("frequency_exponent", self.frequency_exponent, 0.0, 1.0)
    }

    /// Whether no fit can have had these parameters.
    pub(super) fn is_refused(&self) -> bool {
        self.check().is_err()
    }
}

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
}

impl Side<'_> {
    /// Solves for all factors of this side, those of the other side given, or comes closer to that. These are rotated to their principal axes first,
    /// in which what all pairs add to the equations is diagonal; a rotation of both sides changes no score. `solved` is told
    /// of the share that is done.
    ///
    /// The bits do not depend on the threads: every row is solved by itself.
    pub(crate) fn solve(
        &mut self,
        given: &mut Dense<f32>,
        params: &IalsParams,
        solver: IalsSolver,
        solved: &mut dyn FnMut(f64) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let weights = Weights::of(params);
        let no_axes = |source: NoAxes| FitError::Failed { what: "rotation of factors", source: Box::new(source) };
        let start = (solver == IalsSolver::Cg).then_some(&mut self.factors);
        to_principal_axes(given, start).map_err(no_axes)?;
        let (all, width) = (given.nrows(), given.ncols());
        let penalties = weights.penalties(&column_squares(given));
        let (positives, given, count) = (self.positives, &*given, self.factors.nrows());
        for (wave, rows) in self.factors.values_mut().chunks_mut(WAVE * width).enumerate() {
            let tasks = rows.par_chunks_exact_mut(width).enumerate().with_min_len(TASK);
            let known = |at: usize| positives.row(wave * WAVE + at).0;
            let penalty = |known: &[u32]| (&penalties[..], weights.regularization(known.len(), all));
            match solver {
                IalsSolver::Exact => tasks.for_each_init(
                    || RidgeSolver::new(width),
                    |solver, (at, to)| {
                        let known = known(at);
                        solver.solve(known.len(), |at| given.row(known[at] as usize), penalty(known), to);
                    },
                ),
                IalsSolver::Cg => tasks.for_each_init(
                    || RidgeSteps::new(width),
                    |solver, (at, to)| {
                        let known = known(at);
                        solver.improve(known.len(), |at| given.row(known[at] as usize), penalty(known), STEPS, to);
                    },
                ),
            }
            #[expect(clippy::cast_precision_loss, reason = "a number of rows is far below 2^53")]
            solved((((wave + 1) * WAVE).min(count)) as f64 / count as f64)?;
        }
        Ok(())
    }

    /// The penalty on the factors of this side, which has `all` on the other one.
    fn penalty(&self, weights: Weights, all: usize) -> f64 {
        let of = |row: usize| {
            let squares = product(self.factors.row(row), self.factors.row(row));
            weights.penalty(self.positives.row(row).0.len(), all) * squares
        };
        (0..self.factors.nrows()).into_par_iter().map(of).collect::<Vec<f64>>().iter().sum()
    }
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

impl Family for Ials {
    const NAME: &'static str = "ials";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
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
        let model = 4 * factors * (users + 1) + panels + ItemVectors::bytes(shape.items, params.factors);
        // What is positive by user and by item, the factors, and some squares in f64 for their axes; or the factors and
        // the model's own form of those of the items.
        let solve = shape.by_user() + shape.by_item() + 4 * factors * (users + items) + 48 * factors * factors;
        let pack = 4 * factors * items + model;
        Memory { fit: solve.max(pack) + shape.by_user(), model }
    }

    /// In an epoch, with `f` factors, `r² l + r³ / 3` flops for each user and item, `r` the smaller and `l` the larger of `f`
    /// and the number of its positives; and `4 f² (users + items)` for the axes; with `cg`
    /// `16 f` a positive in place of the former.
    fn fit(
        params: &IalsParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let by_user = params.positive.matrix(interactions);
        let by_user =
            by_user.map_err(|error| FitError::Failed { what: "choice of positives", source: error.into() })?;
        let by_item = by_user.transpose();
        let (width, [users, items]) = (params.factors, [&by_user, &by_item]);
        let mut users = Side { positives: users, factors: Dense::zeros(users.nrows(), width) };
        #[expect(clippy::cast_precision_loss, reason = "a number of factors is small")]
        let deviation = 0.1 / (width as f64).sqrt();
        let factors = normal(items.nrows(), width, deviation, params.seed);
        let mut items = Side { positives: items, factors };
        // The users once more at last.
        let halves = 2 * params.epochs + 1;
        report.phase("solve", || {
            for half in 0..halves {
                #[expect(clippy::cast_precision_loss, reason = "a number of epochs is far below 2^53")]
                let mut solved = |share: f64| tell(progress, (half as f64 + share) / halves as f64);
                let solver = if half + 1 == halves { IalsSolver::Exact } else { params.solver };
                if half % 2 == 0 {
                    users.solve(&mut items.factors, params, solver, &mut solved)?;
                } else {
                    items.solve(&mut users.factors, params, solver, &mut solved)?;
                }
            }
            Ok(())
        })?;
        for (part, side) in [("user factors", &users), ("item factors", &items)] {
            check_finite(part, side.factors.values().iter().map(|&x| f64::from(x)))?;
        }
        report.figures.push(("loss", loss(&users, &items, params)));
        let (user_factors, item_factors) = (users.factors.into_values(), items.factors);
        drop((by_user, by_item));
        Ok(report.phase("pack", || Self::new(params, user_factors, &item_factors)))
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &IalsParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
