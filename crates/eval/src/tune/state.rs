//! A search as lines of text: what it is, its tries, what was frozen and what the test said. It can go on from any of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::search::Search;
use super::train_only::Validation;
use super::trial::Trial;

/// What makes a search the one that it is: with another of these its tries would be others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Version of foretaste.
    pub version: String,
    /// The hash of what is fitted to and of what judges.
    pub data: String,
    /// The split that made them of the training data.
    pub split: String,
    /// The family.
    pub model: String,
    /// The members whose weights are searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<String>,
    /// Whether bad values are sorted out by cheap fits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub halving: bool,
    /// What is fixed.
    pub fixed: Vec<String>,
    /// What is varied: `lambda=50..2000:log`.
    pub space: Vec<String>,
    /// What it goes by.
    pub metric: String,
    /// What is drawn comes from it.
    pub seed: u64,
    /// Tries.
    pub trials: usize,
}

/// A line of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// The first one.
    Search(Head),
    /// A try.
    Trial(Trial),
    /// The number of the try that won: no other follows.
    Frozen(usize),
    /// The figures of what was frozen, on the test rows.
    Test(BTreeMap<String, f64>),
}

/// A search that goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Its tries so far.
    pub trials: Vec<Trial>,
    /// The try that won, by its number.
    pub frozen: Option<usize>,
    /// The figures of what was frozen.
    pub test: Option<BTreeMap<String, f64>>,
}

/// Why lines are no state of a search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// They are those of another search.
    #[error(
        "the state is that of another search: its {what} is {found}, asked for is {wanted}; another --state begins anew"
    )]
    Other {
        /// What differs.
        what: &'static str,
        /// What the state says.
        found: String,
        /// What is asked for.
        wanted: String,
    },
    /// A line is none.
    #[error("line {line} of the state is damaged ({why}); a state that ends before it can be gone on with")]
    Damaged {
        /// The number of the line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
}

impl Head {
    /// That of a search, judged by a cut that `split` made.
    #[must_use]
    pub fn of(search: &Search, validation: &Validation, split: &str) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: validation.hash(),
            split: split.to_owned(),
            model: search.model().to_owned(),
            members: search.members().map(ToString::to_string),
            halving: search.cheaper().is_some(),
            fixed: search.fixed().to_vec(),
            space: search.space().iter().map(|along| format!("{}={}", along.name, along.range)).collect(),
            metric: search.goal().to_string(),
            seed: search.seed(),
            trials: search.trials(),
        }
    }

    /// Refuses what is another one, and says in what.
    fn same_as(&self, wanted: &Self) -> Result<(), StateError> {
        let words = |list: &[String]| if list.is_empty() { "none".to_owned() } else { list.join(" ") };
        let members = |head: &Self| head.members.clone().unwrap_or_else(|| "none".to_owned());
        let pairs = [
            ("version", self.version.clone(), wanted.version.clone()),
            ("model", self.model.clone(), wanted.model.clone()),
            ("split", self.split.clone(), wanted.split.clone()),
            ("hash of the data", self.data.clone(), wanted.data.clone()),
            ("list of members", members(self), members(wanted)),
            ("halving", self.halving.to_string(), wanted.halving.to_string()),
            ("fixed parameters", words(&self.fixed), words(&wanted.fixed)),
            ("space", words(&self.space), words(&wanted.space)),
            ("metric", self.metric.clone(), wanted.metric.clone()),
            ("seed", self.seed.to_string(), wanted.seed.to_string()),
            ("number of trials", self.trials.to_string(), wanted.trials.to_string()),
        ];
        match pairs.into_iter().find(|(_, found, wanted)| found != wanted) {
            Some((what, found, wanted)) => Err(StateError::Other { what, found, wanted }),
            None => Ok(()),
        }
    }
}

impl Line {
    /// The line as text, without an end.
    #[must_use]
    pub fn text(&self) -> String {
        // Names, numbers and words alone: it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl State {
    /// Reads the lines of a state of the search `wanted`; without any it begins.
    ///
    /// # Errors
    /// The lines are those of another search, or damaged.
    pub fn read(lines: &[String], wanted: &Head) -> Result<Self, StateError> {
        let mut state = Self::default();
        for (number, text) in (1..).zip(lines) {
            let damaged = |why: &str| StateError::Damaged { line: number, why: why.to_owned() };
            let line = serde_json::from_str(text).map_err(|error| damaged(&error.to_string()))?;
            match line {
                Line::Search(head) if number == 1 => head.same_as(wanted)?,
                _ if number == 1 => return Err(damaged("the first line says what is searched")),
                Line::Search(_) => return Err(damaged("only the first line says what is searched")),
                _ if state.test.is_some() => return Err(damaged("nothing follows the test")),
                Line::Trial(trial) if state.frozen.is_none() && trial.trial == state.trials.len() => {
                    state.trials.push(trial);
                }
                Line::Trial(_) => return Err(damaged("a trial out of turn")),
                Line::Frozen(at) if state.frozen.is_none() && at < state.trials.len() => state.frozen = Some(at),
                Line::Frozen(_) => return Err(damaged("it freezes what cannot be frozen")),
                Line::Test(_) if state.frozen.is_none() => return Err(damaged("a test of what is not frozen")),
                Line::Test(figures) => state.test = Some(figures),
            }
        }
        Ok(state)
    }
}
