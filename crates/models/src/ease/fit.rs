//! Fitting EASE: the Gram matrix, one inverse, the weights.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{Cholesky, CsrMatrix, Dense, gram};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Ease;
use crate::fit::{OnProgress, check_finite, check_range, narrow, tell};
use crate::item_weights::DenseWeights;
use crate::weighting::user_weights;
use crate::{Cheaper, Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

const WEIGHTS: Section = Section { kind: 20, name: "item weights" };

/// What the fit of EASE may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EaseParams {
    /// Weight of the penalty on the weights; from 50 for small to 2000 for large data. 500 is Steck's for MovieLens 20M.
    pub lambda: f64,
    /// Share of a history that training is to do without, 0 up to below 1; more than 0 makes EDLAE of EASE.
    pub dropout: f64,
    /// How much less users of long histories count, 0 (not) to 1.
    pub user_exponent: f64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for EaseParams {
    fn default() -> Self {
        Self { lambda: 500.0, dropout: 0.0, user_exponent: 0.0, positive: Positive::default() }
    }
}

impl Family for Ease {
    const NAME: &'static str = "ease";
    const SECTIONS: &'static [Section] = &[WEIGHTS];
    type Params = EaseParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::log("lambda", 50.0, 2000.0),
            Dimension::linear("dropout", 0.0, 0.8),
            Dimension::linear("user_exponent", 0.0, 1.0),
        ]
    }

    /// Those of Anelli et al. (UMAP 2022) for MovieLens 1M, and those of `docs/models.md` for EDLAE.
    fn published() -> &'static [&'static [&'static str]] {
        &[&["lambda=239"], &["lambda=300", "dropout=0.65", "user_exponent=0.5"]]
    }

    fn cheaper() -> Option<Cheaper> {
        Some(Cheaper::Items)
    }

    fn check(params: &EaseParams, _: &Shape) -> Result<(), FitError> {
        check_range("lambda", params.lambda, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("dropout", params.dropout, 0.0, 0.99)?;
        check_range("user_exponent", params.user_exponent, 0.0, 1.0)
    }

    fn memory(params: &EaseParams, shape: &Shape) -> Memory {
        let square = (shape.items as u64).saturating_mul(shape.items as u64);
        let model = square.saturating_mul(4);
        // What is positive, its transpose and a weight for each user beside the Gram matrix; then that and its inverse.
        let weights = if params.user_exponent > 0.0 { 8 * shape.users as u64 } else { 0 };
        let gram = (shape.by_user() + shape.by_item() + weights).saturating_add(square.saturating_mul(8));
        let invert = square.saturating_mul(16);
        Memory { fit: gram.max(invert).saturating_add(shape.by_user()), model }
    }

    /// The sum over users of (positive items)² and items³ multiplications.
    fn fit(
        params: &EaseParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let failed = |what, source| FitError::Failed { what, source };
        let x = params.positive.matrix(interactions).map_err(|error| failed("choice of positives", error.into()))?;
        let items = x.ncols();
        let gram = report.phase("gram", || weighted_gram(&x, params));
        // The inverse takes all the memory there is.
        drop(x);
        tell(progress, 0.2)?;
        let inverse = report.phase("invert", || Cholesky::new(gram).map(Cholesky::inverse));
        let mut weights = inverse.map_err(|error| failed("inverse", error.into()))?;
        tell(progress, 0.9)?;
        let weights = report.phase("weigh", || {
            to_weights(&mut weights);
            weights.values().par_iter().map(|&weight| narrow(weight)).collect::<Vec<f32>>()
        });
        check_finite("weights", weights.iter().map(|&x| f64::from(x)))?;
        tell(progress, 1.0)?;
        Ok(Self { weights: DenseWeights::new(items, weights, params.positive) })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.weights.save(WEIGHTS, file);
        Ok(())
    }

    fn load(params: &EaseParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let weights = DenseWeights::load(WEIGHTS, params.positive, shape, file)?;
        Ok(Self { weights })
    }
}

/// `Xᵀ W X + lambda I + dropout / (1 - dropout) diag(Xᵀ W X)`, items x items.
pub(crate) fn weighted_gram(x: &CsrMatrix, params: &EaseParams) -> Dense {
    let weights = (params.user_exponent > 0.0).then(|| user_weights(x, params.user_exponent));
    let mut gram = gram(x, &x.transpose(), weights.as_deref());
    let items = x.ncols();
    let more = params.dropout / (1.0 - params.dropout);
    for diagonal in gram.values_mut().iter_mut().step_by(items + 1) {
        *diagonal += params.lambda + more * *diagonal;
    }
    gram
}

/// Turns the inverse `P` into the weights: `-P[i, j] / P[j, j]` for `i != j`, and 0.
pub(crate) fn to_weights(inverse: &mut Dense) {
    let items = inverse.nrows();
    let scales: Vec<f64> = inverse.values().iter().step_by(items + 1).map(|diagonal| -diagonal.recip()).collect();
    inverse.values_mut().par_chunks_exact_mut(items.max(1)).enumerate().for_each(|(row, weights)| {
        // 0 and -0 are equal, but not their bytes.
        weights.iter_mut().zip(&scales).for_each(|(weight, scale)| *weight = *weight * scale + 0.0);
        weights[row] = 0.0;
    });
}
