//! What a run of `evaluate` measures, says and keeps while it goes on.

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use foretaste_eval::{Answered, Metric, Observer, Plan};

use super::kept::{Cell, Kept, Kind};
use crate::machine;
use crate::output;

/// The run.
pub(in crate::commands) struct Watched {
    folds: usize,
    at: Vec<usize>,
    /// Where lists and the figures of users go, where they are kept.
    lists: Option<Kept>,
    users: Option<Kept>,
}

impl Watched {
    /// A run of so many folds of which nothing but the report is kept.
    pub(in crate::commands) fn new(folds: usize) -> Self {
        Self { folds, at: Vec::new(), lists: None, users: None }
    }

    /// Keeps lists and figures of users in files, which appear when the run is [`finish`](Self::finish)ed.
    pub(super) fn keep(&mut self, plan: &Plan, lists: Option<&Path>, users: Option<&Path>) -> Result<()> {
        self.at.clone_from(&plan.at);
        let begin = [("model", Kind::Text), ("fold", Kind::Whole), ("user", Kind::Text)];
        let named = |columns: &[(&str, Kind)]| -> Vec<(String, Kind)> {
            columns.iter().map(|&(name, kind)| (name.to_owned(), kind)).collect()
        };
        let mut columns = named(&begin);
        columns.extend(named(&[("item", Kind::Text), ("rank", Kind::Whole), ("score", Kind::Single)]));
        self.lists = lists.map(|path| Kept::open(path, &columns)).transpose()?;
        let metrics = plan.at.iter().flat_map(|k| Metric::ALL.map(|metric| format!("{}@{k}", metric.name())));
        let mut columns = named(&begin);
        columns.extend(metrics.map(|name| (name, Kind::Double)));
        self.users = users.map(|path| Kept::open(path, &columns)).transpose()?;
        Ok(())
    }

    /// The files are there from now on.
    pub(super) fn finish(self) -> Result<()> {
        self.lists.into_iter().chain(self.users).try_for_each(Kept::finish)
    }
}

impl Observer for Watched {
    fn cpu(&self) -> Duration {
        machine::cpu_time()
    }

    fn begins(&mut self, fold: usize, model: &str) {
        let of = if self.folds > 1 { format!(", fold {} of {}", fold + 1, self.folds) } else { String::new() };
        output::note(&format!("evaluating {model}{of}"));
    }

    fn begins_share(&mut self, fold: usize, model: &str, share: f64) {
        self.begins(fold, &format!("{model} with {} % of the training data", (share * 100.0).round()));
    }

    fn answered(&mut self, answered: &Answered<'_>) -> io::Result<()> {
        let items = answered.train.items();
        let longest = self.at.last().copied().unwrap_or(0);
        for (wanted, judged) in answered.test.users.iter().zip(&answered.judged.users) {
            let user = answered.test.name(wanted.user, answered.train);
            let begin = [Cell::Text(answered.summary), Cell::Whole(answered.fold + 1), Cell::Text(user)];
            if let Some(file) = &mut self.lists {
                for (place, &(item, score)) in judged.list.iter().take(longest).enumerate() {
                    let [model, fold, user] = begin;
                    let item = Cell::Text(items.name(item));
                    file.row(&[model, fold, user, item, Cell::Whole(place + 1), Cell::Single(score)])?;
                }
            }
            if let Some(file) = &mut self.users {
                let figures = self.at.iter().flat_map(|&k| Metric::ALL.map(|metric| judged.metric(metric, k)));
                let cells: Vec<Cell<'_>> = begin.into_iter().chain(figures.map(Cell::Double)).collect();
                file.row(&cells)?;
            }
        }
        Ok(())
    }
}
