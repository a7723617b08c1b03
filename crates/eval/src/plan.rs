//! How an evaluation goes on, and who is told of it.

use std::io;
use std::time::Duration;

use foretaste::interactions::Interactions;

use crate::{Judged, Test};

/// How to evaluate.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The cut-offs of the metrics, rising, each from 1 to [`LONGEST`](crate::LONGEST).
    pub at: Vec<usize>,
    /// The seed of the resamples.
    pub seed: u64,
    /// How long one fit may take.
    pub limit: Option<Duration>,
    /// How many bytes one fit may hold.
    pub memory: Option<u64>,
    /// Shares of the training data, rising and below 1, that each model is fitted to as well: its learning curve.
    pub shares: Vec<f64>,
}

impl Plan {
    /// The first cut-off: models are compared by it.
    #[must_use]
    pub fn first(&self) -> usize {
        self.at.first().copied().unwrap_or(1)
    }

    /// The longest list that is asked for.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.at.last().copied().unwrap_or(1)
    }
}

/// What a model answered in one fold.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The model, by its place in the table.
    pub place: usize,
    /// The model and its parameters, in words.
    pub summary: &'a str,
    /// The fold, from 0.
    pub fold: usize,
    /// What the model was fitted to.
    pub train: &'a Interactions,
    /// Who was asked about.
    pub test: &'a Test,
    /// The lists, in the order of the test users.
    pub judged: &'a Judged,
}

/// Who measures time and is told how the evaluation goes on.
pub trait Observer {
    /// The process's CPU time so far.
    fn cpu(&self) -> Duration;

    /// A fit or a reading begins.
    fn begins(&mut self, _fold: usize, _model: &str) {}

    /// A fit to a share of the training data begins.
    fn begins_share(&mut self, _fold: usize, _model: &str, _share: f64) {}

    /// A model has answered.
    ///
    /// # Errors
    /// What it answered cannot be kept.
    fn answered(&mut self, _answered: &Answered<'_>) -> io::Result<()> {
        Ok(())
    }
}
