//! The command line as typed.

mod access;
mod bench;
mod data;
mod deploy;
mod dialect;
mod evaluate;
mod examples;
mod fit;
mod generate;
mod keys;
mod listen;
mod lists;
#[cfg(feature = "notebooks")]
mod notebook;
mod selection;
mod serve;
mod short;
mod size;
#[cfg(feature = "store")]
mod stores;
mod tables;
mod time;
mod tune;
mod typed;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use access::AccessArgs;
pub(crate) use bench::{BenchArgs, BenchCommand, SvdArgs, TutorialArgs};
pub(crate) use data::{DataArgs, ReadArgs};
pub(crate) use deploy::{
    Artefact, DeployArgs, DeployCommand, LaunchArgs, LogsArgs, RemoveArgs, RollbackArgs, ServicesArgs, StateArg,
    StopArgs, SuperviseArgs,
};
pub(crate) use evaluate::{EvaluateArgs, ModelsArgs};
pub(crate) use fit::{FitArgs, FitCommandArgs, ModelArgs, ThreadArgs};
pub(crate) use generate::GenerateArgs;
pub(crate) use keys::{AddKeyArgs, KeysArgs, KeysCommand, KeysFileArg, ListKeysArgs, RevokeKeyArgs};
pub(crate) use listen::ListenArgs;
pub(crate) use lists::{FallbackArg, InspectArgs, PairColumns, PopularArgs, PredictArgs, RecommendArgs, SimilarArgs};
#[cfg(feature = "notebooks")]
pub(crate) use notebook::{KernelArgs, NotebookArgs};
pub(crate) use selection::SelectionArgs;
pub(crate) use serve::{InheritArg, LogFormat, ServeArgs, StorePlace};
pub(crate) use short::ShortArgs;
#[cfg(feature = "notebooks")]
pub(crate) use size::size;
#[cfg(feature = "store")]
pub(crate) use stores::{BackupArgs, FsckArgs};
pub(crate) use time::time;
pub(crate) use tune::TuneArgs;
pub(crate) use typed::{shown, typed};

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
    #[command(after_help = examples::SERVE)]
    Serve(ServeArgs),
    /// Serve the annotated cells of a Jupyter notebook as HTTP endpoints
    #[cfg(feature = "notebooks")]
    #[command(after_help = examples::NOTEBOOK)]
    Notebook(NotebookArgs),
    /// Become a kernel that ends with the process that started it
    #[cfg(feature = "notebooks")]
    #[command(hide = true)]
    Kernel(KernelArgs),
    /// Show what is in a ratings file or a model file
    #[command(after_help = examples::INSPECT)]
    Inspect(InspectArgs),
    /// Fit a model and write it to a file
    #[command(after_help = examples::FIT)]
    Fit(FitCommandArgs),
    /// Recommend items to a user
    #[command(after_help = examples::RECOMMEND)]
    Recommend(RecommendArgs),
    /// List the items that are most like one
    #[command(after_help = examples::SIMILAR)]
    Similar(SimilarArgs),
    /// List the items with most ratings
    #[command(after_help = examples::POPULAR)]
    Popular(PopularArgs),
    /// Predict the ratings of (user, item) pairs
    #[command(after_help = examples::PREDICT)]
    Predict(PredictArgs),
    /// Compare models by what they find of data that were held out
    #[command(after_help = examples::EVALUATE)]
    Evaluate(EvaluateArgs),
    /// Find good parameters of a model, without a look at the test rows
    #[command(after_help = examples::TUNE)]
    Tune(TuneArgs),
    /// Write synthetic ratings to a file, at the scale of MovieLens 20M or any other
    #[command(after_help = examples::GENERATE)]
    Generate(GenerateArgs),
    #[command(flatten)]
    Services(DeployCommand),
    /// Make, list and revoke the keys that let clients in
    #[command(after_help = examples::KEYS)]
    Keys(KeysArgs),
    /// Look at every row of a service's store, and name those that are not as they were written
    #[cfg(feature = "store")]
    #[command(after_help = examples::FSCK)]
    Fsck(FsckArgs),
    /// Copy a service's store, also while the service writes to it
    #[cfg(feature = "store")]
    #[command(after_help = examples::BACKUP)]
    Backup(BackupArgs),
    /// Measure
    #[command(after_help = examples::BENCH)]
    Bench(BenchArgs),
    /// Print the service's OpenAPI document
    #[command(after_help = examples::OPENAPI)]
    Openapi,
    /// Print a completion script for a shell
    #[command(after_help = examples::COMPLETIONS)]
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

    #[test]
    fn every_command_shows_two_examples_that_are_understood() {
        let mut cli = Cli::command();
        cli.build();
        let shown = |command: &&clap::Command| !command.is_hide_set() && command.get_name() != "help";
        let inner = ["bench", "keys"].map(|name| cli.find_subcommand(name).unwrap());
        for command in cli.get_subcommands().chain(inner.iter().flat_map(|outer| outer.get_subcommands())).filter(shown)
        {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  ")).collect();
            assert_eq!(examples.len(), 2, "{}", command.get_name());
            for example in examples {
                assert!(example.len() <= 88, "{example}");
                let call = example.split(" | ").last().unwrap().split(" > ").next().unwrap();
                assert!(call.contains(command.get_name()), "{call}");
                if let Err(error) = Cli::try_parse_from(call.split(' ')) {
                    panic!("{example}: {error}");
                }
            }
        }
    }
}
