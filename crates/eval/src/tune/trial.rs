//! One try of a search, and what it is judged by.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::judge::{Judged, LONGEST};
use crate::ranking::Metric;

/// A value for each parameter that is searched, by its name.
pub type Setting = BTreeMap<String, Value>;

/// One try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Its number, from 0.
    pub trial: usize,
    /// Why these values.
    pub from: Origin,
    /// The values.
    pub set: Setting,
    /// The share of the work of a whole fit that this one took, where it was a cheap one; its figure is comparable with those of the
    /// same share alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// What the metric said; nothing where there is no model.
    pub figure: Option<f64>,
    /// Why there is no model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// CPU time of the fit and the lists, which differs from run to run.
    pub cpu_seconds: f64,
}

/// Where the values of a try come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The family's defaults.
    Default,
    /// Values that were published.
    Published,
    /// Values that did well in a cheaper fit.
    Halved,
    /// The weights of a blend that were given.
    Given,
    /// A member of a blend alone.
    Alone,
    /// A point of the sequence that fills the space.
    Halton,
    /// A step from the best so far.
    Step,
}

/// A metric to tune by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Of lists, up to a place; more is better.
    List(Metric, usize),
    /// Root of the mean squared error of predicted ratings; less is better.
    Rmse,
    /// Mean absolute error of predicted ratings; less is better.
    Mae,
}

/// A figure as a state keeps it, to twelve digits: that many come back from text to the last bit, and what is gone on from is what was
/// broken off.
#[must_use]
pub fn kept(figure: f64) -> f64 {
    format!("{figure:.11e}").parse().unwrap_or(figure)
}

/// Why a text is no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no metric to tune by, allowed are {} with @1 to @{LONGEST} behind, rmse, mae", Metric::ALL.map(Metric::name).join(", "))]
pub struct GoalError {
    /// What was found.
    pub found: String,
}

impl Goal {
    /// Places that a list needs.
    pub(super) fn places(self) -> usize {
        match self {
            Self::List(_, k) => k,
            Self::Rmse | Self::Mae => 1,
        }
    }

    /// What it says; nothing of a model that predicts no ratings where they are asked for.
    pub(super) fn figure(self, judged: &Judged) -> Option<f64> {
        match self {
            Self::List(metric, k) => Some(judged.mean(metric, k)),
            Self::Rmse => judged.errors.map(|errors| errors.rmse),
            Self::Mae => judged.errors.map(|errors| errors.mae),
        }
    }

    /// Whether a figure is better than another; equal ones are not.
    #[must_use]
    pub fn is_better(self, one: f64, other: f64) -> bool {
        match self {
            Self::List(..) => one > other,
            Self::Rmse | Self::Mae => one < other,
        }
    }

    /// The best of some tries that are whole fits, of equals the first; none where none has a figure.
    #[must_use]
    pub fn best(self, trials: &[Trial]) -> Option<&Trial> {
        let whole = trials.iter().filter(|trial| trial.share.is_none());
        let judged = whole.filter_map(|trial| Some((trial, trial.figure?)));
        let better = |best: (_, f64), next: (_, f64)| if self.is_better(next.1, best.1) { next } else { best };
        judged.reduce(better).map(|(trial, _)| trial)
    }
}

impl FromStr for Goal {
    type Err = GoalError;

    fn from_str(text: &str) -> Result<Self, GoalError> {
        let list = || {
            let (name, k) = text.split_once('@')?;
            let metric = Metric::ALL.into_iter().find(|metric| metric.name() == name)?;
            let k = k.parse().ok().filter(|k| (1..=LONGEST).contains(k))?;
            Some(Self::List(metric, k))
        };
        match text {
            "rmse" => Ok(Self::Rmse),
            "mae" => Ok(Self::Mae),
            _ => list().ok_or_else(|| GoalError { found: text.to_owned() }),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(metric, k) => write!(f, "{}@{k}", metric.name()),
            Self::Rmse => f.write_str("rmse"),
            Self::Mae => f.write_str("mae"),
        }
    }
}
