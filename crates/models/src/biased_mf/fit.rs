//! Fitting the biased matrix factorisation: alternating exact solutions for all users and for all items.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::UserIx;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::{CsrMatrix, normal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::equations::{Equations, Penalties};
use super::{BiasedMf, persist};
use crate::fit::{OnProgress, check_at_least_one, check_finite, check_range, narrow, tell};
use crate::{Dimension, Family, FitError, FitReport, History, Memory, Shape};

/// Most factors: each thread holds 16 bytes times their square.
const MOST_FACTORS: usize = 1024;
/// The least penalty of factors: below it the equations are too badly conditioned.
const LEAST_PENALTY: f64 = 1e-6;
/// Users or items that are solved for between two reports.
const WAVE: usize = 1 << 13;
/// The same of one task.
const TASK: usize = 8;
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

    /// Whether no fit can have had these parameters.
    pub(super) fn is_refused(&self) -> bool {
        self.check().is_err()
    }
}

/// Users or items: their ratings, and factors and bias of each.
pub(crate) struct Side<'a> {
    ratings: &'a CsrMatrix,
    /// rows x (factors and a bias), row-major.
    pub(crate) rows: Vec<f64>,
}

impl<'a> Side<'a> {
    /// All biases are 0.
    pub(crate) fn new(ratings: &'a CsrMatrix, factors: usize, first: impl Fn(usize, usize) -> f64) -> Self {
        let mut rows = vec![0f64; ratings.nrows() * (factors + 1)];
        for (at, row) in rows.chunks_exact_mut(factors + 1).enumerate() {
            row[..factors].iter_mut().enumerate().for_each(|(column, to)| *to = first(at, column));
        }
        Self { ratings, rows }
    }

    /// Solves for every row, the rows of the other side being known; equal bits at any number of threads.
    pub(crate) fn solve(
        &mut self,
        other: &Self,
        (params, mean): (&BiasedMfParams, f64),
        solved: &mut dyn FnMut(f64) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let (width, ratings, penalties) = (params.factors + 1, self.ratings, Penalties::of(params));
        let all = ratings.nrows().max(1);
        for (wave, rows) in self.rows.chunks_mut(WAVE * width).enumerate() {
            let tasks = rows.par_chunks_mut(TASK * width).enumerate();
            tasks.for_each_init(
                || Equations::new(width),
                |equations, (task, rows)| {
                    for (at, to) in rows.chunks_exact_mut(width).enumerate() {
                        equations.clear();
                        let (columns, values) = ratings.row(wave * WAVE + task * TASK + at);
                        for (&column, &value) in columns.iter().zip(values) {
                            let known = &other.rows[column as usize * width..][..width];
                            equations.add(known.iter().copied(), f64::from(value) - mean);
                        }
                        match equations.solved(&penalties) {
                            Some(solved) => to.copy_from_slice(&solved),
                            None => to.fill(0.0),
                        }
                    }
                },
            );
            #[expect(clippy::cast_precision_loss, reason = "a number of rows is far below 2^53")]
            solved((wave + 1).saturating_mul(WAVE).min(all) as f64 / all as f64)?;
        }
        Ok(())
    }
}

/// The mean of all ratings.
pub(crate) fn mean(matrix: &CsrMatrix) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
    let count = matrix.nnz().max(1) as f64;
    matrix.values().iter().map(|&value| f64::from(value)).sum::<f64>() / count
}

impl BiasedMf {
    /// The model of these items: its users are what their histories fold in to.
    pub(crate) fn of_items(
        params: &BiasedMfParams,
        items: &[f64],
        interactions: &Interactions,
        scale: [f32; 2],
    ) -> Self {
        let width = params.factors + 1;
        let mean = mean(interactions.matrix());
        let stored: Vec<f32> = items.iter().map(|&x| narrow(x)).collect();
        let mut model = Self::new(mean, Penalties::of(params), Vec::new(), (&stored, width), scale);
        let mut users = vec![0f32; interactions.users().len() * width];
        users.par_chunks_exact_mut(width).enumerate().with_min_len(TASK).for_each(|(user, to)| {
            #[expect(clippy::cast_possible_truncation, reason = "users are counted in 32 bits")]
            let (items, values) = interactions.of(UserIx(user as u32));
            to.copy_from_slice(&model.folded(History { items, values, times: None }));
        });
        model.users = users;
        model
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
            let with = (params, mean(by_user));
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
                    users.solve(&items, with, &mut solved)?;
                } else {
                    items.solve(&users, with, &mut solved)?;
                }
            }
            Ok(items.rows)
        })?;
        check_finite("item factors", items.iter().copied())?;
        let model = report.phase("users", || Self::of_items(params, &items, interactions, [least, most]));
        check_finite("user factors", model.users.iter().map(|&x| f64::from(x)))?;
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
