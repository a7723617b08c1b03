//! `foretaste fit`: ratings in, a model file out.

use std::io::Write;

use anyhow::{Context, Result};
use foretaste::artifact;
use foretaste::models::FitReport;
use foretaste::recommend::{Provenance, Recommender};
use serde::Serialize;

use super::pool;
use crate::args::FitCommandArgs;
use crate::data::{fitted, load_ratings};
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
    let pool = pool(args.model.threads)?;
    let (recommender, report) = pool.install(|| fitted(load_ratings(&args.model.data)?, &args.model.fit))?;
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

/// One line about a fit.
pub(super) fn fit_line(recommender: &Recommender, report: &FitReport) -> String {
    let from = recommender.provenance();
    let figures = from.figures.iter().map(|(name, figure)| format!(", {name} {figure:.1e}")).collect::<String>();
    format!("fitted {} in {}{figures}", from.params.summary(), seconds(report.total()))
}
