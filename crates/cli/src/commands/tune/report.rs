//! What a search found, for people and programs.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use foretaste_eval::Protocol;
use foretaste_eval::tune::{Origin, Search, Sensitivity, Trial, Validation, Within};
use serde::Serialize;
use serde_json::Value;

use super::state::StateFile;
use crate::args::TuneArgs;
use crate::output::{self, counted};

/// A search that has ended.
#[derive(Serialize)]
pub(super) struct Tuned {
    model: &'static str,
    protocol: Option<&'static str>,
    metric: String,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<String>,
    fixed: Vec<String>,
    space: Vec<String>,
    validation: Cut,
    budget: Budget,
    best: Trial,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitivity: Option<Sensitivity>,
    trials: Vec<Trial>,
    settings: Vec<String>,
    command: String,
    state: String,
    /// The figures on the test rows, of what was frozen.
    test: Option<BTreeMap<String, f64>>,
}

/// What judged.
#[derive(Serialize)]
struct Cut {
    split: String,
    users: usize,
    of_users: usize,
    rows: usize,
    data_hash: String,
}

/// What it took.
#[derive(Serialize)]
struct Budget {
    trials: usize,
    cpu_seconds: f64,
}

impl Tuned {
    #[expect(clippy::too_many_arguments, reason = "it is put together in one place")]
    pub(super) fn new(
        args: &TuneArgs,
        search: &Search,
        validation: &Validation,
        (split, of): (Within, usize),
        state: &StateFile,
        trials: Vec<Trial>,
        best: Trial,
        sensitivity: Option<Sensitivity>,
        command: String,
    ) -> Self {
        let cpu_seconds = (trials.iter().map(|trial| trial.cpu_seconds).sum::<f64>() * 1e3).round() / 1e3;
        Self {
            model: search.model(),
            protocol: args.protocol.map(Protocol::name),
            metric: search.goal().to_string(),
            seed: search.seed(),
            members: search.members().map(ToString::to_string),
            fixed: search.fixed().to_vec(),
            space: search.space().iter().map(|along| format!("{}={}", along.name, along.range)).collect(),
            validation: Cut {
                split: split.to_string(),
                users: validation.users(),
                of_users: of,
                rows: validation.rows(),
                data_hash: validation.hash(),
            },
            budget: Budget { trials: trials.len(), cpu_seconds },
            settings: search.settings(&best.set),
            best,
            sensitivity,
            trials,
            command,
            state: state.path.display().to_string(),
            test: state.known.test.clone(),
        }
    }

    /// Writes it for people.
    pub(super) fn write(&self, protocol: Option<Protocol>) -> Result<()> {
        let mut out = output::stdout();
        if let Some(protocol) = protocol {
            writeln!(out, "{}: {}", protocol.name(), protocol.definition())?;
        }
        let Cut { split, users, of_users, rows, .. } = &self.validation;
        let drawn = if users < of_users { format!(" of {of_users}, drawn,") } else { String::new() };
        let (users, rows) = (counted(*users, "user") + &drawn, counted(*rows, "row"));
        writeln!(out, "judged by {} on split {split} of the training data: {users} asked for {rows}", self.metric)?;
        match &self.members {
            None => writeln!(out, "searched {} with {}", self.model, self.space.join(", "))?,
            Some(members) => writeln!(out, "searched weights of {members}: {}", self.space.join(", "))?,
        }
        let cheap = self.trials.iter().filter(|trial| trial.share.is_some()).count();
        let cheap = if cheap > 0 { format!(", {cheap} of them cheap fits") } else { String::new() };
        writeln!(out, "spent {}{cheap}, {:.1} CPU s", counted(self.budget.trials, "trial"), self.budget.cpu_seconds)?;
        let without = self.trials.iter().filter(|trial| trial.figure.is_none()).count();
        if let Some(why) = self.trials.iter().find_map(|trial| trial.stopped.as_ref()) {
            writeln!(out, "without a figure: {}, the first because {why}", counted(without, "trial"))?;
        }
        writeln!(out)?;
        let (number, from) = (self.best.trial + 1, from(self.best.from));
        for alone in self.trials.iter().filter(|trial| trial.from == Origin::Alone) {
            let is_on = |value: &Value| value.as_f64().is_some_and(|weight| weight > 0.0);
            let name = alone.set.iter().find(|(_, weight)| is_on(weight)).map_or("", |(name, _)| name);
            writeln!(
                out,
                "alone   {}  {name}",
                alone.figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.4}"))
            )?;
        }
        if let Some(Sensitivity { best, median, worst, near_best }) = &self.sensitivity {
            writeln!(out, "best    {best:.4}  {} (trial {number}, {from})", self.settings.join(" "))?;
            writeln!(out, "median  {median:.4}\nworst   {worst:.4}")?;
            let near = near_best.iter().map(|near| format!("{} {}", near.name, range(&near.values)));
            writeln!(out, "within 1 % of the best: {}", near.collect::<Vec<_>>().join(", "))?;
        }
        writeln!(out, "\n{}", self.command)?;
        match &self.test {
            None => writeln!(out, "the test rows were not looked at; --freeze does it, once, and ends the search")?,
            Some(test) => {
                let shown = |wanted: &str| test.iter().filter(|(name, _)| name.starts_with(wanted)).collect::<Vec<_>>();
                let names = ["ndcg", "recall", "precision", "hr", "rmse", "mae"];
                let figures =
                    names.iter().flat_map(|name| shown(name)).map(|(name, figure)| format!("{name} {figure:.4}"));
                writeln!(out, "frozen; on the test rows: {}", figures.collect::<Vec<_>>().join(", "))?;
            }
        }
        Ok(out.flush()?)
    }
}

fn from(origin: Origin) -> &'static str {
    match origin {
        Origin::Default => "the defaults",
        Origin::Published => "published",
        Origin::Halved => "it did well in cheaper fits",
        Origin::Given => "the weights given",
        Origin::Alone => "a member alone",
        Origin::Halton => "a point of the sequence",
        Origin::Step => "a step from the best before",
    }
}

/// `300 to 500`, or some words.
fn range(values: &[Value]) -> String {
    let shown = |value: &Value| match (value.as_f64(), value.as_str()) {
        (Some(number), _) => number.to_string(),
        (None, Some(word)) => word.to_owned(),
        (None, None) => value.to_string(),
    };
    match values {
        [low, high] if low.is_number() && high.is_number() => format!("{} to {}", shown(low), shown(high)),
        _ => values.iter().map(shown).collect::<Vec<_>>().join(" or "),
    }
}
