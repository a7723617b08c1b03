//! A fit: what it is given, what it says on the way, what comes out, what can go wrong.

use std::error::Error;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use foretaste_data::interactions::Interactions;

use crate::Model;

/// The size of what a model is fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of users.
    pub users: usize,
    /// Number of items.
    pub items: usize,
    /// Number of interactions, one for each user and item at most.
    pub entries: usize,
}

impl Shape {
    /// The shape of these interactions.
    #[must_use]
    pub fn of(interactions: &Interactions) -> Self {
        Self { users: interactions.users().len(), items: interactions.items().len(), entries: interactions.nnz() }
    }

    /// Bytes of a sparse matrix with a row for each user: a column and a value for each entry, an offset for each row.
    pub(crate) fn by_user(&self) -> u64 {
        sparse_bytes(self.users, self.entries)
    }

    /// Bytes of its transpose, with a row for each item.
    pub(crate) fn by_item(&self) -> u64 {
        sparse_bytes(self.items, self.entries)
    }
}

fn sparse_bytes(rows: usize, entries: usize) -> u64 {
    8 * (entries as u64 + rows as u64 + 1)
}

/// What a fit takes, in bytes: what is asked of the allocator, which itself needs some more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Held at most while the fit runs, to a fifth and 20 MB: the matrix of interactions and the model that comes of it
    /// are included, ids and times are not, nor what days take as features (`bayesian_fm`: 4 bytes
    /// a day, column and sample), nor features of items (`ials`: 8 bytes for each of an item, and 12 for each factor of each
    /// different one), nor what each thread holds of its own (4 MiB where it multiplies dense
    /// blocks; item-kNN and random walks 40 bytes an item; SLIM 9 bytes an item and 8 for each pair of the items that
    /// can have a weight for one candidate; iALS 16 times the square of the number of factors, and with features of items 320
    /// bytes for each different one; biased MF and SVD++ 16 times the square of the number of factors;
    /// SASRec what 8 users take on their way through the network, some 40 x length x width and 16 x length² bytes a user and block, and 256 bytes an item).
    pub fit: u64,
    /// Held by the fitted model.
    pub model: u64,
}

/// How far a fit has come. It is only shown: what was done stands in the [`FitReport`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitProgress {
    /// Share of the work done, an estimate in 0..=1 that does not fall.
    pub done: f64,
}

/// The callback of a fit: told how far it is, it may break it off.
pub type OnProgress<'a> = dyn FnMut(FitProgress) -> ControlFlow<()> + 'a;

/// Tells the caller how far a fit is.
///
/// # Errors
/// [`FitError::Cancelled`] when the caller breaks it off.
pub(crate) fn tell(progress: &mut OnProgress<'_>, done: f64) -> Result<(), FitError> {
    if progress(FitProgress { done }).is_break() { Err(FitError::Cancelled) } else { Ok(()) }
}

/// A fitted model and what the fit was like.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// What was done.
    pub report: FitReport,
}

/// What a fit did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitReport {
    /// The parts of the fit, in the order in which they ran.
    pub phases: Vec<Phase>,
    /// What was measured of the result, by name, such as the `residual` of a factorisation. Equal fits have equal
    /// figures; times are no figures.
    pub figures: Vec<(&'static str, f64)>,
}

impl FitReport {
    /// Runs a part of the fit and notes how long it took.
    pub(crate) fn phase<T>(&mut self, name: &'static str, run: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let outcome = run();
        self.phases.push(Phase { name, took: started.elapsed() });
        outcome
    }

    /// The wall time of all phases together.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.phases.iter().map(|phase| phase.took).sum()
    }

    /// The wall time of one phase, if there was one of that name.
    #[must_use]
    pub fn took(&self, name: &str) -> Option<Duration> {
        self.phases.iter().find(|phase| phase.name == name).map(|phase| phase.took)
    }
}

/// A part of a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What was done, such as `factorise`.
    pub name: &'static str,
    /// Wall time.
    pub took: Duration,
}

/// Why a model could not be fitted.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// A parameter is outside of what the model or the data allow.
    #[error("{name} {found} was asked for, allowed are {allowed}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// The value asked for.
        found: String,
        /// The values allowed.
        allowed: String,
    },
    /// The data lack what the model needs.
    #[error("the model `{model}` needs {needs}")]
    Unsuited {
        /// The model.
        model: &'static str,
        /// What the data lack, and what to do.
        needs: String,
    },
    /// The callback asked to stop.
    #[error("the fit was cancelled")]
    Cancelled,
    /// The numerical work failed.
    #[error("the {what} failed")]
    Failed {
        /// The work, such as `factorisation`.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A number of the model is NaN or infinite, so it must not serve.
    #[error("the fitted {part} hold a number that is not finite at position {at}")]
    NotFinite {
        /// Which array.
        part: &'static str,
        /// Position in the array.
        at: usize,
    },
}

/// Refuses an array with a number that is not finite.
///
/// # Errors
/// [`FitError::NotFinite`] for the first one.
pub(crate) fn check_finite(part: &'static str, mut numbers: impl Iterator<Item = f64>) -> Result<(), FitError> {
    numbers.position(|x| !x.is_finite()).map_or(Ok(()), |at| Err(FitError::NotFinite { part, at }))
}

/// Refuses a parameter that is not a finite number in a closed range.
///
/// # Errors
/// [`FitError::Parameter`].
#[expect(clippy::float_cmp, reason = "the constant itself is meant")]
pub(crate) fn check_range(name: &'static str, found: f64, least: f64, most: f64) -> Result<(), FitError> {
    if (least..=most).contains(&found) && found.is_finite() {
        return Ok(());
    }
    // What is above 0 at all has a least number only for the machine.
    let above =
        if least == f64::MIN_POSITIVE { "numbers above 0".to_owned() } else { format!("numbers from {least} on") };
    let allowed = if most.is_infinite() {
        above
    } else {
        format!("{least} to {most}").replace(&f64::MIN_POSITIVE.to_string(), "above 0")
    };
    Err(FitError::Parameter { name, found: found.to_string(), allowed })
}

/// Refuses a number of things that is 0.
///
/// # Errors
/// [`FitError::Parameter`].
pub(crate) fn check_at_least_one(name: &'static str, found: usize) -> Result<(), FitError> {
    if found > 0 {
        return Ok(());
    }
    let allowed = "whole numbers from 1 on".to_owned();
    Err(FitError::Parameter { name, found: found.to_string(), allowed })
}

/// Rounds to the f32 that is stored; the sums behind it ran in f64.
#[expect(clippy::cast_possible_truncation, reason = "numbers of models are stored as f32 on purpose")]
pub(crate) fn narrow(x: f64) -> f32 {
    x as f32
}
