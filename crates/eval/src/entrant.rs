//! One model of an evaluation, while it goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use foretaste::interactions::Interactions;
use foretaste::models::ModelParams;
use serde_json::{Map, Value};

use crate::compare::ByUser;
use crate::{CurvePoint, Diversity, Judged, Metric, ModelReport, Taken};

/// Figures by name, of each fold.
type ByFold = Vec<BTreeMap<String, f64>>;

/// A model whose folds are counted.
#[derive(Debug, Default)]
pub(crate) struct Entrant {
    model: String,
    summary: String,
    params: Option<Map<String, Value>>,
    file: Option<String>,
    taken: Option<Taken>,
    by_fold: ByFold,
    by_user: ByUser,
    /// Figures by share of the training data and by fold, or why there are none.
    shares: Vec<(f64, Result<ByFold, String>)>,
    users: usize,
    fit: Option<Duration>,
    lists: Option<Duration>,
    stopped: Option<String>,
}

/// What one fold showed of a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) judged: &'a Judged,
    pub(crate) train: &'a Interactions,
    /// What is known of its items, where anything is.
    pub(crate) diversity: Option<&'a Diversity>,
    /// CPU time of the fit, where there was one.
    pub(crate) fit: Option<Duration>,
}

impl Entrant {
    /// Ends it without figures.
    pub(crate) fn stop(&mut self, why: String) {
        self.stopped = Some(why);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Its name and parameters, where they are not known yet.
    pub(crate) fn named(&mut self, params: &ModelParams, file: Option<String>) {
        if self.params.is_some() {
            return;
        }
        let (model, summary) = (params.name(), params.summary());
        let summary = if summary.starts_with(model) { summary } else { format!("{model} with {summary}") };
        model.clone_into(&mut self.model);
        self.summary = file.as_ref().map_or(summary.clone(), |file| format!("{summary}, from {file}"));
        self.file = file;
        self.params = Some(match serde_json::to_value(params) {
            Ok(Value::Object(mut map)) => {
                map.remove("model");
                map
            }
            // Parameters are a mapping.
            _ => Map::new(),
        });
    }

    /// The name of what others made, and what was taken of it in a fold.
    pub(crate) fn made_elsewhere(&mut self, kind: &str, file: String, taken: Taken) {
        kind.clone_into(&mut self.model);
        self.summary = format!("{kind} of {file}");
        self.file = Some(file);
        *self.taken.get_or_insert_default() += taken;
    }

    /// What tables call it.
    pub(crate) fn summary(&self) -> &str {
        &self.summary
    }

    /// Counts a fold.
    pub(crate) fn add(&mut self, shown: Shown<'_>, at: &[usize]) {
        let Shown { fit, judged, .. } = shown;
        self.fit = fit.map(|took| took + self.fit.unwrap_or_default()).or(self.fit);
        self.users += judged.users.len();
        if let Some(took) = judged.list_took {
            let all = took * u32::try_from(judged.users.len()).unwrap_or(u32::MAX);
            *self.lists.get_or_insert_default() += all;
        }
        self.by_fold.push(figures(shown, at));
        let first = at.first().copied().unwrap_or(1);
        self.by_user.push(judged.users.iter().map(|user| user.metric(Metric::Ndcg, first)).collect());
    }

    /// Counts a fit to a share of a fold, or says why there is none.
    pub(crate) fn add_share(&mut self, share: f64, shown: Result<Shown<'_>, String>, at: &[usize]) {
        let place = self.shares.partition_point(|(other, _)| *other < share);
        if self.shares.get(place).is_none_or(|(other, _)| *other > share) {
            self.shares.insert(place, (share, Ok(Vec::new())));
        }
        let (_, folds) = &mut self.shares[place];
        match (folds, shown) {
            (Ok(folds), Ok(shown)) => folds.push(figures(shown, at)),
            (folds @ Ok(_), Err(why)) => *folds = Err(why),
            (Err(_), _) => {}
        }
    }

    /// What it reached, and the first metric of each user.
    pub(crate) fn report(self) -> (ModelReport, ByUser) {
        let metrics = if self.stopped.is_none() { means(&self.by_fold) } else { BTreeMap::new() };
        let mut curve: Vec<CurvePoint> = Vec::new();
        if self.stopped.is_none() && !self.shares.is_empty() {
            curve.extend(self.shares.into_iter().map(|(share, folds)| match folds {
                Ok(folds) => CurvePoint { share, metrics: means(&folds), stopped: None },
                Err(why) => CurvePoint { share, metrics: BTreeMap::new(), stopped: Some(why) },
            }));
            curve.push(CurvePoint { share: 1.0, metrics: metrics.clone(), stopped: None });
        }
        let users = self.users.max(1) as f64;
        let report = ModelReport {
            model: self.model,
            summary: self.summary,
            params: self.params.unwrap_or_default(),
            file: self.file,
            taken: self.taken,
            metrics,
            by_fold: if self.by_fold.len() > 1 && self.stopped.is_none() { self.by_fold } else { Vec::new() },
            interval: None,
            by_activity: Vec::new(),
            curve,
            users: self.users,
            fit_cpu_seconds: self.fit.map(|took| rounded(took.as_secs_f64())),
            list_microseconds: self.lists.map(|took| rounded(took.as_secs_f64() * 1e6 / users)),
            stopped: self.stopped,
        };
        (report, self.by_user)
    }
}

/// Means over folds.
fn means(by_fold: &[BTreeMap<String, f64>]) -> BTreeMap<String, f64> {
    let folds = by_fold.len().max(1) as f64;
    let mut means = BTreeMap::new();
    for (name, figure) in by_fold.iter().flatten() {
        *means.entry(name.clone()).or_insert(0.0) += figure / folds;
    }
    means
}

/// The figures of a fold, by name.
fn figures(shown: Shown<'_>, at: &[usize]) -> BTreeMap<String, f64> {
    let Shown { judged, train, diversity, .. } = shown;
    let popularity: Vec<u64> = train.item_stats().iter().map(|stats| u64::from(stats.count)).collect();
    let mut figures = BTreeMap::new();
    for &k in at.iter().filter(|_| !judged.users.is_empty()) {
        for metric in Metric::ALL {
            figures.insert(format!("{}@{k}", metric.name()), judged.mean(metric, k));
        }
        let exposure = judged.exposure(k, &popularity, train.users().len());
        for (name, figure) in [
            ("coverage", exposure.coverage()),
            ("gini", exposure.gini()),
            ("popularity", exposure.popularity()),
            ("novelty", exposure.novelty()),
        ] {
            figures.insert(format!("{name}@{k}"), figure);
        }
        let lists = judged.users.iter().map(|user| &user.list[..user.list.len().min(k)]);
        if let Some(diversity) = diversity.and_then(|diversity| diversity.mean(lists)) {
            figures.insert(format!("ild@{k}"), diversity);
        }
        if judged.has_scores {
            figures.insert(format!("ties@{k}"), judged.ties(k));
        }
    }
    if let Some(errors) = judged.errors {
        figures.insert("rmse".to_owned(), errors.rmse);
        figures.insert("mae".to_owned(), errors.mae);
    }
    if let Some(calibration) = judged.calibration {
        figures.insert("coverage90".to_owned(), calibration.coverage);
        figures.extend(calibration.log_loss.map(|loss| ("log_loss".to_owned(), loss)));
    }
    figures
}

/// A time as it is printed: microseconds of a second.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
