//! `foretaste evaluate`: models side by side, by what they find of what was held out.

mod table;

use std::sync::Arc;

use anyhow::Result;
use foretaste::dataset::Dataset;
use foretaste_eval::{Asked, EvalError, Fold, Folds, Plan, ProtocolError, Split, at_least, evaluate};

use super::pool;
use crate::args::{DataArgs, EvaluateArgs};
use crate::data::{Place, load_ratings, obtain, resolve};
use crate::exit::{Exit, coded};
use crate::machine;
use crate::output::{self, Shape};

/// The model that stands in every table.
const ALWAYS: &str = "popularity";

pub(super) fn run(args: &EvaluateArgs) -> Result<()> {
    let mut models = args.models.0.clone();
    if models.iter().all(|asked| asked.model != ALWAYS) {
        models.push(Asked { model: ALWAYS.to_owned(), settings: Vec::new() });
    }
    let mut at = args.at.clone();
    at.sort_unstable();
    at.dedup();
    let plan = Plan { at, seed: args.seed, limit: args.limit, memory: None };
    let mut report = pool(args.threads)?.install(|| {
        let folds = folds(args)?;
        let count = folds.len();
        let mut told = |fold: usize, model: &str| {
            let of = if count > 1 { format!(", fold {} of {count}", fold + 1) } else { String::new() };
            output::note(&format!("fitting {model}{of}"));
        };
        evaluate(&folds, &models, &plan, &machine::cpu_time, &mut told).map_err(refused)
    })?;
    report.protocol = args.protocol.map(|protocol| protocol.name().to_owned());
    report.command = command();
    match args.json.shape() {
        Shape::Json => output::json(&report),
        Shape::Text => table::write(&report, &plan, args.protocol),
    }
}

/// What was typed, on one line that a shell understands.
fn command() -> String {
    let words = std::env::args().skip(1).map(|word| {
        let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_=.,/:@%+~".contains(c));
        if plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    std::iter::once("foretaste".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn folds(args: &EvaluateArgs) -> Result<Folds> {
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
    coded(Exit::Usage, error)
}
