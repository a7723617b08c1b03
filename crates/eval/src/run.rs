//! Models, fold by fold: fitted, asked, judged, compared.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foretaste::interactions::Interactions;
use foretaste::models::{FitError, ModelParams, ParamsError, Shape};
use foretaste::recommend::{RecommendError, Recommender};
use jiff::Timestamp;

use crate::compare::differences;
use crate::entrant::Entrant;
use crate::test_users::TestUsers;
use crate::{Fold, Folds, LeftOut, Report, SplitError, Test, judge};

/// A model as it is asked for: its parameters may depend on the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The family.
    pub model: String,
    /// Settings such as `lambda=500`; the others have the family's defaults.
    pub settings: Vec<String>,
}

impl Asked {
    /// Its parameters for data of this shape.
    ///
    /// # Errors
    /// The model or a parameter does not exist.
    pub fn params(&self, shape: &Shape) -> Result<ModelParams, ParamsError> {
        ModelParams::for_shape(&self.model, shape)?.with(&self.settings)
    }
}

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
}

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The data cannot be parted.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A model or a parameter does not exist.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// A model cannot be fitted.
    #[error("cannot fit {model}")]
    Fit {
        /// The model.
        model: String,
        /// Why.
        #[source]
        source: FitError,
    },
    /// A list cannot be made.
    #[error("{model} cannot be asked")]
    Ask {
        /// The model.
        model: String,
        /// Why.
        #[source]
        source: RecommendError,
    },
}

/// The figures of some models. `cpu` tells the process's CPU time, `told` is called when a fit begins, with the fold and the
/// model.
///
/// Runs in the pool of threads that it is called in; the figures, but for times, are the same at any number of threads. One
/// fold and one model are held at a time.
///
/// # Errors
/// Data cannot be parted, a model does not exist, cannot be fitted, or cannot be asked. A model that is stopped by the plan's
/// limits is no error: it has no figures.
pub fn evaluate(
    folds: &Folds,
    models: &[Asked],
    plan: &Plan,
    cpu: &dyn Fn() -> Duration,
    told: &mut dyn FnMut(usize, &str),
) -> Result<Report, EvalError> {
    let mut entrants: Vec<Entrant> = models.iter().map(|asked| Entrant::new(&asked.model)).collect();
    let mut parted = Parted::default();
    for number in 0..folds.len() {
        let Fold { train, test } = folds.fold(number)?;
        parted.add(&train.interactions, &test);
        for (entrant, asked) in entrants.iter_mut().zip(models).filter(|(entrant, _)| !entrant.is_stopped()) {
            let shape = Shape::of(&train.interactions);
            let params = asked.params(&shape)?;
            told(number, &params.summary());
            let needed = params.memory(&shape).fit;
            if let Some(allowed) = plan.memory.filter(|&allowed| needed > allowed) {
                entrant.stop(&params, format!("a fit holds {needed} bytes, allowed are {allowed}"));
                continue;
            }
            let (before, begun) = (cpu(), Instant::now());
            let mut progress = |_| match plan.limit {
                Some(limit) if begun.elapsed() > limit => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            };
            let fit = match Recommender::fit(Arc::clone(&train), &params, Timestamp::UNIX_EPOCH, &mut progress) {
                Ok((recommender, _)) => recommender,
                Err(FitError::Cancelled) => {
                    let limit = plan.limit.unwrap_or_default().as_secs_f64();
                    entrant.stop(&params, format!("the fit took longer than {limit} s"));
                    continue;
                }
                Err(source) => return Err(EvalError::Fit { model: params.summary(), source }),
            };
            let took = cpu().saturating_sub(before);
            let judged = judge(&fit, &test, plan.at.last().copied().unwrap_or(1));
            let judged = judged.map_err(|source| EvalError::Ask { model: params.summary(), source })?;
            entrant.add(&params, took, &judged, &plan.at, &train.interactions);
        }
    }
    Ok(parted.report(folds, plan, entrants))
}

/// What all folds hold together.
#[derive(Default)]
struct Parted {
    hash: blake3::Hasher,
    users: usize,
    rows: usize,
    left_out: LeftOut,
    asked: TestUsers,
}

impl Parted {
    fn add(&mut self, train: &Interactions, test: &Test) {
        self.hash.update(&train.hash());
        for wanted in &test.users {
            self.hash.update(&wanted.user.0.to_le_bytes());
            for (item, value) in wanted.items.iter().zip(&wanted.values) {
                self.hash.update(&item.to_le_bytes());
                self.hash.update(&value.to_le_bytes());
            }
        }
        self.users += test.users.len();
        self.rows += test.rows();
        self.left_out += test.left_out;
        self.asked.add(test, train.users());
    }

    fn report(self, folds: &Folds, plan: &Plan, entrants: Vec<Entrant>) -> Report {
        let (split, uses_the_future, seed) = match folds {
            Folds::Split { split, seed, .. } => (split.to_string(), split.uses_the_future(), Some(*seed)),
            Folds::Held { .. } | Folds::Given(_) => ("given".to_owned(), false, None),
        };
        let (models, by_user): (Vec<_>, Vec<_>) = entrants.into_iter().map(Entrant::report).unzip();
        let first = plan.at.first().copied().unwrap_or(1);
        Report {
            protocol: None,
            split,
            uses_the_future,
            split_seed: seed,
            seed: plan.seed,
            data_hash: self.hash.finalize().to_hex().to_string(),
            foretaste_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: String::new(),
            folds: folds.len(),
            users: self.users,
            rows: self.rows,
            left_out: self.left_out,
            differences: differences(&self.asked, &by_user, &models, first, plan.seed),
            models,
        }
    }
}
