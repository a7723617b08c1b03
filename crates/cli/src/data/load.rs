//! DATA read into memory, and a model fitted to it.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Error, Result, anyhow};
use foretaste::artifact;
use foretaste::dataset::Dataset;
use foretaste::models::{FitError, FitReport, Shape};
use foretaste::recommend::Recommender;
use jiff::Timestamp;

use super::{Place, obtain, resolve};
use crate::args::{DataArgs, FitArgs, ReadArgs, ShortArgs};
use crate::exit::{Exit, ExitWith, coded};
use crate::machine;
use crate::output::{self, Progress, count};

/// Steps that a fit's progress is shown in.
const FIT_STEPS: f64 = 1000.0;

/// Bytes that a factorisation is announced from: 64 MiB.
const NOTABLE_MEMORY: u64 = 64 << 20;

/// What DATA turned out to be.
pub(crate) enum Loaded {
    /// Ratings, and maybe titles.
    Ratings(Arc<Dataset>),
    /// A fitted model with its data.
    Model(Box<Recommender>),
}

/// Reads what DATA names.
///
/// # Errors
/// When DATA names nothing, cannot be downloaded, cannot be read, or is a model and flags say how to read ratings.
pub(crate) fn load(args: &DataArgs) -> Result<Loaded> {
    let read = &args.read;
    let dataset = match resolve(&args.data)? {
        Place::Model(path) => {
            if read.says_anything() {
                return Err(pointless(&path, "flags about reading ratings"));
            }
            let model = artifact::read(&path).with_context(|| format!("cannot read the model {}", path.display()));
            return Ok(Loaded::Model(Box::new(model.exit_with(Exit::Data)?)));
        }
        Place::Demo => demo(read)?,
        Place::Ratings(path) => ratings(&path, read)?,
        Place::BuiltIn(archive) => ratings(&obtain(archive, read.mirror.as_deref())?, read)?,
    };
    Ok(Loaded::Ratings(Arc::new(dataset)))
}

/// Reads ratings; a model gives the ratings it was fitted to.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_ratings(args: &DataArgs) -> Result<Arc<Dataset>> {
    Ok(match load(args)? {
        Loaded::Ratings(dataset) => dataset,
        Loaded::Model(model) => Arc::clone(model.dataset()),
    })
}

/// Reads a model, or fits one to ratings, in the pool this is called in.
///
/// # Errors
/// As [`load`]; and when a parameter is out of range or the fit fails, or DATA is a model and flags say how to fit one.
pub(crate) fn ready(args: &DataArgs, fit: &FitArgs) -> Result<Recommender> {
    match load(args)? {
        Loaded::Model(_) if fit.says_anything() => Err(model_takes_no_fit(args)),
        Loaded::Model(model) => Ok(*model),
        Loaded::Ratings(dataset) => Ok(fitted(dataset, fit)?.0),
    }
}

/// Fits a model to interactions, in the pool this is called in.
///
/// # Errors
/// When a parameter is out of range or the fit fails.
pub(crate) fn fitted(dataset: Arc<Dataset>, fit: &FitArgs) -> Result<(Recommender, FitReport)> {
    let shape = Shape::of(&dataset.interactions);
    let params = fit.params(&shape)?;
    params.check(&shape).exit_with(Exit::Usage)?;
    let memory = params.memory(&shape).fit;
    if memory >= NOTABLE_MEMORY {
        let (users, items) = (count(shape.users), count(shape.items));
        let most = machine::held_for_mib(memory);
        output::note(&format!("{} of {users} x {items} takes at most {most} MiB", params.summary()));
    }
    let mut bar = Progress::steps("fitting");
    let mut progress = |step: foretaste::models::FitProgress| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a thousand steps")]
        bar.at((step.done.clamp(0.0, 1.0) * FIT_STEPS) as u64, Some(FIT_STEPS as u64));
        ControlFlow::Continue(())
    };
    let fitted = Recommender::fit(dataset, &params, Timestamp::now(), &mut progress);
    drop(bar);
    match fitted {
        Ok(fitted) => Ok(fitted),
        Err(error @ (FitError::Parameter { .. } | FitError::Unsuited { .. })) => Err(coded(Exit::Usage, error)),
        Err(error) => Err(Error::new(error).context(format!("cannot fit {}", params.summary()))),
    }
}

fn demo(read: &ReadArgs) -> Result<Dataset> {
    if read.says_anything() {
        return Err(coded(
            Exit::Usage,
            anyhow!("`demo` is generated, not read: it takes no flags about reading ratings"),
        ));
    }
    Dataset::demo().context("cannot generate the demo")
}

fn ratings(path: &Path, read: &ReadArgs) -> Result<Dataset> {
    let mut bar = Progress::bytes("reading");
    let dataset = Dataset::load_with(&read.files(path), &read.tables(), &read.options(), &mut |at| {
        bar.at(at.bytes_read, (at.bytes_total > 0).then_some(at.bytes_total));
        ControlFlow::Continue(())
    });
    drop(bar);
    dataset.with_context(|| format!("cannot use {}", path.display())).exit_with(Exit::Data)
}

/// Says that a fitted model cannot be fitted with other parameters.
pub(crate) fn model_takes_no_fit(args: &DataArgs) -> Error {
    let short: Vec<String> = ShortArgs::names().collect();
    let [before @ .., last] = &short[..] else {
        return pointless(Path::new(&args.data), "--model, --set and --params");
    };
    pointless(Path::new(&args.data), &format!("--model, --set, --params, {} and {last}", before.join(", ")))
}

fn pointless(path: &Path, flags: &str) -> Error {
    coded(Exit::Usage, anyhow!("{} is a fitted model: {flags} have no meaning for it", path.display()))
}
