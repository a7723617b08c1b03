//! The command line as typed.

mod bench;
mod data;
mod deploy;
mod fit;
mod generate;
mod lists;
#[cfg(feature = "notebooks")]
mod notebook;
mod serve;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use bench::{BenchArgs, BenchCommand, SvdArgs, TutorialArgs};
pub(crate) use data::{DataArgs, ReadArgs};
pub(crate) use deploy::{
    Artefact, DeployArgs, DeployCommand, LaunchArgs, LogsArgs, RollbackArgs, ServicesArgs, StateArg, StopArgs,
    SuperviseArgs, WorkerArgs,
};
pub(crate) use fit::{FitArgs, FitCommandArgs, ModelArgs, ThreadArgs};
pub(crate) use generate::GenerateArgs;
pub(crate) use lists::{FallbackArg, InspectArgs, PredictArgs, RecommendArgs, SimilarArgs};
#[cfg(feature = "notebooks")]
pub(crate) use notebook::{KernelArgs, NotebookArgs};
pub(crate) use serve::{InheritArg, LogFormat, ServeArgs};

use crate::exit;
use crate::output::Shape;

/// An exact, fast recommender engine and service: ratings in, recommendations out.
#[derive(Debug, Parser)]
#[command(name = "foretaste", version, arg_required_else_help = true, max_term_width = 110)]
#[command(after_help = "Try it, without any file or network:\n  foretaste serve demo", after_long_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fit a model, or read a fitted one, and serve recommendations over HTTP
    Serve(ServeArgs),
    /// Serve the annotated cells of a Jupyter notebook as HTTP endpoints
    #[cfg(feature = "notebooks")]
    Notebook(NotebookArgs),
    /// Become a kernel that ends with the process that started it
    #[cfg(feature = "notebooks")]
    #[command(hide = true)]
    Kernel(KernelArgs),
    /// Show what is in a ratings file or a model file
    Inspect(InspectArgs),
    /// Fit a model and write it to a file
    Fit(FitCommandArgs),
    /// Recommend items to a user
    Recommend(RecommendArgs),
    /// List the items that are most like one
    Similar(SimilarArgs),
    /// Predict the ratings of (user, item) pairs
    Predict(PredictArgs),
    /// Write synthetic ratings to a file, at the scale of MovieLens 20M or any other
    Generate(GenerateArgs),
    #[command(flatten)]
    Services(DeployCommand),
    /// Measure
    Bench(BenchArgs),
    /// Print the service's OpenAPI document
    Openapi,
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// `completions`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell to complete for
    pub(crate) shell: Shell,
}

/// `--json`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct JsonArg {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl JsonArg {
    /// The shape asked for.
    pub(crate) fn shape(self) -> Shape {
        if self.json { Shape::Json } else { Shape::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
