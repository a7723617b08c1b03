//! Fitting SLIM: the Gram matrix, then every candidate by itself.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{Dense, gram, largest};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Slim;
use super::descent::{Scratch, descend};
use crate::fit::{OnProgress, check_at_least_one, check_range, narrow, tell};
use crate::item_weights::{ItemWeights, Lists, Reading};
use crate::weighting::count;
use crate::{Cheaper, Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// Parts of the candidates between which the caller is told how far the fit is.
const PARTS: usize = 50;
/// Candidates of a part at least.
const LEAST: usize = 64;

/// What the fit of SLIM may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlimParams {
    /// Penalty on the sum of the weights: more of it, fewer weights; 0.1 to 10 are usual. 2 with an `l2` of 100 was
    /// best of four on fold u2 of MovieLens 100K.
    pub l1: f64,
    /// Penalty on half the sum of their squares; 0.5 to 200 are usual.
    pub l2: f64,
    /// Weights kept for each candidate, the largest, at least 1. A fit seldom finds more.
    pub neighbours: usize,
    /// Sweeps over the weights of a candidate at most, at least 1.
    pub iterations: usize,
    /// A candidate is done when no weight moves by more. Above 0, up to 0.1.
    pub tolerance: f64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for SlimParams {
    fn default() -> Self {
        Self { l1: 2.0, l2: 100.0, neighbours: 500, iterations: 1000, tolerance: 1e-5, positive: Positive::default() }
    }
}

impl Family for Slim {
    const NAME: &'static str = "slim";
    const SECTIONS: &'static [Section] = ItemWeights::SECTIONS;
    type Params = SlimParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::log("l1", 0.1, 10.0), Dimension::log("l2", 0.5, 200.0)]
    }

    fn cheaper() -> Option<Cheaper> {
        Some(Cheaper::Items)
    }

    fn check(params: &SlimParams, _: &Shape) -> Result<(), FitError> {
        check_range("l1", params.l1, 0.0, f64::INFINITY)?;
        check_range("l2", params.l2, 0.0, f64::INFINITY)?;
        check_at_least_one("neighbours", params.neighbours)?;
        check_at_least_one("iterations", params.iterations)?;
        check_range("tolerance", params.tolerance, f64::MIN_POSITIVE, 0.1)
    }

    fn memory(params: &SlimParams, shape: &Shape) -> Memory {
        let square = (shape.items as u64).saturating_mul(shape.items as u64).saturating_mul(8);
        // What is positive and its transpose beside the Gram matrix; then that beside the weights.
        let gram = (2 * shape.by_user() + shape.by_item()).saturating_add(square);
        let Memory { fit, model } = ItemWeights::memory(params.neighbours, square, shape);
        Memory { fit: fit.max(gram), model }
    }

    /// Half the sum over users of (positive items)² multiplications for the Gram matrix; for each candidate some times items x
    /// weights.
    fn fit(
        params: &SlimParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let failed = |what, source| FitError::Failed { what, source };
        let x = params.positive.matrix(interactions).map_err(|error| failed("choice of positives", error.into()))?;
        let gram = report.phase("gram", || gram(&x, &x.transpose(), None));
        drop(x);
        tell(progress, 0.1)?;
        let (lists, unfinished) = report.phase("descend", || all(&gram, params, progress))?;
        drop(gram);
        report.figures.push(("weights", count(lists.iter().map(Vec::len).sum())));
        report.figures.push(("candidates_unfinished", count(unfinished)));
        let weights = report.phase("turn", || ItemWeights::for_candidates(lists, Reading::of(params.positive)));
        let weights = weights.map_err(|error| failed("descent", error.into()))?;
        tell(progress, 1.0)?;
        Ok(Self { weights })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.weights.save(file);
        Ok(())
    }

    fn load(params: &SlimParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let weights = ItemWeights::load(Reading::of(params.positive), shape, file)?;
        Ok(Self { weights })
    }
}

/// The largest weights for every candidate, and of how many candidates the sweeps did not suffice.
fn all(gram: &Dense, params: &SlimParams, progress: &mut OnProgress<'_>) -> Result<(Lists, usize), FitError> {
    let items = gram.nrows();
    let part = items.div_ceil(PARTS).max(LEAST);
    let (mut lists, mut unfinished) = (Lists::with_capacity(items), 0);
    for first in (0..items).step_by(part) {
        let of = |scratch: &mut Scratch, candidate| {
            let mut solved = descend(gram, candidate, params, scratch);
            largest(&mut solved.weights, params.neighbours);
            let weights: Vec<(u32, f32)> =
                solved.weights.iter().map(|&(item, weight)| (item, narrow(weight))).collect();
            (weights, solved.converged)
        };
        let candidates = first..items.min(first + part);
        let solved: Vec<_> = candidates.clone().into_par_iter().map_init(Scratch::default, of).collect();
        unfinished += solved.iter().filter(|(_, converged)| !converged).count();
        lists.extend(solved.into_iter().map(|(weights, _)| weights));
        tell(progress, 0.1 + 0.85 * count(candidates.end) / count(items))?;
    }
    Ok((lists, unfinished))
}
