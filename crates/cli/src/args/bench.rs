//! `bench`

use clap::{Args, Subcommand};

use super::{DataArgs, JsonArg, ReadArgs, ThreadArgs, examples};

/// The ranks of the tutorial's table.
const TUTORIAL_RANKS: &str = "10,50,100,500,1000";

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: BenchCommand,
}

/// The measurements there are.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Time the truncated SVD; one JSON line a rank, with the fields of the comparison scripts
    #[command(after_help = examples::BENCH_SVD)]
    Svd(SvdArgs),
    /// Time POST /recompute_svd of the running service, beside the tutorial's published numbers
    #[command(after_help = examples::BENCH_TUTORIAL)]
    Tutorial(TutorialArgs),
}

/// `bench svd`
#[derive(Debug, Args)]
pub(crate) struct SvdArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Ranks to measure; those above the smaller of users and items are left out
    #[arg(long, value_name = "K,K,...", value_delimiter = ',', default_value = TUTORIAL_RANKS)]
    pub(crate) ranks: Vec<usize>,
    /// Runs a rank, of which the median counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) runs: u16,
    /// Largest residual allowed, relative to the largest singular value [default: that of a fit]
    #[arg(long, value_name = "RESIDUAL", value_parser = tolerance)]
    pub(crate) tolerance: Option<f64>,
    /// Print the singular values too, to the last bit
    #[arg(long)]
    pub(crate) values: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

/// `bench tutorial`
#[derive(Debug, Args)]
pub(crate) struct TutorialArgs {
    /// Data to serve; the tutorial's are the first 200,000 rows of ml-1m
    #[arg(long, value_name = "DATA", default_value = "ml-1m")]
    pub(crate) data: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Calls a rank, of which the median counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) runs: u16,
    /// Deploy the service with each of these numbers of CPUs, and measure it from outside; beside the tutorial's notebook where there is
    /// a Python for it
    #[cfg(target_os = "linux")]
    #[arg(long, value_name = "CPUS,CPUS,...", value_delimiter = ',', conflicts_with = "threads")]
    pub(crate) cpu: Vec<String>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("expected a positive number, for example 1e-6".to_owned()),
    }
}
