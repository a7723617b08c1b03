//! Tuning: parameters that do well on a cut of the training data, found without a look at what is held out.
//!
//! A [`Search`] says what to try, [`tune`] fits and judges it on a [`Validation`], and the tries can be kept as [`Line`]s of a
//! [`State`] from which the search goes on: the same tries follow, whether it was broken off or not.

mod halton;
mod halving;
mod search;
mod sensitivity;
mod state;
mod train_only;
mod trial;
mod votes;
mod weights;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use foretaste::models::{FitError, FitProgress};
use foretaste::recommend::Recommender;
use jiff::Timestamp;

pub use search::{Search, SearchError};
pub use sensitivity::{Near, Sensitivity};
pub use state::{Head, Line, State, StateError};
pub use train_only::{TrainOnly, Validation, Within};
pub use trial::{Goal, GoalError, Origin, Setting, Trial, kept};

use self::votes::Votes;
use crate::judge::{Judged, judge};
use crate::run::EvalError;

/// What a search tells while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// A member of a blend is fitted next.
    Member(&'a str),
    /// A try was made.
    Trial(&'a Trial),
}

/// Goes on with a search until its budget is spent, `told` breaks it off, or nothing new is left. `trials` are those that
/// were made before; the new ones are added, each as soon as `told` has heard of it. A fit may take as long as `limit`; `cpu`
/// tells the process's CPU time.
///
/// Runs in the pool of threads that it is called in; the tries, but for times, are the same at any number of threads. One model
/// is held at a time. The members of a blend are fitted once, before the first of the new tries, which counts their CPU time;
/// their votes are held: 4 bytes for each user, item and member, and 4 more for each user and item.
///
/// # Errors
/// The defaults or a member cannot be fitted, a model cannot be asked, or `told` fails. Any other try that cannot be fitted has
/// no figure.
pub fn tune<E: From<EvalError>>(
    validation: &Validation,
    search: &Search,
    limit: Option<Duration>,
    trials: &mut Vec<Trial>,
    cpu: &dyn Fn() -> Duration,
    told: &mut dyn FnMut(Told<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut votes = None;
    while let Some((from, set, share)) = search.next(trials) {
        let before = cpu();
        let tried = match search.weights() {
            None => figure(validation, search, limit, &set, share)?,
            Some(weights) => {
                let cast = match votes.take() {
                    Some(cast) => cast,
                    None => Votes::cast(validation, weights.blend(), limit, told)?,
                };
                let judged = votes.insert(cast).judged(&weights.of(&set), search.goal().places());
                reached(search, &judged)
            }
        };
        let (figure, stopped) = match tried {
            Ok(figure) => (Some(figure), None),
            Err(Stopped::Fit(source)) if trials.is_empty() => {
                return Err(EvalError::Fit { model: search.model().to_owned(), source }.into());
            }
            Err(Stopped::Fit(source)) => (None, Some(source.to_string())),
            Err(Stopped::Why(why)) => (None, Some(why)),
        };
        let cpu_seconds = (cpu().saturating_sub(before).as_secs_f64() * 1e3).round() / 1e3;
        let trial = Trial { trial: trials.len(), from, set, share, figure, stopped, cpu_seconds };
        told(Told::Trial(&trial))?;
        trials.push(trial);
    }
    Ok(())
}

/// Why a try has no figure.
enum Stopped {
    Fit(FitError),
    Why(String),
}

/// Breaks a fit off that takes longer.
fn limited(limit: Option<Duration>) -> impl FnMut(FitProgress) -> ControlFlow<()> {
    let begun = Instant::now();
    move |_| match limit {
        Some(limit) if begun.elapsed() > limit => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    }
}

/// The figure of some values.
fn figure(
    validation: &Validation,
    search: &Search,
    limit: Option<Duration>,
    set: &Setting,
    share: Option<f64>,
) -> Result<Result<f64, Stopped>, EvalError> {
    let params = search.params_at(set, share)?;
    let part = share.zip(search.cheaper()).map(|(share, of)| validation.share(of, share, search.seed()));
    let validation = part.as_ref().unwrap_or(validation);
    let train = validation.train().clone();
    let fit = match Recommender::fit(train, &params, Timestamp::UNIX_EPOCH, &mut limited(limit)) {
        Ok((recommender, _)) => recommender,
        Err(FitError::Cancelled) => {
            let limit = limit.unwrap_or_default().as_secs_f64();
            return Ok(Err(Stopped::Why(format!("the fit took longer than {limit} s"))));
        }
        Err(error) => return Ok(Err(Stopped::Fit(error))),
    };
    let judged = judge(&fit, validation.held(), search.goal().places());
    let judged = judged.map_err(|source| EvalError::Ask { model: params.summary(), source })?;
    Ok(reached(search, &judged))
}

/// What the goal says of lists.
fn reached(search: &Search, judged: &Judged) -> Result<f64, Stopped> {
    let why = || Stopped::Why(format!("{} predicts no ratings", search.model()));
    search.goal().figure(judged).filter(|figure| figure.is_finite()).map(kept).ok_or_else(why)
}
