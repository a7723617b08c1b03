//! How much the parameters decide: the spread of the tries, and how wide the best lie.

use serde::Serialize;
use serde_json::Value;

use super::search::Search;
use super::trial::{Goal, Trial};

/// How far from the best a try may be to count as good.
const NEAR: f64 = 0.01;

/// The tries of a search in a few numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// The figure of the best try.
    pub best: f64,
    /// That of the middle one, the better of two.
    pub median: f64,
    /// That of the worst one.
    pub worst: f64,
    /// For each parameter, what it was in tries within 1 % of the best.
    pub near_best: Vec<Near>,
}

/// A parameter in the tries near the best.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Near {
    /// Its name.
    pub name: String,
    /// The least and the greatest number; of what is no number, all values in the order of their tries.
    pub values: Vec<Value>,
}

impl Sensitivity {
    /// Of tries that are whole fits; none where none has a figure.
    #[must_use]
    pub fn of(search: &Search, trials: &[Trial]) -> Option<Self> {
        let goal = search.goal();
        let whole = || trials.iter().filter(|trial| trial.share.is_none());
        let mut figures: Vec<f64> = whole().filter_map(|trial| trial.figure).collect();
        figures.sort_by(f64::total_cmp);
        if matches!(goal, Goal::List(..)) {
            figures.reverse();
        }
        let (best, worst) = (*figures.first()?, *figures.last()?);
        let bound = if matches!(goal, Goal::List(..)) { best * (1.0 - NEAR) } else { best * (1.0 + NEAR) };
        let near = || whole().filter(|trial| trial.figure.is_some_and(|figure| !goal.is_better(bound, figure)));
        let near_best = search.space().iter().map(|along| Near {
            name: along.name.clone(),
            values: ends(near().filter_map(|trial| trial.set.get(&along.name))),
        });
        Some(Self { best, median: figures[(figures.len() - 1) / 2], worst, near_best: near_best.collect() })
    }
}

fn ends<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    for value in values {
        if !seen.contains(value) {
            seen.push(value.clone());
        }
    }
    let numbers: Option<Vec<f64>> = seen.iter().map(Value::as_f64).collect();
    if let Some(numbers) = numbers {
        seen.sort_by(|one, other| one.as_f64().unwrap_or(0.0).total_cmp(&other.as_f64().unwrap_or(0.0)));
        if numbers.len() > 2 {
            seen.drain(1..numbers.len() - 1);
        }
    }
    seen
}
