//! Fitting random walks: the weighted products of all columns, the most probable ends of each.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{CsrMatrix, column_products};
use serde::{Deserialize, Serialize};

use super::RandomWalk;
use crate::fit::{OnProgress, check_at_least_one, check_range, narrow, tell};
use crate::item_weights::{ItemWeights, Lists, Reading};
use crate::weighting::count;
use crate::{Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// What the fit of random walks may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomWalkParams {
    /// Ends kept for each item of a history, at least 1; 50 to 1000 are usual.
    pub neighbours: usize,
    /// Power of the probability of a step, 0 to 2; 0.4 to 1.6 are usual, and 1 is the walk itself.
    pub alpha: f64,
    /// How much less popular candidates count, 0 to 2: 0 is P3alpha, more RP3beta, of which 0.3 to 0.8 are usual. 0.4 was
    /// best of 0, 0.2, 0.4 and 0.6 on fold u2 of MovieLens 100K.
    pub beta: f64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for RandomWalkParams {
    fn default() -> Self {
        Self { neighbours: 100, alpha: 1.0, beta: 0.4, positive: Positive::default() }
    }
}

impl Family for RandomWalk {
    const NAME: &'static str = "random_walk";
    const SECTIONS: &'static [Section] = ItemWeights::SECTIONS;
    type Params = RandomWalkParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::whole_log("neighbours", 50, 1000),
            Dimension::linear("alpha", 0.4, 1.6),
            Dimension::linear("beta", 0.0, 0.8),
        ]
    }

    fn check(params: &RandomWalkParams, _: &Shape) -> Result<(), FitError> {
        check_at_least_one("neighbours", params.neighbours)?;
        check_range("alpha", params.alpha, 0.0, 2.0)?;
        check_range("beta", params.beta, 0.0, 2.0)
    }

    fn memory(params: &RandomWalkParams, shape: &Shape) -> Memory {
        // What is positive with its transpose, and a factor for each user and two for each item.
        let factors = 8 * shape.users as u64 + 16 * shape.items as u64;
        ItemWeights::memory(params.neighbours, shape.by_user() + shape.by_item() + factors, shape)
    }

    /// The sum over users of (positive items)² multiplications.
    fn fit(
        params: &RandomWalkParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let failed = |what, source| FitError::Failed { what, source };
        let x = params.positive.matrix(interactions).map_err(|error| failed("choice of positives", error.into()))?;
        let weights = report.phase("walk", || {
            let lists = ends(&x, params);
            drop(x);
            ItemWeights::of_items(lists, reading(params))
        });
        let weights = weights.map_err(|error| failed("walk", error.into()))?;
        tell(progress, 1.0)?;
        Ok(Self { weights })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.weights.save(file);
        Ok(())
    }

    fn load(params: &RandomWalkParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let weights = ItemWeights::load(reading(params), shape, file)?;
        Ok(Self { weights })
    }
}

/// No promise to stay a sum of independent terms: the first step of a walk, left out here, has a probability by the length of
/// the history.
fn reading(params: &RandomWalkParams) -> Reading {
    Reading { additive: false, ..Reading::of(params.positive) }
}

/// For each item of a history, the most probable ends of a walk from it.
fn ends(x: &CsrMatrix, params: &RandomWalkParams) -> Lists {
    let columns = x.transpose();
    // A row or column without entries is on no walk, so that its factor is not read.
    let powers = |matrix: &CsrMatrix, power: f64| -> Vec<f64> {
        (0..matrix.nrows()).map(|row| count(matrix.row(row).0.len()).powf(-power)).collect()
    };
    let (users, from, to) = (powers(x, params.alpha), powers(&columns, params.alpha), powers(&columns, params.beta));
    column_products(x, &columns, Some(&users), |products| {
        let start = from[products.column];
        let most = products.top_k(params.neighbours, |other, sum| Some(sum * start * to[other as usize]));
        // Copied, because the list found has room for every item that was compared.
        most.iter().map(|&(item, weight)| (item, narrow(weight))).collect()
    })
}
