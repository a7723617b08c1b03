//! What a fit of SASRec may choose, what it takes, and how it runs.

use std::ops::RangeInclusive;

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use serde::{Deserialize, Serialize};

use super::gradient::part;
use super::layout::Layout;
use super::train::train;
use super::{SasRec, persist};
use crate::fit::{OnProgress, check_finite, check_range, tell};
use crate::sequences::Sequences;
use crate::{Cheaper, Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// Items up to which all are negatives where nothing is stated.
const MOST_ITEMS: usize = 20_000;
/// Negatives of a larger catalogue where nothing is stated.
const NEGATIVES: usize = 3000;

/// What the fit of SASRec may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SasRecParams {
    /// Numbers of an item, and of a place on its way through the network, 1 to 1024.
    pub width: usize,
    /// Blocks of attention and layers, 1 to 16.
    pub blocks: usize,
    /// Latest items of a history that count, 1 to 2000.
    pub length: usize,
    /// Share of the numbers that is dropped in training, 0 to 0.9.
    pub dropout: f64,
    /// Size of a step, above 0, up to 1.
    pub learning_rate: f64,
    /// Users of a step, 1 to 65536.
    pub batch: usize,
    /// Passes over the data, at most; 1 to 10000.
    pub epochs: usize,
    /// Passes without a better list for what is held back after which training stops, up to 10000; at 0 nothing is held back,
    /// and all passes are made.
    pub patience: usize,
    /// Items that a place is told apart from, drawn for each step and shared by its places; 0 takes all items. Where nothing is
    /// stated, all of up to 20,000 items, and 3,000 of more. Up to 1,000,000.
    pub negatives: Option<usize>,
    /// What is drawn comes from it.
    pub seed: u64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for SasRecParams {
    fn default() -> Self {
        Self {
            width: 64,
            blocks: 2,
            length: 200,
            dropout: 0.1,
            learning_rate: 0.002,
            batch: 32,
            epochs: 100,
            patience: 10,
            negatives: None,
            seed: 0,
            positive: Positive::default(),
        }
    }
}

impl SasRecParams {
    pub(super) fn layout(&self, shape: &Shape) -> Layout {
        Layout { items: shape.items, width: self.width, length: self.length, blocks: self.blocks }
    }

    /// How many negatives are drawn for a step; none where all items are.
    pub(super) fn drawn(&self, items: usize) -> Option<usize> {
        self.negatives.or((items > MOST_ITEMS).then_some(NEGATIVES)).filter(|&count| count > 0)
    }
}

/// Refuses a number of things out of a range.
fn check_count(name: &'static str, found: usize, allowed: RangeInclusive<usize>) -> Result<(), FitError> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let allowed = format!("whole numbers from {} to {}", allowed.start(), allowed.end());
    Err(FitError::Parameter { name, found: found.to_string(), allowed })
}

impl Family for SasRec {
    const NAME: &'static str = "sasrec";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = SasRecParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::linear("dropout", 0.1, 0.5), Dimension::log("learning_rate", 0.0003, 0.003)]
    }

    fn cheaper() -> Option<Cheaper> {
        Some(Cheaper::Less("epochs"))
    }

    fn check(params: &SasRecParams, _: &Shape) -> Result<(), FitError> {
        check_count("width", params.width, 1..=1024)?;
        check_count("blocks", params.blocks, 1..=16)?;
        check_count("length", params.length, 1..=2000)?;
        check_range("dropout", params.dropout, 0.0, 0.9)?;
        check_range("learning_rate", params.learning_rate, f64::MIN_POSITIVE, 1.0)?;
        check_count("batch", params.batch, 1..=65_536)?;
        check_count("epochs", params.epochs, 1..=10_000)?;
        check_count("patience", params.patience, 0..=10_000)?;
        params.negatives.map_or(Ok(()), |negatives| check_count("negatives", negatives, 0..=1_000_000))
    }

    fn memory(params: &SasRecParams, shape: &Shape) -> Memory {
        let layout = params.layout(shape);
        let numbers = layout.len() as u64;
        let (sequences, _) = Sequences::bytes(shape);
        // The network, its average, the best so far, what Adam remembers, and a gradient for each part of a batch.
        let batch = params.batch.min(shape.users);
        let parts = batch.div_ceil(part(layout)) as u64;
        // Pointers to what is learnt from and to what is held back.
        let users = 48 * shape.users as u64;
        let fit = (4 * numbers).saturating_mul(5 + parts).saturating_add(sequences + users + shape.by_user());
        Memory { fit, model: 4 * numbers }
    }

    /// For each pass and place 6 x items x width multiplications, and some 100 width² and 10 length x width in each block.
    fn fit(
        params: &SasRecParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let sequences = report.phase("order", || Sequences::of(interactions, params.positive, Self::NAME))?;
        let layout = params.layout(&Shape::of(interactions));
        let trained = report.phase("train", || train(layout, &sequences, params, progress))?;
        check_finite("network", trained.weights.iter().map(|&x| f64::from(x)))?;
        #[expect(clippy::cast_precision_loss, reason = "a number of passes")]
        report.figures.extend([
            ("epochs", trained.epochs as f64),
            ("best_epoch", trained.best_epoch as f64),
            ("validation_ndcg@10", trained.ndcg),
            ("loss", trained.loss),
        ]);
        tell(progress, 1.0)?;
        Ok(Self { layout, weights: trained.weights, positive: params.positive })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &SasRecParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_are_negatives_of_small_catalogues_or_where_zero_is_stated() {
        let drawn = |negatives, items| SasRecParams { negatives, ..SasRecParams::default() }.drawn(items);
        assert_eq!([drawn(None, 20_000), drawn(Some(0), 20_001), drawn(Some(0), 5)], [None; 3]);
        assert_eq!([drawn(None, 20_001), drawn(Some(7), 5), drawn(Some(7), 20_001)], [Some(3000), Some(7), Some(7)]);
    }
}
