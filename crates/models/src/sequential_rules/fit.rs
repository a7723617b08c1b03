//! Fitting sequential rules: for each item, what came after it, counted.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::largest;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::SequentialRules;
use crate::fit::{OnProgress, check_at_least_one, check_range, narrow, tell};
use crate::item_weights::{ItemWeights, Lists, Reading};
use crate::sequences::Sequences;
use crate::weighting::count;
use crate::{Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// What the fit of sequential rules may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SequentialRulesParams {
    /// Most places between two items of a rule, and most items of a history that speak, the latest; 1 to 1000.
    pub window: usize,
    /// What is left of a rule's weight with each place more, above 0, up to 1.
    pub decay: f64,
    /// What is left of the weight of an item of a history with each item after it, above 0, up to 1.
    pub history_decay: f64,
    /// How much less the rules of items count that many users have, 0 to 2.
    pub history_exponent: f64,
    /// How much less candidates count that many users have, 0 to 2.
    pub candidate_exponent: f64,
    /// Rules kept for each item of a history, the strongest; at least 1.
    pub neighbours: usize,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for SequentialRulesParams {
    fn default() -> Self {
        Self {
            window: 20,
            decay: 0.85,
            history_decay: 0.8,
            history_exponent: 0.5,
            candidate_exponent: 0.25,
            neighbours: 1000,
            positive: Positive::default(),
        }
    }
}

impl Family for SequentialRules {
    const NAME: &'static str = "sequential_rules";
    const SECTIONS: &'static [Section] = ItemWeights::SECTIONS;
    type Params = SequentialRulesParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::whole_log("window", 1, 30),
            Dimension::linear("decay", 0.5, 0.95),
            Dimension::linear("history_decay", 0.5, 0.95),
            Dimension::linear("candidate_exponent", 0.0, 0.5),
        ]
    }

    fn check(params: &SequentialRulesParams, _: &Shape) -> Result<(), FitError> {
        if !(1..=1000).contains(&params.window) {
            let allowed = "whole numbers from 1 to 1000".to_owned();
            return Err(FitError::Parameter { name: "window", found: params.window.to_string(), allowed });
        }
        check_range("decay", params.decay, f64::MIN_POSITIVE, 1.0)?;
        check_range("history_decay", params.history_decay, f64::MIN_POSITIVE, 1.0)?;
        check_range("history_exponent", params.history_exponent, 0.0, 2.0)?;
        check_range("candidate_exponent", params.candidate_exponent, 0.0, 2.0)?;
        check_at_least_one("neighbours", params.neighbours)
    }

    fn memory(params: &SequentialRulesParams, shape: &Shape) -> Memory {
        let (sequences, places) = Sequences::bytes(shape);
        ItemWeights::memory(params.neighbours, sequences + places + 16 * shape.items as u64, shape)
    }

    /// Interactions x `window` additions.
    fn fit(
        params: &SequentialRulesParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let sequences = report.phase("order", || Sequences::of(interactions, params.positive, Self::NAME))?;
        let rules = report.phase("count", || {
            let lists = rules(&sequences, params);
            drop(sequences);
            ItemWeights::of_items(lists, Reading::of(params.positive))
        });
        let rules = rules.map_err(|error| FitError::Failed { what: "count", source: error.into() })?;
        tell(progress, 1.0)?;
        Ok(Self::new(params, rules))
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.rules.save(file);
        Ok(())
    }

    fn load(params: &SequentialRulesParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        ItemWeights::load(Reading::of(params.positive), shape, file).map(|rules| Self::new(params, rules))
    }
}

impl SequentialRules {
    fn new(params: &SequentialRulesParams, rules: ItemWeights) -> Self {
        let SequentialRulesParams { window, history_decay, positive, .. } = *params;
        Self { rules, window, history_decay, positive }
    }
}

/// For each item of a history, the candidates that came after it. Sums run over rising users, one task an item, so that the
/// bits do not depend on the threads.
fn rules(sequences: &Sequences, params: &SequentialRulesParams) -> Lists {
    let (places, items) = (sequences.places(), sequences.items());
    let powers = |exponent: f64| -> Vec<f64> {
        (0..items).map(|item| count(places.of(item).len().max(1)).powf(-exponent)).collect()
    };
    let (from, to) = (powers(params.history_exponent), powers(params.candidate_exponent));
    let decays: Vec<f64> =
        std::iter::successors(Some(1.0), |weight| Some(weight * params.decay)).take(params.window).collect();
    let one = |sums: &mut Vec<f64>, item: usize| {
        let mut after = Vec::new();
        for &(user, place) in places.of(item) {
            let later = &sequences.user(user as usize)[place as usize + 1..];
            for (&candidate, weight) in later.iter().zip(&decays) {
                let sum = &mut sums[candidate as usize];
                if *sum == 0.0 {
                    after.push(candidate);
                }
                *sum += weight;
            }
        }
        let rule = |candidate: u32| {
            let sum = std::mem::take(&mut sums[candidate as usize]);
            (candidate, sum * from[item] * to[candidate as usize])
        };
        let mut strongest: Vec<(u32, f64)> = after.into_iter().map(rule).collect();
        largest(&mut strongest, params.neighbours);
        strongest.iter().map(|&(candidate, weight)| (candidate, narrow(weight))).collect()
    };
    (0..items).into_par_iter().with_min_len(16).map_init(|| vec![0f64; items], one).collect()
}
