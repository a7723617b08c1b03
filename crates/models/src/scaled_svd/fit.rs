//! Fitting the scaled SVD: the scaled matrix, its factorisation.

use std::ops::ControlFlow;

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{SvdError, SvdParams, svd_memory, truncated_svd_sparse};
use serde::{Deserialize, Serialize};

use super::{Parts, ScaledSvd, persist, scale};
use crate::fit::{OnProgress, check_finite, check_range, narrow, tell};
use crate::{Dimension, Family, FitError, FitProgress, FitReport, ItemVectors, Memory, Positive, Shape};

/// What the fit of a scaled SVD may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScaledSvdParams {
    /// Number of singular triplets, `1..=min(users, items)`; 10 to 80 for some thousand items, hundreds for large sparse data.
    pub factors: usize,
    /// How much less users of long histories count in the factorisation, 0 (not) to 1.
    pub user_exponent: f64,
    /// How much less popular items count in the factorisation, 0 (not) to 1.
    pub item_exponent: f64,
    /// Largest residual accepted, relative to the largest singular value.
    pub tolerance: f64,
    /// Seed of the start block; it moves no score by more than the tolerance.
    pub seed: u64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for ScaledSvdParams {
    fn default() -> Self {
        let positive = Positive::default();
        Self { factors: 40, user_exponent: 0.0, item_exponent: 0.2, tolerance: 1e-6, seed: 0, positive }
    }
}

impl ScaledSvdParams {
    fn linalg(&self) -> SvdParams {
        let Self { factors, tolerance, seed, .. } = *self;
        SvdParams { rank: factors, tolerance, seed, solver: None }
    }

    fn out_of_range(&self, shape: &Shape) -> FitError {
        let Shape { users, items, .. } = *shape;
        let allowed = format!("1 to {} for {users} users x {items} items", users.min(items));
        FitError::Parameter { name: "factors", found: self.factors.to_string(), allowed }
    }
}

impl Family for ScaledSvd {
    const NAME: &'static str = "scaled_svd";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = ScaledSvdParams;

    fn defaults_for(shape: &Shape) -> ScaledSvdParams {
        let default = ScaledSvdParams::default();
        ScaledSvdParams { factors: default.factors.min(shape.users.min(shape.items)).max(1), ..default }
    }

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::whole_log("factors", 10, 200),
            Dimension::linear("user_exponent", 0.0, 0.5),
            Dimension::linear("item_exponent", 0.0, 0.6),
        ]
    }

    fn check(params: &ScaledSvdParams, shape: &Shape) -> Result<(), FitError> {
        if !(1..=shape.users.min(shape.items)).contains(&params.factors) {
            return Err(params.out_of_range(shape));
        }
        check_range("user_exponent", params.user_exponent, 0.0, 1.0)?;
        check_range("item_exponent", params.item_exponent, 0.0, 1.0)?;
        check_range("tolerance", params.tolerance, f64::MIN_POSITIVE, f64::INFINITY)
    }

    fn memory(params: &ScaledSvdParams, shape: &Shape) -> Memory {
        let (items, factors) = (shape.items as u64, params.factors as u64);
        let panels = items.next_multiple_of(16);
        let vectors = ItemVectors::bytes(shape.items, params.factors);
        let model = 4 * factors * (items + panels) + vectors + 4 * items + 8 * factors;
        // The scaled matrix is what the factorisation is given; the rows of V in f64 go before the model is whole.
        let factorisation = svd_memory(shape.users, shape.items, shape.entries, &params.linalg());
        let packing = model + 4 * factors * panels;
        Memory { fit: shape.by_user() + factorisation.total().max(packing), model }
    }

    fn fit(
        params: &ScaledSvdParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let shape = Shape::of(interactions);
        let mut counts = vec![0u32; shape.items];
        let all = interactions.matrix();
        let taken = all.columns().iter().zip(all.values()).filter(|&(_, &value)| params.positive.holds(value));
        taken.for_each(|(&item, _)| counts[item as usize] += 1);
        let item_scales: Vec<f64> = counts.iter().map(|&count| scale(count, -params.item_exponent)).collect();
        let scaled = params.positive.weighted(interactions, |of_user, item, _| {
            let of_user = u32::try_from(of_user).unwrap_or(u32::MAX);
            narrow(scale(of_user, -params.user_exponent) * item_scales[item as usize])
        });
        let scaled = scaled.map_err(|error| FitError::Failed { what: "scaling", source: error.into() })?;
        let svd = report.phase("factorise", || {
            truncated_svd_sparse(&scaled, &params.linalg(), &mut |_| match progress(FitProgress { done: 0.5 }) {
                ControlFlow::Continue(()) => ControlFlow::Continue(()),
                ControlFlow::Break(()) => ControlFlow::Break(()),
            })
        });
        drop(scaled);
        let svd = svd.map_err(|error| match error {
            SvdError::RankOutOfRange { .. } => params.out_of_range(&shape),
            SvdError::Cancelled => FitError::Cancelled,
            other => FitError::Failed { what: "factorisation", source: Box::new(other) },
        })?;
        report.figures.push(("residual", svd.residual));
        drop(svd.u);
        check_finite("singular values", svd.s.iter().copied())?;
        let factors: Vec<f32> = svd.v.values().iter().map(|&x| narrow(x)).collect();
        drop(svd.v);
        check_finite("item factors", factors.iter().map(|&x| f64::from(x)))?;
        tell(progress, 1.0)?;
        Ok(report.phase("pack", || Self::new(Parts { factors, counts, singular_values: svd.s }, params)))
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &ScaledSvdParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
