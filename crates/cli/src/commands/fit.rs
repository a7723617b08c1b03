//! `foretaste fit`: ratings in, a model file out.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use foretaste::artifact;
use foretaste::dataset::Dataset;
use foretaste::recommend::{Provenance, Recommender};
use serde::Serialize;

use super::{destination, pool};
use crate::args::FitCommandArgs;
use crate::data::{fitted, load_ratings};
use crate::output::{self, Shape, bytes, count, seconds};

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
    let (recommender, fit) = pool.install(|| {
        let dataset = load_ratings(&args.model.data)?;
        destination::has_space(&args.out, least_bytes(&dataset, args))?;
        fitted(dataset, args.model.fit)
    })?;
    let model = args.out.display().to_string();
    let length =
        artifact::write(&args.out, &recommender).with_context(|| format!("cannot write the model file {model}"))?;
    match args.json.shape() {
        Shape::Json => {
            let fit_ms = (fit.as_secs_f64() * 1e5).round() / 100.0;
            output::json(&Fitted { model, bytes: length, fit_ms, provenance: recommender.provenance() })
        }
        Shape::Text => {
            let mut out = output::stdout();
            writeln!(out, "{}", fit_line(&recommender, fit))?;
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

/// What the model file takes at least: the ratings, 8 bytes each, and the factors of users and items, f32.
fn least_bytes(dataset: &Dataset, args: &FitCommandArgs) -> u64 {
    let matrix = dataset.interactions.matrix();
    let (users, items) = (matrix.nrows(), matrix.ncols());
    let rank = args.model.fit.params(users.min(items)).rank.min(users.min(items));
    8 * matrix.nnz() as u64 + 4 * (users + items) as u64 * rank as u64
}

/// One line about a fit.
pub(super) fn fit_line(recommender: &Recommender, fit: Duration) -> String {
    let from = recommender.provenance();
    format!("fitted rank {} in {}, residual {:.1e}", count(from.params.rank), seconds(fit), from.residual)
}
