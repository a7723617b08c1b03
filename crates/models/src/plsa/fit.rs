//! Fitting the PLSA: mixtures of users, then distributions of tastes, in turn.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::random::Random;
use foretaste_linalg::CsrMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Plsa, names, persist};
use crate::fit::{OnProgress, check_at_least_one, narrow, tell};
use crate::{Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// More tastes are not tastes any more.
const MOST: usize = 1000;

/// What the fit of the PLSA may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlsaParams {
    /// Number of tastes, 1 to 1000.
    pub tastes: usize,
    /// How often users and items are fitted in turn, and passes over a history that is folded in.
    pub iterations: usize,
    /// Interactions of the average user that are added to each taste: 0 or more.
    pub smoothing: f64,
    /// Seed of the first tastes.
    pub seed: u64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for PlsaParams {
    fn default() -> Self {
        Self { tastes: 32, iterations: 60, smoothing: 300.0, seed: 0, positive: Positive::default() }
    }
}

impl PlsaParams {
    /// Whether no fit allows them.
    pub(super) fn refused(&self) -> Result<(), FitError> {
        let refused = |name, found: String, allowed: String| Err(FitError::Parameter { name, found, allowed });
        if !(1..=MOST).contains(&self.tastes) {
            return refused("tastes", self.tastes.to_string(), format!("1 to {MOST}"));
        }
        if !(self.smoothing.is_finite() && self.smoothing >= 0.0) {
            return refused("smoothing", self.smoothing.to_string(), "numbers from 0 on".to_owned());
        }
        check_at_least_one("iterations", self.iterations)
    }
}

impl Family for Plsa {
    const NAME: &'static str = "plsa";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = PlsaParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::whole_log("tastes", 8, 128), Dimension::log("smoothing", 1.0, 1000.0)]
    }

    fn check(params: &PlsaParams, _: &Shape) -> Result<(), FitError> {
        params.refused()
    }

    fn memory(params: &PlsaParams, shape: &Shape) -> Memory {
        let (tastes, items) = (params.tastes as u64, shape.items as u64);
        // Two panels of f32, the shares, and the names.
        let model = items * tastes * 8 + tastes * 128;
        // What is positive by user and by item beside the data; both distributions in f64, that of the items in f32 as well, and scaled.
        let sparse = 2 * shape.by_user() + shape.by_item();
        let fit = sparse + tastes * (8 * shape.users as u64 + 16 * items) + 8 * items;
        Memory { fit: fit + model, model }
    }

    /// `iterations` x positives x tastes; sums run in f64, by rising user and item.
    fn fit(
        params: &PlsaParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let by_user = params.positive.matrix(&data.interactions);
        let by_user =
            by_user.map_err(|error| FitError::Failed { what: "choice of positives", source: error.into() })?;
        let mut tastes = Tastes::new(&by_user, params);
        for pass in 0..params.iterations {
            report.phase("iteration", || tastes.improve());
            tell(progress, (pass + 1) as f64 / params.iterations as f64)?;
        }
        let names = names::of_tastes(data, &tastes.items, &tastes.popular, tastes.width);
        let shares: Vec<f32> = tastes.shares().into_iter().map(narrow).collect();
        let items: Vec<f32> = tastes.items.iter().copied().map(narrow).collect();
        Ok(Self::new(params, (by_user.ncols(), &items), shares, names))
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file)
    }

    fn load(params: &PlsaParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

/// How a positive is shared out among the tastes: `mixture` times `row`, made to sum to 1; nothing where no taste has it.
pub(super) fn shared_out(mixture: &[f64], row: &[f64]) -> Vec<f64> {
    let mut parts = vec![0f64; mixture.len()];
    add_shared_out(mixture, row, &mut parts);
    parts
}

/// The mixture after one pass over the rows of the positives: the mean of what they are shared out to.
pub(super) fn remixed(mixture: &[f64], rows: &[f64]) -> Vec<f64> {
    let mut mixed = vec![0f64; mixture.len()];
    for row in rows.chunks(mixture.len()) {
        add_shared_out(mixture, row, &mut mixed);
    }
    if normalise(&mut mixed) { mixed } else { mixture.to_vec() }
}

/// Adds [`shared_out`] to `to` without a list of its own.
fn add_shared_out(mixture: &[f64], row: &[f64], to: &mut [f64]) {
    let sum = dot(mixture, row);
    if sum > 0.0 {
        let scale = sum.recip();
        for ((to, of_user), of_taste) in to.iter_mut().zip(mixture).zip(row) {
            *to += scale * (of_user * of_taste);
        }
    }
}

/// Four sums side by side, then those and the rest.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (whole, rest) = (a.chunks_exact(4).zip(b.chunks_exact(4)), a.len() / 4 * 4);
    let mut sums = [0f64; 4];
    for (a, b) in whole {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + a[rest..].iter().zip(&b[rest..]).map(|(a, b)| a * b).sum::<f64>()
}

/// Scales to sum 1; false where there is nothing to scale.
fn normalise(values: &mut [f64]) -> bool {
    let sum: f64 = values.iter().sum();
    if sum > 0.0 {
        values.iter_mut().for_each(|value| *value /= sum);
    }
    sum > 0.0
}

/// The distributions while they are fitted.
pub(crate) struct Tastes<'a> {
    by_user: &'a CsrMatrix,
    by_item: CsrMatrix,
    width: usize,
    smoothing: f64,
    /// `p(item)`: the average user.
    popular: Vec<f64>,
    /// users x tastes: `p(taste | user)`.
    pub(crate) users: Vec<f64>,
    /// items x tastes: `p(item | taste)`.
    pub(crate) items: Vec<f64>,
}

impl<'a> Tastes<'a> {
    /// Users have all tastes alike; tastes are the average user, each item more or less by up to a half.
    pub(crate) fn new(by_user: &'a CsrMatrix, params: &PlsaParams) -> Self {
        let by_item = by_user.transpose();
        let all = by_user.nnz().max(1) as f64;
        let popular: Vec<f64> = (0..by_item.nrows()).map(|item| by_item.row(item).0.len() as f64 / all).collect();
        let (width, mut random) = (params.tastes, Random::new(params.seed));
        let items = popular.iter().flat_map(|&share| vec![share; width]);
        let items: Vec<f64> = items.map(|share| share * (0.5 + random.unit())).collect();
        let users = vec![1.0 / width as f64; by_user.nrows() * width];
        let mut tastes = Self { by_user, by_item, width, smoothing: params.smoothing, popular, users, items };
        tastes.scale_items();
        tastes
    }

    /// One iteration: all users, then all items.
    pub(crate) fn improve(&mut self) {
        let (width, items) = (self.width, &self.items);
        self.users.par_chunks_mut(width).enumerate().for_each(|(user, mixture)| {
            let mut mixed = vec![0f64; width];
            for &item in self.by_user.row(user).0 {
                add_shared_out(mixture, &items[item as usize * width..][..width], &mut mixed);
            }
            if normalise(&mut mixed) {
                mixture.copy_from_slice(&mixed);
            }
        });
        let users = &self.users;
        self.items.par_chunks_mut(width).enumerate().for_each(|(item, row)| {
            let mut taken = vec![self.smoothing * self.popular[item]; width];
            for &user in self.by_item.row(item).0 {
                add_shared_out(&users[user as usize * width..][..width], row, &mut taken);
            }
            row.copy_from_slice(&taken);
        });
        self.scale_items();
    }

    /// `p(taste)`: the mean mixture of all positives.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let mut shares = vec![0f64; self.width];
        for (user, mixture) in self.users.chunks(self.width).enumerate() {
            let count = self.by_user.row(user).0.len() as f64;
            shares.iter_mut().zip(mixture).for_each(|(share, part)| *share += count * part);
        }
        if !normalise(&mut shares) {
            shares.fill(1.0 / self.width as f64);
        }
        shares
    }

    /// Makes each taste a distribution; one that nothing is left of is the average user.
    fn scale_items(&mut self) {
        let mut sums = vec![0f64; self.width];
        for row in self.items.chunks(self.width) {
            sums.iter_mut().zip(row).for_each(|(sum, part)| *sum += part);
        }
        for (row, &popular) in self.items.chunks_mut(self.width).zip(&self.popular) {
            for (part, &sum) in row.iter_mut().zip(&sums) {
                *part = if sum > 0.0 { *part / sum } else { popular };
            }
        }
    }
}

#[cfg(test)]
impl Tastes<'_> {
    /// What no iteration lowers: the logarithm of the likelihood of all positives, and of the smoothing.
    pub(crate) fn log_likelihood(&self) -> f64 {
        let row = |item: usize| &self.items[item * self.width..][..self.width];
        let mut sum = 0f64;
        for (user, mixture) in self.users.chunks(self.width).enumerate() {
            sum += self.by_user.row(user).0.iter().map(|&item| dot(mixture, row(item as usize)).ln()).sum::<f64>();
        }
        for (item, &popular) in self.popular.iter().enumerate().filter(|&(_, &popular)| popular > 0.0) {
            sum += row(item).iter().map(|part| self.smoothing * popular * part.ln()).sum::<f64>();
        }
        sum
    }
}
