//! Fitting item-kNN: the products of all columns, the best of each.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::Interactions;
use foretaste_linalg::{CsrError, CsrMatrix, column_products};
use serde::{Deserialize, Serialize};

use super::ItemKnn;
use crate::fit::{OnProgress, check_at_least_one, check_range, narrow, tell};
use crate::item_weights::{ItemWeights, Lists, Reading};
use crate::weighting::{Weigher, count, takers};
use crate::{Dimension, Family, FitError, FitReport, Memory, Positive, Shape, Weighting};

/// What the fit of item-kNN may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemKnnParams {
    /// Neighbours kept for each candidate, at least 1; 20 to 1000 are usual.
    pub neighbours: usize,
    /// Added to the denominator, so that items with few users in common are less alike; 0 to 1000.
    pub shrink: f64,
    /// 0.5 is the cosine; above it candidates of many users count more, below it those of few. 0 to 1.
    pub asymmetry: f64,
    /// Power of a likeness; above 1 the nearest neighbours count more. Above 0, up to 10.
    pub power: f64,
    /// What an interaction weighs.
    pub weighting: Weighting,
    /// Saturation of `bm25`.
    pub k1: f64,
    /// Share of the length in `bm25`, 0 to 1.
    pub b: f64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for ItemKnnParams {
    fn default() -> Self {
        Self {
            neighbours: 100,
            shrink: 10.0,
            asymmetry: 0.5,
            power: 1.0,
            weighting: Weighting::Binary,
            k1: 1.2,
            b: 0.75,
            positive: Positive::default(),
        }
    }
}

impl Family for ItemKnn {
    const NAME: &'static str = "item_knn";
    const SECTIONS: &'static [Section] = ItemWeights::SECTIONS;
    type Params = ItemKnnParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::whole_log("neighbours", 20, 1000),
            Dimension::log("shrink", 1.0, 1000.0),
            Dimension::linear("asymmetry", 0.1, 0.9),
            Dimension::linear("power", 1.0, 3.0),
        ]
    }

    fn check(params: &ItemKnnParams, _: &Shape) -> Result<(), FitError> {
        check_at_least_one("neighbours", params.neighbours)?;
        check_range("shrink", params.shrink, 0.0, f64::INFINITY)?;
        check_range("asymmetry", params.asymmetry, 0.0, 1.0)?;
        check_range("power", params.power, f64::MIN_POSITIVE, 10.0)?;
        check_range("k1", params.k1, 0.0, f64::INFINITY)?;
        check_range("b", params.b, 0.0, 1.0)
    }

    fn memory(params: &ItemKnnParams, shape: &Shape) -> Memory {
        // The weighted matrix with its transpose and norms.
        let beside = shape.by_user() + shape.by_item() + 16 * shape.items as u64;
        ItemWeights::memory(params.neighbours, beside, shape)
    }

    /// The sum over users of (positive items)² multiplications.
    fn fit(
        params: &ItemKnnParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let failed = |source| FitError::Failed { what: "weighting", source };
        let x = weighted(interactions, params).map_err(|error| failed(error.into()))?;
        let weights = report.phase("compare", || {
            let lists = neighbours(&x, params);
            drop(x);
            ItemWeights::for_candidates(lists, reading(params))
        });
        let weights = weights.map_err(|error| failed(error.into()))?;
        tell(progress, 1.0)?;
        Ok(Self { weights })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.weights.save(file);
        Ok(())
    }

    fn load(params: &ItemKnnParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let weights = ItemWeights::load(reading(params), shape, file)?;
        Ok(Self { weights })
    }
}

/// The weighted users x items matrix of what is positive. O(entries); memory: the result and 8 bytes an item.
///
/// # Errors
/// When a weight is not finite.
fn weighted(interactions: &Interactions, params: &ItemKnnParams) -> Result<CsrMatrix, CsrError> {
    let takers = takers(interactions, params.positive);
    let ItemKnnParams { weighting, k1, b, .. } = *params;
    let documents = count(takers.len());
    let mean_length = takers.iter().sum::<f64>() / documents.max(1.0);
    let weigher = Weigher { weighting, k1, b, documents, mean_length };
    let weigh = |of_user, item: u32, value| weigher.weight(count(of_user), takers[item as usize], value);
    params.positive.weighted(interactions, weigh)
}

/// The values of a history count where the fit weighed by them.
fn reading(params: &ItemKnnParams) -> Reading {
    Reading { by_value: params.weighting == Weighting::Values, ..Reading::of(params.positive) }
}

/// For each item as a candidate, its nearest neighbours and how much each speaks for it.
#[expect(clippy::float_cmp, reason = "1 is the one power that changes nothing")]
fn neighbours(x: &CsrMatrix, params: &ItemKnnParams) -> Lists {
    let columns = x.transpose();
    let norms = (0..columns.nrows())
        .map(|column| columns.row(column).1.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>());
    let (known, candidate): (Vec<f64>, Vec<f64>) =
        norms.map(|norm| (norm.powf(params.asymmetry), norm.powf(1.0 - params.asymmetry))).unzip();
    column_products(x, &columns, None, |products| {
        let own = candidate[products.column];
        let nearest = products.top_k(params.neighbours, |other, dot| {
            let likeness = dot / (known[other as usize] * own + params.shrink);
            // The power 1 leaves every number as it is, slowly.
            (likeness > 0.0).then(|| if params.power == 1.0 { likeness } else { likeness.powf(params.power) })
        });
        // Copied, because the list found has room for every item that was compared.
        nearest.iter().map(|&(item, weight)| (item, narrow(weight))).collect()
    })
}
