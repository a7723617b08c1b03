//! `foretaste generate`: a synthetic ratings file of any size.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Error, Result};
use foretaste::dataset::{
    SyntheticError, SyntheticParams, SyntheticProgress, SyntheticReport, write_synthetic, write_synthetic_file,
};

use super::destination;
use crate::args::GenerateArgs;
use crate::exit::{Exit, coded};
use crate::output::{self, Progress, bytes, count, counted, decimal};

pub(super) fn run(args: &GenerateArgs) -> Result<()> {
    let params = args.params();
    if args.out != Path::new("-") {
        destination::check(&args.out, &[])?;
        destination::has_space(&args.out, least_bytes(args))?;
    }
    let mut bar = Progress::steps("generating");
    let mut progress = |at: SyntheticProgress| {
        bar.at(at.rows, Some(at.total));
        ControlFlow::Continue(())
    };
    if args.out == Path::new("-") {
        let report = write_synthetic(&params, &mut output::stdout(), &mut progress);
        drop(bar);
        // Data stand on stdout; what is said about them goes beside it.
        let report = report.map_err(refused).context("cannot write to stdout")?;
        summary(&params, &report).iter().for_each(|line| output::note(line));
        return Ok(());
    }
    let path = args.out.display();
    let report = write_synthetic_file(&args.out, &params, &mut progress);
    drop(bar);
    let report = report.map_err(refused).with_context(|| format!("cannot write {path}"))?;
    let length = fs::metadata(&args.out).with_context(|| format!("cannot look at {path}"))?.len();
    let mut out = output::stdout();
    writeln!(out, "wrote {path}, {}", bytes(length))?;
    summary(&params, &report).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(out.flush()?)
}

/// What the file takes at least: a row is an id of a user and of an item, a rating and a time. How well a compressed
/// file packs is not known before.
fn least_bytes(args: &GenerateArgs) -> u64 {
    let is_packed = args.out.extension().is_some_and(|extension| extension == "gz");
    if is_packed { 1 } else { args.params().ratings.saturating_mul("1,1,5,1000000000\n".len() as u64) }
}

fn refused(error: SyntheticError) -> Error {
    match error {
        SyntheticError::None { .. } | SyntheticError::Ratings { .. } => coded(Exit::Usage, error),
        other => other.into(),
    }
}

fn summary(params: &SyntheticParams, report: &SyntheticReport) -> [String; 3] {
    let (users, items) = (&report.per_user, &report.per_item);
    let density = 100.0 * params.ratings as f64 / (f64::from(params.users) * f64::from(params.items));
    [
        format!(
            "{} by {} of {}, {} % of all pairs",
            counted(params.ratings, "rating"),
            counted(params.users, "user"),
            counted(params.items, "item"),
            decimal(density, 2)
        ),
        format!(
            "ratings a user: {} to {}, median {}; an item: {} to {}, median {}",
            count(users.min),
            count(users.max),
            count(users.median),
            count(items.min),
            count(items.max),
            count(items.median)
        ),
        format!("the most popular 10 % of the items have {:.1} % of the ratings", 100.0 * report.top_tenth),
    ]
}
