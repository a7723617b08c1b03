//! The commands that print something about data or a model.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DataArgs, JsonArg, ModelArgs, SelectionArgs};

/// `inspect`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `recommend`
#[derive(Debug, Args)]
pub(crate) struct RecommendArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Whom to recommend to
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) user: String,
    /// How many items
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    /// What somebody gets whom the model does not know
    #[arg(long, value_enum, default_value_t = FallbackArg::None)]
    pub(crate) fallback: FallbackArg,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// What an unknown user gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FallbackArg {
    /// An error
    None,
    /// The items with most ratings
    Popular,
}

/// `similar`
#[derive(Debug, Args)]
pub(crate) struct SimilarArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// The item to start from
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) item: String,
    /// How many items
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `predict`
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// CSV file with a user and an item on each line (a line `user,item` at the start is a header); `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: PathBuf,
}
