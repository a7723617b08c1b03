//! What a run of `evaluate` measures, says and keeps while it goes on.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use foretaste_eval::{Answered, Metric, Observer, Plan};

use crate::commands::destination::{self, Destination};
use crate::machine;
use crate::output::{self, csv_field};

/// The run.
pub(in crate::commands) struct Watched {
    folds: usize,
    at: Vec<usize>,
    /// Where lists and the figures of users go, where they are kept.
    lists: Option<Destination>,
    users: Option<Destination>,
}

impl Watched {
    /// A run of so many folds of which nothing but the report is kept.
    pub(in crate::commands) fn new(folds: usize) -> Self {
        Self { folds, at: Vec::new(), lists: None, users: None }
    }

    /// Keeps lists and figures of users in files, which appear when the run is [`finish`](Self::finish)ed.
    pub(super) fn keep(&mut self, plan: &Plan, lists: Option<&Path>, users: Option<&Path>) -> Result<()> {
        self.at.clone_from(&plan.at);
        let open = |path: &Path, header: String| -> Result<Destination> {
            destination::check(path, &[])?;
            let mut file = Destination::open(Some(path))?;
            writeln!(file, "{header}")?;
            Ok(file)
        };
        self.lists = lists.map(|path| open(path, "model,fold,user,item,rank,score".to_owned())).transpose()?;
        let metrics = plan.at.iter().flat_map(|k| Metric::ALL.map(|metric| format!("{}@{k}", metric.name())));
        let header = ["model", "fold", "user"].map(str::to_owned).into_iter().chain(metrics);
        let header = header.collect::<Vec<_>>().join(",");
        self.users = users.map(|path| open(path, header)).transpose()?;
        Ok(())
    }

    /// The files are there from now on.
    pub(super) fn finish(self) -> Result<()> {
        self.lists.into_iter().chain(self.users).try_for_each(Destination::finish)
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
        let begin = format!("{},{}", csv_field(answered.summary), answered.fold + 1);
        let (users, items) = (answered.train.users(), answered.train.items());
        let longest = self.at.last().copied().unwrap_or(0);
        for (wanted, judged) in answered.test.users.iter().zip(&answered.judged.users) {
            let user = csv_field(users.name(wanted.user.0));
            if let Some(file) = &mut self.lists {
                for (place, &(item, score)) in judged.list.iter().take(longest).enumerate() {
                    let item = csv_field(items.name(item));
                    writeln!(file, "{begin},{user},{item},{},{score}", place + 1)?;
                }
            }
            if let Some(file) = &mut self.users {
                write!(file, "{begin},{user}")?;
                for &k in &self.at {
                    Metric::ALL.into_iter().try_for_each(|metric| write!(file, ",{}", judged.metric(metric, k)))?;
                }
                writeln!(file)?;
            }
        }
        Ok(())
    }
}
