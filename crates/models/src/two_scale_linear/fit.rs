//! Fitting the two-scale linear model: the sums over pairs, one Cholesky factor, the weights.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{Cholesky, Dense};
use serde::{Deserialize, Serialize};

use super::sums::Sums;
use super::{TwoScaleLinear, fading, persist};
use crate::fit::{OnProgress, check_finite, check_range, narrow, tell};
use crate::sequences::Sequences;
use crate::{Cheaper, Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// The largest catalogue: a fit takes the square of it.
const MOST_ITEMS: usize = 10_000;
/// The most targets of a place.
const MOST_TARGETS: usize = 100;

/// What the fit of the two-scale linear model may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoScaleLinearParams {
    /// What is left of an item of a history with each item after it, at the short scale; 0.01 to 0.99.
    pub short_decay: f64,
    /// The same at the long scale.
    pub long_decay: f64,
    /// Weight of the penalty on the weights of the short scale, above 0.
    pub short_lambda: f64,
    /// The same for the long scale.
    pub long_lambda: f64,
    /// How many of the next items are targets, 1 to 100.
    pub targets: usize,
    /// What a target weighs less with each item before it; above 0, up to 1.
    pub target_decay: f64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for TwoScaleLinearParams {
    fn default() -> Self {
        Self {
            short_decay: 0.6,
            long_decay: 0.95,
            short_lambda: 100.0,
            long_lambda: 400.0,
            targets: 6,
            target_decay: 0.6,
            positive: Positive::default(),
        }
    }
}

impl Family for TwoScaleLinear {
    const NAME: &'static str = "two_scale_linear";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = TwoScaleLinearParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::linear("short_decay", 0.3, 0.8),
            Dimension::linear("long_decay", 0.85, 0.98),
            Dimension::log("short_lambda", 20.0, 500.0),
            Dimension::log("long_lambda", 50.0, 2000.0),
        ]
    }

    fn cheaper() -> Option<Cheaper> {
        Some(Cheaper::Items)
    }

    fn check(params: &TwoScaleLinearParams, shape: &Shape) -> Result<(), FitError> {
        check_range("short_decay", params.short_decay, 0.01, 0.99)?;
        check_range("long_decay", params.long_decay, 0.01, 0.99)?;
        check_range("short_lambda", params.short_lambda, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("long_lambda", params.long_lambda, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("target_decay", params.target_decay, f64::MIN_POSITIVE, 1.0)?;
        if !(1..=MOST_TARGETS).contains(&params.targets) {
            let allowed = format!("whole numbers from 1 to {MOST_TARGETS}");
            return Err(FitError::Parameter { name: "targets", found: params.targets.to_string(), allowed });
        }
        if shape.items > MOST_ITEMS {
            let needs = format!(
                "a catalogue of at most {MOST_ITEMS} items, and the data have {}: its weights are twice the square of \
                 that; `sequential_rules` takes any number",
                shape.items
            );
            return Err(FitError::Unsuited { model: Self::NAME, needs });
        }
        Ok(())
    }

    fn memory(_: &TwoScaleLinearParams, shape: &Shape) -> Memory {
        let square = (shape.items as u64).saturating_mul(shape.items as u64);
        let model = square.saturating_mul(8);
        let (sequences, places) = Sequences::bytes(shape);
        // Both sides of the equations, in f64; then the right-hand side alone, which holds the solution, and the model.
        let solve = square.saturating_mul(48);
        Memory { fit: (sequences + places + shape.by_user()).saturating_add(solve), model }
    }

    /// The sum over interactions of the items near each, and 8/3 items³ + 8 items³ multiplications.
    fn fit(
        params: &TwoScaleLinearParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let sequences = report.phase("order", || Sequences::of(interactions, params.positive, Self::NAME))?;
        let items = sequences.items();
        let (gram, mut weights) = report.phase("sum", || {
            let sums = Sums::new(&sequences, params);
            let mut gram: Dense<f64> = sums.gram();
            let penalties =
                [params.short_lambda, params.long_lambda].into_iter().flat_map(|x| std::iter::repeat_n(x, items));
            let diagonal = gram.values_mut().iter_mut().step_by(2 * items + 1);
            diagonal.zip(penalties).for_each(|(entry, penalty)| *entry += penalty);
            (gram, sums.with_targets::<f64>())
        });
        drop(sequences);
        tell(progress, 0.1)?;
        let factor = report.phase("factorise", || Cholesky::new(gram));
        let factor = factor.map_err(|error| FitError::Failed { what: "factorisation", source: error.into() })?;
        tell(progress, 0.4)?;
        report.phase("solve", || factor.solve(&mut weights));
        drop(factor);
        tell(progress, 0.95)?;
        let weights: Vec<f32> = weights.values().iter().map(|&weight| narrow(weight)).collect();
        check_finite("weights", weights.iter().map(|&x| f64::from(x)))?;
        tell(progress, 1.0)?;
        let fading = [params.short_decay, params.long_decay].map(fading);
        Ok(Self { items, weights, fading, positive: params.positive })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &TwoScaleLinearParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
