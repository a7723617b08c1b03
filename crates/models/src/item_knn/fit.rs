//! Fitting item-kNN: the products of all columns, the best of each.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::interactions::Interactions;
use foretaste_linalg::{CsrError, CsrMatrix, column_products};
use serde::{Deserialize, Serialize};

use super::weighting::weighted;
use super::{ItemKnn, Weighting, persist};
use crate::fit::{OnProgress, check_range, narrow, tell};
use crate::{Family, FitError, FitReport, Memory, Positive, Shape};

/// What the fit of item-kNN may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemKnnParams {
    /// Neighbours kept for each candidate, at least 1; 20 to 1000 are usual.
    pub neighbours: usize,
    /// Added to the denominator, so that items with few users in common are less alike; 0 to 1000.
    pub shrink: f64,
    /// 0.5 is the cosine; below it candidates of many users count more, above it those of few. 0 to 1.
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
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = ItemKnnParams;

    fn check(params: &ItemKnnParams, _: &Shape) -> Result<(), FitError> {
        if params.neighbours == 0 {
            let (found, allowed) = ("0".to_owned(), "whole numbers from 1 on".to_owned());
            return Err(FitError::Parameter { name: "neighbours", found, allowed });
        }
        check_range("shrink", params.shrink, 0.0, f64::INFINITY)?;
        check_range("asymmetry", params.asymmetry, 0.0, 1.0)?;
        check_range("power", params.power, f64::MIN_POSITIVE, 10.0)?;
        check_range("k1", params.k1, 0.0, f64::INFINITY)?;
        check_range("b", params.b, 0.0, 1.0)
    }

    fn memory(params: &ItemKnnParams, shape: &Shape) -> Memory {
        let items = shape.items as u64;
        // At most: an item has no more neighbours than share a user with it, which a shape does not tell.
        let most = params.neighbours.min(shape.items.saturating_sub(1)) as u64;
        let kept = items.saturating_mul(most).saturating_mul(8);
        let model = kept.saturating_add(8 * (items + 1));
        // The weighted matrix with its transpose and norms, beside the neighbours of each item as they are found, in a
        // list each; then these lists, turned around.
        let lists = kept.saturating_add(24 * items);
        let compare = lists.saturating_add(shape.by_user() + shape.by_item() + 16 * items);
        let turn = lists.saturating_add(model).saturating_add(8 * items);
        let fit = compare.max(turn).saturating_add(shape.by_user());
        Memory { fit, model }
    }

    /// The sum over users of (positive items)² multiplications.
    fn fit(
        params: &ItemKnnParams,
        interactions: &Interactions,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let failed = |source| FitError::Failed { what: "weighting", source };
        let x = weighted(interactions, params).map_err(|error| failed(error.into()))?;
        let weights = report.phase("compare", || {
            let kept = neighbours(&x, params);
            drop(x);
            by_neighbour(kept)
        });
        let weights = weights.map_err(|error| failed(error.into()))?;
        tell(progress, 1.0)?;
        Ok(Self { weights, positive: params.positive, by_value: params.weighting == Weighting::Values })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &ItemKnnParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

/// For each item as a candidate, its nearest neighbours and how much each speaks for it.
fn neighbours(x: &CsrMatrix, params: &ItemKnnParams) -> Vec<Vec<(u32, f32)>> {
    let columns = x.transpose();
    let norms = (0..columns.nrows())
        .map(|column| columns.row(column).1.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>());
    let (known, candidate): (Vec<f64>, Vec<f64>) =
        norms.map(|norm| (norm.powf(params.asymmetry), norm.powf(1.0 - params.asymmetry))).unzip();
    column_products(x, &columns, |products| {
        let own = candidate[products.column];
        let nearest = products.top_k(params.neighbours, |other, dot| {
            let likeness = dot / (known[other as usize] * own + params.shrink);
            (likeness > 0.0).then(|| likeness.powf(params.power))
        });
        // Copied, because the list found has room for every item that was compared.
        nearest.iter().map(|&(item, weight)| (item, narrow(weight))).collect()
    })
}

/// items x items: row `i` holds the candidates of which `i` is one of the nearest neighbours.
fn by_neighbour(kept: Vec<Vec<(u32, f32)>>) -> Result<CsrMatrix, CsrError> {
    let items = kept.len();
    let mut offsets = vec![0usize; items + 1];
    kept.iter().flatten().for_each(|&(item, _)| offsets[item as usize + 1] += 1);
    for item in 0..items {
        offsets[item + 1] += offsets[item];
    }
    let mut next = offsets[..items].to_vec();
    let mut candidates = vec![0u32; offsets[items]];
    let mut weights = vec![0f32; candidates.len()];
    for (candidate, neighbours) in (0u32..).zip(kept) {
        for (item, weight) in neighbours {
            let at = &mut next[item as usize];
            (candidates[*at], weights[*at]) = (candidate, weight);
            *at += 1;
        }
    }
    CsrMatrix::new(items, offsets, candidates, weights)
}
