//! Fitting features to factors: a truncated SVD, and a regression of its vectors on features.

use std::ops::ControlFlow;

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{Cholesky, CsrMatrix, Dense, SvdError, SvdParams, svd_memory, truncated_svd_sparse};
use serde::{Deserialize, Serialize};

use super::{FeatureFactors, persist};
use crate::features::features;
use crate::fit::{OnProgress, check_finite, check_range, narrow, tell};
use crate::{Dimension, Family, FitError, FitProgress, FitReport, Memory, Positive, Shape};

/// More features than a square of them may stand for.
const MOST_FEATURES: usize = 20_000;

/// What the fit of features to factors may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureFactorsParams {
    /// Number of factors, 1 to the smaller of users and items.
    pub factors: usize,
    /// Weight of the penalty of the regression, above 0.
    pub lambda: f64,
    /// How many users of an item count as much as its properties; from 0 on.
    pub trust: f64,
    /// Whether rare features weigh more (idf).
    pub rarity: bool,
    /// Seed of the factorisation's first vectors.
    pub seed: u64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for FeatureFactorsParams {
    fn default() -> Self {
        Self { factors: 20, lambda: 10.0, trust: 5.0, rarity: false, seed: 0, positive: Positive::default() }
    }
}

impl FeatureFactorsParams {
    fn linalg(&self) -> SvdParams {
        SvdParams { rank: self.factors, tolerance: 1e-6, seed: self.seed, solver: None }
    }

    fn out_of_range(&self, shape: &Shape) -> FitError {
        let Shape { users, items, .. } = *shape;
        let allowed = format!("1 to {} for {users} users x {items} items", users.min(items));
        FitError::Parameter { name: "factors", found: self.factors.to_string(), allowed }
    }
}

impl Family for FeatureFactors {
    const NAME: &'static str = "feature_factors";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = FeatureFactorsParams;

    fn defaults_for(shape: &Shape) -> FeatureFactorsParams {
        let default = FeatureFactorsParams::default();
        let most = shape.users.min(shape.items).max(1);
        FeatureFactorsParams { factors: default.factors.min(most), ..default }
    }

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::whole_log("factors", 10, 200),
            Dimension::log("lambda", 0.3, 100.0),
            Dimension::linear("trust", 0.0, 20.0),
        ]
    }

    fn check(params: &FeatureFactorsParams, shape: &Shape) -> Result<(), FitError> {
        if !(1..=shape.users.min(shape.items)).contains(&params.factors) {
            return Err(params.out_of_range(shape));
        }
        check_range("lambda", params.lambda, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("trust", params.trust, 0.0, f64::INFINITY)
    }

    fn memory(params: &FeatureFactorsParams, shape: &Shape) -> Memory {
        let (items, factors) = (shape.items as u64, params.factors as u64);
        let panels = items.next_multiple_of(16);
        let model = 8 * factors * panels;
        let factorisation = svd_memory(shape.users, shape.items, shape.entries, &params.linalg()).total();
        // The vectors in f64 and in f32 beside the model; the positives while they are factorised.
        let packing = model + 12 * factors * items;
        Memory { fit: shape.by_user() + (shape.by_user() + factorisation).max(packing), model }
    }

    /// A truncated SVD; features² of an item x items, and features³ / 3 multiplications.
    fn fit(
        params: &FeatureFactorsParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let (interactions, shape) = (&data.interactions, Shape::of(&data.interactions));
        let features = features(Self::NAME, &data.catalogue, shape.items, params.rarity)?;
        if features.ncols() > MOST_FEATURES {
            let found = features.ncols();
            let needs = format!("at most {MOST_FEATURES} values of properties, found {found}: choose `content`");
            return Err(FitError::Unsuited { model: Self::NAME, needs });
        }
        let failed = |what, source| FitError::Failed { what, source };
        let x = params.positive.matrix(interactions).map_err(|error| failed("choice of positives", error.into()))?;
        let mut counts = vec![0f64; shape.items];
        x.columns().iter().for_each(|&item| counts[item as usize] += 1.0);
        let svd = report.phase("factorise", || {
            truncated_svd_sparse(&x, &params.linalg(), &mut |_| match progress(FitProgress { done: 0.5 }) {
                ControlFlow::Continue(()) => ControlFlow::Continue(()),
                ControlFlow::Break(()) => ControlFlow::Break(()),
            })
        });
        drop(x);
        let svd = svd.map_err(|error| match error {
            SvdError::RankOutOfRange { .. } => params.out_of_range(&shape),
            SvdError::Cancelled => FitError::Cancelled,
            other => failed("factorisation", Box::new(other)),
        })?;
        report.figures.push(("residual", svd.residual));
        drop(svd.u);
        let predicted = report.phase("regress", || regress(&features, &svd.v, &counts, params.lambda));
        let predicted = predicted.map_err(|error| failed("regression", error.into()))?;
        let mut factors = Vec::with_capacity(shape.items * params.factors);
        for (item, &count) in counts.iter().enumerate() {
            // Without users and without trust there is only what the properties say.
            let share = if count + params.trust > 0.0 { count / (count + params.trust) } else { 0.0 };
            let (row, features) = (svd.v.row(item), predicted.row(item));
            factors.extend(row.iter().zip(features).map(|(own, said)| narrow(share * own + (1.0 - share) * said)));
        }
        check_finite("item factors", factors.iter().map(|&x| f64::from(x)))?;
        tell(progress, 1.0)?;
        Ok(report.phase("pack", || Self::new(shape.items, params.factors, &factors, params.positive)))
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &FeatureFactorsParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

/// `F (Fᵀ F + lambda I)⁻¹ Fᵀ V`, where the sums are over the items with users.
fn regress(
    features: &CsrMatrix,
    v: &Dense,
    counts: &[f64],
    lambda: f64,
) -> Result<Dense, foretaste_linalg::CholeskyError> {
    let (count, width) = (features.ncols(), v.ncols());
    let (mut system, mut right) = (Dense::<f64>::zeros(count, count), Dense::<f64>::zeros(count, width));
    for item in (0..features.nrows()).filter(|&item| counts[item] > 0.0) {
        let (names, weights) = features.row(item);
        for (&name, &weight) in names.iter().zip(weights) {
            let row = &mut system.values_mut()[name as usize * count..][..count];
            let products = names.iter().zip(weights);
            products.for_each(|(&other, &its)| row[other as usize] += f64::from(weight) * f64::from(its));
            let row = &mut right.values_mut()[name as usize * width..][..width];
            row.iter_mut().zip(v.row(item)).for_each(|(sum, &x)| *sum += f64::from(weight) * x);
        }
    }
    system.values_mut().iter_mut().step_by(count + 1).for_each(|diagonal| *diagonal += lambda);
    Cholesky::new(system)?.solve(&mut right);
    let mut predicted = Dense::<f64>::zeros(features.nrows(), width);
    for (item, row) in predicted.values_mut().chunks_exact_mut(width).enumerate() {
        let (names, weights) = features.row(item);
        for (&name, &weight) in names.iter().zip(weights) {
            row.iter_mut().zip(right.row(name as usize)).for_each(|(sum, &x)| *sum += f64::from(weight) * x);
        }
    }
    Ok(predicted)
}
