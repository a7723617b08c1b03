//! `generate`

use std::path::PathBuf;

use clap::Args;
use foretaste::dataset::SyntheticParams;

/// What to generate, and where to write it.
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// File to write; one that exists is replaced, one that ends in `.gz` is compressed, `-` is stdout
    #[arg(value_name = "OUT.csv")]
    pub(crate) out: PathBuf,
    /// Number of users
    #[arg(long, value_name = "N", default_value_t = SyntheticParams::default().users)]
    users: u32,
    /// Number of items
    #[arg(long, value_name = "N", default_value_t = SyntheticParams::default().items)]
    items: u32,
    /// Number of ratings; every user and every item has at least one
    #[arg(long, value_name = "N", default_value_t = SyntheticParams::default().ratings)]
    ratings: u64,
    /// Seed of every choice; equal ones give equal files
    #[arg(long, value_name = "SEED", default_value_t = SyntheticParams::default().seed)]
    seed: u64,
}

impl GenerateArgs {
    /// What the flags mean to the generator.
    pub(crate) fn params(&self) -> SyntheticParams {
        let Self { users, items, ratings, seed, .. } = *self;
        SyntheticParams { users, items, ratings, seed }
    }
}
