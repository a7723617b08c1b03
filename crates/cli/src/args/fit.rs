//! What to fit, and with how much of the machine.

use std::path::PathBuf;

use clap::Args;
use foretaste::models::FitParams;

use super::{DataArgs, JsonArg};

/// `fit`
#[derive(Debug, Args)]
pub(crate) struct FitCommandArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Model file to write; one that exists is replaced
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// A model: read, or fitted to what is read.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) fit: FitArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

/// The model's parameters.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct FitArgs {
    /// Rank of the model, 1 to the smaller of users and items [default: 50, or the largest there is]
    #[arg(long, value_name = "K")]
    pub(crate) rank: Option<usize>,
    /// Largest residual of a singular triplet, relative to the largest singular value [default: 1e-6]
    #[arg(long, value_name = "RESIDUAL", allow_negative_numbers = true)]
    pub(crate) tolerance: Option<f64>,
    /// Seed of the factorisation; it moves no score by more than the tolerance [default: 0]
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,
}

impl FitArgs {
    /// The parameters for data of which `most` is the largest rank.
    pub(crate) fn params(self, most: usize) -> FitParams {
        let default = FitParams::default();
        let rank = self.rank.unwrap_or_else(|| default.rank.min(most));
        let tolerance = self.tolerance.unwrap_or(default.tolerance);
        FitParams { rank, tolerance, seed: self.seed.unwrap_or(default.seed) }
    }

    /// Whether a flag was given, which a fitted model has no use for.
    pub(crate) fn says_anything(self) -> bool {
        self.rank.is_some() || self.tolerance.is_some() || self.seed.is_some()
    }
}

/// How much of the machine to use.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThreadArgs {
    /// Use at most N CPUs [default: all]
    #[arg(long, value_name = "N", env = "FORETASTE_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl ThreadArgs {
    /// A bound that was found out otherwise; more than the flag allows is its largest.
    pub(crate) fn at_most(threads: usize) -> Self {
        Self { threads: Some(u16::try_from(threads).unwrap_or(u16::MAX)) }
    }

    /// The number asked for, if one was.
    pub(crate) fn asked(self) -> Option<usize> {
        self.threads.map(usize::from)
    }
}
