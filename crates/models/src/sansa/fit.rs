//! Fitting SANSA: correlations, the factor of the inverse, the weights.

use std::cmp::Reverse;

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{ColumnProducts, CsrError, CsrMatrix, column_products};
use serde::{Deserialize, Serialize};

use super::Sansa;
use super::factor::{Correlations, keep_largest};
use crate::fit::{OnProgress, check_at_least_one, check_range, narrow, tell};
use crate::item_weights::{ItemWeights, Lists, Reading};
use crate::weighting::{count, user_weights};
use crate::{Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// What the fit of SANSA may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SansaParams {
    /// Weight of the penalty on the weights, as EASE has it.
    pub lambda: f64,
    /// Share of a history that training is to do without, 0 up to below 1, as EDLAE has it.
    pub dropout: f64,
    /// How much less users of long histories count, 0 (not) to 1.
    pub user_exponent: f64,
    /// Entries of a row of the factor beside its diagonal, at least 1.
    pub factor_nonzeros: usize,
    /// Entries of the Gram matrix kept for each item, those of the largest correlation, at least 1.
    pub pairs: usize,
    /// Weights kept for each candidate, those of the largest size, at least 1.
    pub neighbours: usize,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for SansaParams {
    fn default() -> Self {
        Self {
            lambda: 500.0,
            dropout: 0.0,
            user_exponent: 0.0,
            factor_nonzeros: 100,
            pairs: 2000,
            neighbours: 500,
            positive: Positive::default(),
        }
    }
}

impl Family for Sansa {
    const NAME: &'static str = "sansa";
    const SECTIONS: &'static [Section] = ItemWeights::SECTIONS;
    type Params = SansaParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::log("lambda", 50.0, 2000.0),
            Dimension::linear("dropout", 0.0, 0.8),
            Dimension::linear("user_exponent", 0.0, 1.0),
            Dimension::whole_log("factor_nonzeros", 20, 300),
        ]
    }

    fn check(params: &SansaParams, _: &Shape) -> Result<(), FitError> {
        check_range("lambda", params.lambda, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("dropout", params.dropout, 0.0, 0.99)?;
        check_range("user_exponent", params.user_exponent, 0.0, 1.0)?;
        check_at_least_one("factor_nonzeros", params.factor_nonzeros)?;
        check_at_least_one("pairs", params.pairs)?;
        check_at_least_one("neighbours", params.neighbours)
    }

    fn memory(params: &SansaParams, shape: &Shape) -> Memory {
        let items = shape.items as u64;
        // Of the place `r` at most `r` entries before it, or `each`.
        let before = |each: usize| {
            let each = (each as u64).min(items.saturating_sub(1));
            (each * (each + 1) / 2).saturating_add((items - each).saturating_sub(1).saturating_mul(each))
        };
        // What is positive and its transpose beside the pairs; those beside the rows of the factor, then put together.
        let sparse = 2 * shape.by_user() + shape.by_item() + 8 * (shape.users + 4 * shape.items) as u64;
        let pairs = before(params.pairs).saturating_mul(8).saturating_add(24 * items);
        let factor =
            (before(params.factor_nonzeros).saturating_add(items)).saturating_mul(8).saturating_add(32 * items);
        let first = sparse.saturating_add(pairs).saturating_add(factor.saturating_mul(2));
        let Memory { fit, model } = ItemWeights::memory(params.neighbours, factor.saturating_mul(2), shape);
        Memory { fit: fit.max(first), model }
    }

    /// The sum over users of (positive items)² multiplications for the pairs, items x `factor_nonzeros`³ / 3 for the factor, and
    /// items x `factor_nonzeros`² for the weights.
    fn fit(
        params: &SansaParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let failed = |what, source: CsrError| FitError::Failed { what, source: source.into() };
        let x = params.positive.matrix(&data.interactions).map_err(|error| failed("choice of positives", error))?;
        let items = by_takers(&x);
        let x = with_columns(&x, &items).map_err(|error| failed("order of items", error))?;
        let weights = (params.user_exponent > 0.0).then(|| user_weights(&x, params.user_exponent));
        let more = params.dropout / (1.0 - params.dropout);
        let regularised = |square: f64| square + params.lambda + more * square;
        let pairs = report.phase("pairs", || Correlations::new(&x, weights.as_deref(), params.pairs, regularised));
        drop(x);
        tell(progress, 0.4)?;
        let factor = report.phase("factor", || pairs.factor(params.factor_nonzeros));
        drop(pairs);
        let factor = factor.map_err(|error| failed("factor", error))?;
        report.figures.push(("factor_nonzeros", count(factor.nnz())));
        tell(progress, 0.8)?;
        let weights = report.phase("weigh", || {
            let of_places =
                column_products(&factor, &factor.transpose(), None, |products| strongest(products, params.neighbours));
            drop(factor);
            ItemWeights::for_candidates(of_items(of_places, &items), Reading::of(params.positive))
        });
        let weights = weights.map_err(|error| failed("weights", error))?;
        tell(progress, 1.0)?;
        Ok(Self { weights })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.weights.save(file);
        Ok(())
    }

    fn load(params: &SansaParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let weights = ItemWeights::load(Reading::of(params.positive), shape, file)?;
        Ok(Self { weights })
    }
}

/// The items from the most to the least taken, equal ones by rising index.
fn by_takers(x: &CsrMatrix) -> Vec<u32> {
    let mut takers = vec![0u32; x.ncols()];
    x.columns().iter().for_each(|&item| takers[item as usize] += 1);
    let mut items: Vec<u32> = (0u32..).take(x.ncols()).collect();
    items.sort_by_key(|&item| Reverse(takers[item as usize]));
    items
}

/// The matrix with its columns in this order.
fn with_columns(x: &CsrMatrix, order: &[u32]) -> Result<CsrMatrix, CsrError> {
    let mut places = vec![0u32; order.len()];
    (0u32..).zip(order).for_each(|(place, &item)| places[item as usize] = place);
    let (mut offsets, mut columns) = (vec![0], Vec::with_capacity(x.nnz()));
    for row in 0..x.nrows() {
        let first = columns.len();
        columns.extend(x.row(row).0.iter().map(|&item| places[item as usize]));
        columns[first..].sort_unstable();
        offsets.push(columns.len());
    }
    let values = vec![1.0; columns.len()];
    CsrMatrix::new(order.len(), offsets, columns, values)
}

/// Of one row of `Kᵀ K` the weights `-P[i, j] / P[j, j]`, the largest in size.
fn strongest(products: ColumnProducts<'_>, most: usize) -> Vec<(u32, f32)> {
    let own = products.column;
    let diagonal = products.iter().find(|&(place, _)| place as usize == own).map_or(1.0, |(_, square)| square);
    let others = products.iter().filter(|&(place, _)| place as usize != own);
    let mut weights: Vec<(u32, f64)> = others.map(|(place, product)| (place, -product / diagonal)).collect();
    keep_largest(&mut weights, most, |_, weight| weight.abs());
    weights.iter().filter(|&&(_, weight)| weight != 0.0).map(|&(place, weight)| (place, narrow(weight))).collect()
}

/// The lists of places as lists of items, in the order of the items.
fn of_items(lists: Lists, items: &[u32]) -> Lists {
    let mut of_items = vec![Vec::new(); lists.len()];
    for (mut list, &item) in lists.into_iter().zip(items) {
        list.iter_mut().for_each(|(place, _)| *place = items[*place as usize]);
        of_items[item as usize] = list;
    }
    of_items
}
