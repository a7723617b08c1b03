//! An evaluation as it is kept: figures, and what it takes to make them again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ActivityGroup, Difference, LeftOut, Taken};

/// An evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The protocol, by name, where one was followed.
    pub protocol: Option<String>,
    /// What the protocol is, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// How data were parted; `given` where two files were.
    pub split: String,
    /// Whether models learnt from what happened after what they had to find: their figures flatter.
    pub uses_the_future: bool,
    /// What the split draws comes from it, where it draws.
    pub split_seed: Option<u64>,
    /// The resamples of the comparison come from it.
    pub seed: u64,
    /// The BLAKE3 hash of what the models were fitted to and what was held out, of all folds.
    pub data_hash: String,
    /// Version of foretaste.
    pub foretaste_version: String,
    /// The command that makes this report.
    pub command: String,
    /// Number of folds.
    pub folds: usize,
    /// Users that were asked about, over all folds.
    pub users: usize,
    /// Rows that were asked about, over all folds.
    pub rows: usize,
    /// What no model was asked about, over all folds.
    pub left_out: LeftOut,
    /// The users that were asked about, by how much the training data have of them.
    #[serde(default)]
    pub activity: Vec<ActivityGroup>,
    /// The models, in the order in which they were named.
    pub models: Vec<ModelReport>,
    /// The differences of each model to the best, by the first metric.
    pub differences: Vec<NamedDifference>,
    /// Models that differ in their seed alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spreads: Vec<Spread>,
}

/// What one model reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// The family; `lists` or `scores` where another program made them.
    pub model: String,
    /// The family and what was asked for besides its defaults, in words.
    pub summary: String,
    /// All parameters of its fit, in the first fold.
    pub params: Map<String, Value>,
    /// The file that it was read from, where it was not fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What became of the rows that another program made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
    /// Means over the folds, of means over users: `ndcg@10` and the like; `rmse` and `mae` of models that predict ratings.
    pub metrics: BTreeMap<String, f64>,
    /// The same, by fold, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_fold: Vec<BTreeMap<String, f64>>,
    /// The 95 % interval of the leading metric, where two users or more were asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// The leading metric in each group of [`Report::activity`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_activity: Vec<f64>,
    /// What it reached with shares of the training data, rising; the last one is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<CurvePoint>,
    /// Users whose lists were judged, over all folds.
    pub users: usize,
    /// CPU time of all fits together, where there were any.
    pub fit_cpu_seconds: Option<f64>,
    /// What a list took, on average, in one thread, where one was asked for.
    pub list_microseconds: Option<f64>,
    /// Why there are no figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// Where a mean over users may lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The metric.
    pub metric: String,
    /// Lower end of the 95 % percentile interval of the bootstrap over users, each with its mean over the folds.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// What a model reached with a share of the training data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The share of each user's rows that it was fitted to.
    pub share: f64,
    /// As [`ModelReport::metrics`].
    pub metrics: BTreeMap<String, f64>,
    /// Why there are no figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// The difference of two models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedDifference {
    /// The metric.
    pub metric: String,
    /// The better model, by its place in the list of models.
    pub best: usize,
    /// The other one, by its place.
    pub other: usize,
    /// Better less other, user by user.
    #[serde(flatten)]
    pub difference: Difference,
    /// Its p, corrected for the number of models that are compared.
    pub p_holm: f64,
    /// Whether the difference has the same sign in every fold.
    pub all_folds_agree: bool,
}

/// A corrected p from which on a difference may be chance.
const CHANCE: f64 = 0.05;

impl NamedDifference {
    /// Whether one model may be called better than the other: the interval leaves 0 out, the corrected p is below 0.05, and
    /// all folds agree in sign.
    #[must_use]
    pub fn is_better(&self) -> bool {
        self.difference.is_clear() && self.p_holm < CHANCE && self.all_folds_agree
    }
}

/// One model with several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The models, by their places in the list of models.
    pub models: Vec<usize>,
    /// For each metric the mean over the seeds and the standard deviation, of a sample: the sum of squares is divided by one
    /// less than the number of seeds.
    pub metrics: BTreeMap<String, MeanAndDeviation>,
}

/// A mean and a standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanAndDeviation {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
}
