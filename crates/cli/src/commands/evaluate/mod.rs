//! `foretaste evaluate`: models side by side, by what they find of what was held out.

mod csv;
mod html;
mod kept;
mod repeat;
mod table;
mod watched;

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use foretaste::dataset::Dataset;
use foretaste_eval::{
    Asked, Contender, EvalError, Fold, Folds, Kind, Outside, OutsideError, Plan, ProtocolError, Report, Split,
    at_least, evaluate,
};

use super::destination::{self, Destination};
use super::pool;
use crate::args::{DataArgs, EvaluateArgs};
use crate::data::{Place, load_ratings, obtain, resolve};
use crate::exit::{Exit, coded};
use crate::output::{self, Shape};
pub(super) use watched::Watched;

/// The model that stands in every table.
const ALWAYS: &str = "popularity";

/// Shares of the training data that a learning curve has besides all of them.
const SHARES: [f64; 2] = [0.1, 0.3];

pub(super) fn run(args: &EvaluateArgs) -> Result<()> {
    if let Some(report) = &args.report {
        return repeat::run(report);
    }
    if let Some(html) = &args.html {
        destination::check(html, &[])?;
    }
    let mut report = evaluated(args)?;
    report.command = command();
    if let Some(html) = &args.html {
        let mut file = Destination::open(Some(html))?;
        file.write_all(html::page(&report, &plan(args).at).as_bytes())
            .with_context(|| format!("cannot write {}", html.display()))?;
        file.finish()?;
    }
    match args.json.shape() {
        Shape::Json => output::json(&report),
        Shape::Text if args.csv => csv::write(&report),
        Shape::Text => table::write(&report, &plan(args), args.protocol),
    }
}

fn plan(args: &EvaluateArgs) -> Plan {
    let mut at = args.at.clone();
    at.sort_unstable();
    at.dedup();
    let shares = if args.curve { SHARES.to_vec() } else { Vec::new() };
    Plan { at, seed: args.seed, limit: args.limit, memory: args.memory, shares }
}

/// The report, but for its command.
fn evaluated(args: &EvaluateArgs) -> Result<Report> {
    let (models, plan) = (contenders(args)?, plan(args));
    let mut report = pool(args.threads)?.install(|| {
        let folds = folds(args)?;
        let mut watched = Watched::new(folds.len());
        watched.keep(&plan, args.save_lists.as_deref(), args.save_users.as_deref())?;
        let report = evaluate(&folds, &models, &plan, &mut watched).map_err(refused)?;
        watched.finish()?;
        Ok::<_, anyhow::Error>(report)
    })?;
    report.protocol = args.protocol.map(|protocol| protocol.name().to_owned());
    report.definition = args.protocol.map(|protocol| protocol.definition().to_owned());
    Ok(report)
}

/// All lines of the table: what was asked for, and popularity.
fn contenders(args: &EvaluateArgs) -> Result<Vec<Contender>> {
    let outside = |kind| move |path: &std::path::PathBuf| Contender::Outside(Outside { path: path.clone(), kind });
    let mut asked = Vec::new();
    for model in &args.models.0 {
        let seeded = model.clone().seeded(args.seed, args.seeds).map_err(|error| coded(Exit::Usage, error))?;
        asked.extend(seeded.into_iter().map(Contender::Model));
    }
    let files = args.model_file.iter().cloned().map(Contender::File);
    let lists = args.lists.iter().map(outside(Kind::Lists));
    let all = asked.into_iter().chain(files).chain(lists).chain(args.scores.iter().map(outside(Kind::Scores)));
    let always = args.models.0.iter().all(|asked| asked.model != ALWAYS);
    let always = always.then(|| Contender::Model(Asked { model: ALWAYS.to_owned(), settings: Vec::new() }));
    Ok(all.chain(always).collect())
}

/// What was typed, on one line that a shell understands.
fn command() -> String {
    shell_line(std::env::args().skip(1))
}

/// A call of foretaste with these words.
pub(super) fn shell_line(words: impl IntoIterator<Item = String>) -> String {
    let words = words.into_iter().map(|word| {
        let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_=.,/:@%+~".contains(c));
        if plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    std::iter::once("foretaste".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// The folds that the arguments ask for.
pub(super) fn folds(args: &EvaluateArgs) -> Result<Folds> {
    let read = |data: &str| -> Result<Arc<Dataset>> {
        let read = load_ratings(&DataArgs { data: data.to_owned(), read: args.read.clone() })?;
        let Some(least) = args.positive else { return Ok(read) };
        Ok(Arc::new(read.about(&read.name, at_least(&read.interactions, least))))
    };
    if let (Some(train), Some(test)) = (&args.train, &args.test) {
        return Ok(Folds::Given(Fold::given(read(train)?, &read(test)?.interactions)));
    }
    let data = args.data.as_deref().unwrap_or_default();
    let all = read(data)?;
    Ok(match args.protocol {
        Some(protocol) => {
            let path = match resolve(data)? {
                Place::Ratings(path) | Place::Model(path) => path,
                Place::BuiltIn(archive) => obtain(archive, args.read.mirror.as_deref())?,
                Place::Demo => data.into(),
            };
            protocol.folds(all, &path).map_err(|error| {
                let exit = match error {
                    ProtocolError::Unknown { .. } => Exit::Usage,
                    ProtocolError::Missing { .. } => Exit::NotFound,
                    ProtocolError::Load { .. } | ProtocolError::Sequences { .. } => Exit::Data,
                };
                coded(exit, error)
            })?
        }
        None => {
            let split = args.split.unwrap_or(Split::Random { share: 0.2 });
            Folds::Split { all, split, seed: args.seed }
        }
    })
}

fn refused(error: EvalError) -> anyhow::Error {
    let exit = match &error {
        EvalError::ModelFile { .. } => Exit::Data,
        EvalError::Outside(OutsideError::Read { path, .. }) if !path.exists() => Exit::NotFound,
        EvalError::Outside(error) if !matches!(error, OutsideError::Folds { .. }) => Exit::Data,
        EvalError::Keep(_) => Exit::Failure,
        _ => Exit::Usage,
    };
    coded(exit, error)
}
