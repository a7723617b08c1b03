//! One model of an evaluation, while it goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use foretaste::interactions::Interactions;
use foretaste::models::ModelParams;
use serde_json::{Map, Value};

use crate::compare::ByUser;
use crate::{Judged, Metric, ModelReport};

/// A model whose folds are counted.
#[derive(Debug)]
pub(crate) struct Entrant {
    model: String,
    summary: String,
    params: Option<Map<String, Value>>,
    by_fold: Vec<BTreeMap<String, f64>>,
    by_user: ByUser,
    users: usize,
    fit: Duration,
    lists: Duration,
    stopped: Option<String>,
}

impl Entrant {
    pub(crate) fn new(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            summary: String::new(),
            params: None,
            by_fold: Vec::new(),
            by_user: Vec::new(),
            users: 0,
            fit: Duration::ZERO,
            lists: Duration::ZERO,
            stopped: None,
        }
    }

    /// Ends it without figures.
    pub(crate) fn stop(&mut self, params: &ModelParams, why: String) {
        self.named(params);
        self.stopped = Some(why);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    fn named(&mut self, params: &ModelParams) {
        if self.params.is_some() {
            return;
        }
        let summary = params.summary();
        let is_named = summary.starts_with(&self.model);
        self.summary = if is_named { summary } else { format!("{} with {summary}", self.model) };
        self.params = Some(match serde_json::to_value(params) {
            Ok(Value::Object(mut map)) => {
                map.remove("model");
                map
            }
            // Parameters are a mapping.
            _ => Map::new(),
        });
    }

    /// Counts a fold.
    pub(crate) fn add(
        &mut self,
        params: &ModelParams,
        fit: Duration,
        judged: &Judged,
        at: &[usize],
        train: &Interactions,
    ) {
        self.named(params);
        self.fit += fit;
        self.users += judged.users.len();
        self.lists += judged.list_took * u32::try_from(judged.users.len()).unwrap_or(u32::MAX);
        self.by_fold.push(figures(judged, at, train));
        let first = at.first().copied().unwrap_or(1);
        self.by_user.push(judged.users.iter().map(|user| user.metric(Metric::Ndcg, first)).collect());
    }

    /// What it reached, and the first metric of each user.
    pub(crate) fn report(self) -> (ModelReport, ByUser) {
        let folds = self.by_fold.len().max(1) as f64;
        let mut metrics = BTreeMap::new();
        for fold in self.by_fold.iter().filter(|_| self.stopped.is_none()) {
            fold.iter().for_each(|(name, figure)| *metrics.entry(name.clone()).or_insert(0.0) += figure / folds);
        }
        let report = ModelReport {
            model: self.model,
            summary: self.summary,
            params: self.params.unwrap_or_default(),
            metrics,
            by_fold: if self.by_fold.len() > 1 && self.stopped.is_none() { self.by_fold } else { Vec::new() },
            users: self.users,
            fit_cpu_seconds: rounded(self.fit.as_secs_f64()),
            list_microseconds: rounded(self.lists.as_secs_f64() * 1e6 / self.users.max(1) as f64),
            stopped: self.stopped,
        };
        (report, self.by_user)
    }
}

/// The figures of a fold, by name.
fn figures(judged: &Judged, at: &[usize], train: &Interactions) -> BTreeMap<String, f64> {
    let popularity: Vec<u64> = train.item_stats().iter().map(|stats| u64::from(stats.count)).collect();
    let mut figures = BTreeMap::new();
    for &k in at {
        for metric in Metric::ALL {
            figures.insert(format!("{}@{k}", metric.name()), judged.mean(metric, k));
        }
        let exposure = judged.exposure(k, &popularity, train.users().len());
        for (name, figure) in [
            ("coverage", exposure.coverage()),
            ("gini", exposure.gini()),
            ("popularity", exposure.popularity()),
            ("novelty", exposure.novelty()),
            ("ties", judged.ties(k)),
        ] {
            figures.insert(format!("{name}@{k}"), figure);
        }
    }
    if let Some(errors) = judged.errors {
        figures.insert("rmse".to_owned(), errors.rmse);
        figures.insert("mae".to_owned(), errors.mae);
    }
    figures
}

/// A time as it is printed: microseconds of a second.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
