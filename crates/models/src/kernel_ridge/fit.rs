//! Fitting kernel ridge: the kernel of all items, one factorisation, the weights.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{Cholesky, CsrMatrix, Dense};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::KernelRidge;
use crate::features::features;
use crate::fit::{OnProgress, check_finite, check_range, narrow, tell};
use crate::item_weights::DenseWeights;
use crate::{Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

const WEIGHTS: Section = Section { kind: 86, name: "weights by features" };

/// The greatest degree of the kernel.
const MOST: u32 = 16;

/// What the fit of kernel ridge may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KernelRidgeParams {
    /// Weight of the penalty, above 0; 1 to 100.
    pub lambda: f64,
    /// How many properties are looked at together, 1 to 16.
    pub degree: u32,
    /// Whether rare features weigh more (idf).
    pub rarity: bool,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for KernelRidgeParams {
    fn default() -> Self {
        Self { lambda: 10.0, degree: 2, rarity: false, positive: Positive::default() }
    }
}

impl Family for KernelRidge {
    const NAME: &'static str = "kernel_ridge";
    const SECTIONS: &'static [Section] = &[WEIGHTS];
    type Params = KernelRidgeParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::log("lambda", 1.0, 100.0), Dimension::whole("degree", 1, 4)]
    }

    fn check(params: &KernelRidgeParams, _: &Shape) -> Result<(), FitError> {
        check_range("lambda", params.lambda, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("degree", f64::from(params.degree), 1.0, f64::from(MOST))
    }

    fn memory(_: &KernelRidgeParams, shape: &Shape) -> Memory {
        let square = (shape.items as u64).saturating_mul(shape.items as u64);
        let model = square.saturating_mul(4);
        // The kernel, which becomes the solution, and the part of it that is factorised.
        Memory { fit: square.saturating_mul(16).saturating_add(shape.by_user()), model }
    }

    /// items² x features of an item, and items³ x 4/3 multiplications.
    fn fit(
        params: &KernelRidgeParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let interactions = &data.interactions;
        let items = interactions.items().len();
        let features = features(Self::NAME, &data.catalogue, items, params.rarity)?;
        let all = interactions.matrix();
        let mut is_taken = vec![false; items];
        let positive = all.columns().iter().zip(all.values()).filter(|&(_, &value)| params.positive.holds(value));
        positive.for_each(|(&item, _)| is_taken[item as usize] = true);
        let taken: Vec<usize> = (0..items).filter(|&item| is_taken[item]).collect();
        let mut solution = report.phase("kernel", || kernel(&features, &taken, params.degree));
        tell(progress, 0.2)?;
        let mut system = Dense::zeros(taken.len(), taken.len());
        let rows = system.values_mut().chunks_exact_mut(taken.len().max(1)).enumerate();
        for (row, to) in rows {
            to.iter_mut().zip(&taken).for_each(|(to, &item)| *to = solution.row(row)[item]);
            to[row] += params.lambda;
        }
        let factor = report.phase("factorise", || Cholesky::new(system));
        let factor = factor.map_err(|error| FitError::Failed { what: "factorisation", source: error.into() })?;
        tell(progress, 0.4)?;
        report.phase("solve", || factor.solve(&mut solution));
        drop(factor);
        check_finite("weights", solution.values().iter().copied())?;
        let mut weights = vec![0f32; items * items];
        for (row, &item) in taken.iter().enumerate() {
            let to = &mut weights[item * items..][..items];
            to.iter_mut().zip(solution.row(row)).for_each(|(to, &weight)| *to = narrow(weight));
        }
        tell(progress, 1.0)?;
        Ok(Self { weights: DenseWeights::new(items, weights, params.positive) })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.weights.save(WEIGHTS, file);
        Ok(())
    }

    fn load(params: &KernelRidgeParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let weights = DenseWeights::load(WEIGHTS, params.positive, shape, file)?;
        Ok(Self { weights })
    }
}

/// The kernel of these items with all items, rows of items.
fn kernel(features: &CsrMatrix, of: &[usize], degree: u32) -> Dense {
    let (items, takers) = (features.nrows(), features.transpose());
    let mut kernel = Dense::<f64>::zeros(of.len(), items);
    let rows = kernel.values_mut().par_chunks_exact_mut(items.max(1)).zip(of);
    rows.for_each(|(row, &item)| {
        let (names, weights) = features.row(item);
        for (&name, &weight) in names.iter().zip(weights) {
            let (others, their) = takers.row(name as usize);
            for (&other, &their) in others.iter().zip(their) {
                row[other as usize] += f64::from(weight) * f64::from(their);
            }
        }
        row.iter_mut().for_each(|x| *x = x.powi(degree.cast_signed()));
    });
    kernel
}
