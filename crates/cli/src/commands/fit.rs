//! `foretaste fit`: ratings in, a model file out.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use foretaste::artifact;
use foretaste::dataset::Dataset;
use foretaste::models::{self, FitReport};
use foretaste::recommend::{Provenance, Recommender};
use serde::Serialize;

use super::{destination, pool};
use crate::args::FitCommandArgs;
use crate::data::{fitted, load_ratings};
use crate::exit::{Exit, ExitWith};
use crate::output::{self, Shape, bytes, seconds};

#[derive(Serialize)]
struct Fitted<'a> {
    model: String,
    bytes: u64,
    fit_ms: f64,
    #[serde(flatten)]
    provenance: &'a Provenance,
}

pub(super) fn run(args: &FitCommandArgs) -> Result<()> {
    destination::check(&args.out, &files_read(args))?;
    let pool = pool(args.model.threads)?;
    let (recommender, report) = pool.install(|| {
        let dataset = load_ratings(&args.model.data)?;
        destination::has_space(&args.out, least_bytes(&dataset, args)?)?;
        fitted(dataset, &args.model.fit)
    })?;
    let model = args.out.display().to_string();
    let length =
        artifact::write(&args.out, &recommender).with_context(|| format!("cannot write the model file {model}"))?;
    match args.json.shape() {
        Shape::Json => {
            let fit_ms = (report.total().as_secs_f64() * 1e5).round() / 100.0;
            output::json(&Fitted { model, bytes: length, fit_ms, provenance: recommender.provenance() })
        }
        Shape::Text => {
            let mut out = output::stdout();
            writeln!(out, "{}", fit_line(&recommender, &report))?;
            writeln!(out, "wrote {model}, {}", bytes(length))?;
            Ok(out.flush()?)
        }
    }
}

/// The ratings and titles that the model file must not replace. A model may replace the one whose ratings it is
/// fitted to.
fn files_read(args: &FitCommandArgs) -> Vec<&Path> {
    let data = &args.model.data;
    let ratings = Path::new(&data.data);
    let is_model = artifact::is_model_file(ratings);
    data.read.items.as_deref().into_iter().chain((!is_model).then_some(ratings)).collect()
}

/// What the model file takes, give or take ids and properties: the interactions, 8 bytes each, and two thirds of what
/// the model holds in memory, where some of it is kept twice.
///
/// # Errors
/// A model or parameter that does not exist, or is out of range.
fn least_bytes(dataset: &Dataset, args: &FitCommandArgs) -> Result<u64> {
    let shape = models::Shape::of(&dataset.interactions);
    let params = args.model.fit.params(&shape)?;
    params.check(&shape).exit_with(Exit::Usage)?;
    Ok(8 * shape.entries as u64 + params.memory(&shape).model / 3 * 2)
}

/// One line about a fit.
pub(super) fn fit_line(recommender: &Recommender, report: &FitReport) -> String {
    let from = recommender.provenance();
    let figures = from.figures.iter().map(|(name, figure)| format!(", {name} {figure:.1e}")).collect::<String>();
    format!("fitted {} in {}{figures}", from.params.summary(), seconds(report.total()))
}
