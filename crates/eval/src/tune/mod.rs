//! Tuning: parameters that do well on a cut of the training data, found without a look at what is held out.
//!
//! A [`Search`] says what to try, [`tune`] fits and judges it on a [`Validation`], and the tries can be kept as [`Line`]s of a
//! [`State`] from which the search goes on: the same tries follow, whether it was broken off or not.

mod halton;
mod search;
mod sensitivity;
mod state;
mod train_only;
mod trial;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use foretaste::models::FitError;
use foretaste::recommend::Recommender;
use jiff::Timestamp;

pub use search::{Search, SearchError};
pub use sensitivity::{Near, Sensitivity};
pub use state::{Head, Line, State, StateError};
pub use train_only::{TrainOnly, Validation};
pub use trial::{Goal, GoalError, Origin, Setting, Trial, kept};

use crate::judge::judge;
use crate::run::EvalError;

/// Goes on with a search until its budget is spent, `told` breaks it off, or nothing new is left. `trials` are those that
/// were made before; the new ones are added, each as soon as `told` has heard of it. A fit may take as long as `limit`; `cpu`
/// tells the process's CPU time.
///
/// Runs in the pool of threads that it is called in; the tries, but for times, are the same at any number of threads. One model
/// is held at a time.
///
/// # Errors
/// The defaults cannot be fitted, a model cannot be asked, or `told` fails. Any other try that cannot be fitted has no figure.
pub fn tune<E: From<EvalError>>(
    validation: &Validation,
    search: &Search,
    limit: Option<Duration>,
    trials: &mut Vec<Trial>,
    cpu: &dyn Fn() -> Duration,
    told: &mut dyn FnMut(&Trial) -> Result<(), E>,
) -> Result<(), E> {
    while let Some((from, set)) = search.next(trials) {
        let before = cpu();
        let tried = figure(validation, search, limit, &set)?;
        let (figure, stopped) = match tried {
            Ok(figure) => (Some(figure), None),
            Err(Stopped::Fit(source)) if trials.is_empty() => {
                return Err(EvalError::Fit { model: search.model().to_owned(), source }.into());
            }
            Err(Stopped::Fit(source)) => (None, Some(source.to_string())),
            Err(Stopped::Why(why)) => (None, Some(why)),
        };
        let cpu_seconds = (cpu().saturating_sub(before).as_secs_f64() * 1e3).round() / 1e3;
        let trial = Trial { trial: trials.len(), from, set, figure, stopped, cpu_seconds };
        told(&trial)?;
        trials.push(trial);
    }
    Ok(())
}

/// Why a try has no figure.
enum Stopped {
    Fit(FitError),
    Why(String),
}

/// The figure of some values.
fn figure(
    validation: &Validation,
    search: &Search,
    limit: Option<Duration>,
    set: &Setting,
) -> Result<Result<f64, Stopped>, EvalError> {
    let params = search.params(set)?;
    let begun = Instant::now();
    let mut progress = |_| match limit {
        Some(limit) if begun.elapsed() > limit => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let train = validation.train().clone();
    let fit = match Recommender::fit(train, &params, Timestamp::UNIX_EPOCH, &mut progress) {
        Ok((recommender, _)) => recommender,
        Err(FitError::Cancelled) => {
            let limit = limit.unwrap_or_default().as_secs_f64();
            return Ok(Err(Stopped::Why(format!("the fit took longer than {limit} s"))));
        }
        Err(error) => return Ok(Err(Stopped::Fit(error))),
    };
    let judged = judge(&fit, validation.held(), search.goal().places());
    let judged = judged.map_err(|source| EvalError::Ask { model: params.summary(), source })?;
    let why = || Stopped::Why(format!("{} predicts no ratings", params.name()));
    Ok(search.goal().figure(&judged).filter(|figure| figure.is_finite()).map(kept).ok_or_else(why))
}
