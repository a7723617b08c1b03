//! `evaluate`

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use foretaste::models::ModelParams;
use foretaste_eval::{Asked, LONGEST, Protocol, Split};

use super::size::amount;
use super::{JsonArg, ReadArgs, ThreadArgs, time};

/// `evaluate`
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Data to part in two: as everywhere, but a model file gives the interactions it was fitted to
    #[arg(value_name = "DATA", required_unless_present_any = ["train", "report"], conflicts_with = "train")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// What models are fitted to, parted elsewhere
    #[arg(long, value_name = "FILE", requires = "test")]
    pub(crate) train: Option<String>,
    /// What they have to find, parted elsewhere
    #[arg(long, value_name = "FILE", requires = "train")]
    pub(crate) test: Option<String>,
    /// How DATA is parted: random=SHARE of each user's rows, rows=SHARE of all rows, folds=NUMBER, last (each user's last
    /// row), time=SHARE or time=DATE (what happened from then on), arrival=SHARE or arrival=DATE (the later half of what users did
    /// who came after that) [default: random=0.2]
    #[arg(long, value_name = "SPLIT", value_parser = Split::from_str, conflicts_with_all = ["train", "protocol"])]
    pub(crate) split: Option<Split>,
    /// A named evaluation instead: p1, p2, p3, p4, p5, p13, p15 or p16; what it is, it prints
    #[arg(long, value_name = "NAME", value_parser = Protocol::from_str, conflicts_with_all = ["train", "positive"])]
    pub(crate) protocol: Option<Protocol>,
    #[command(flatten)]
    pub(crate) models: ModelsArgs,
    /// A model file to evaluate beside the models: it must have been fitted to exactly what models are fitted to here
    #[arg(long, value_name = "FILE")]
    pub(crate) model_file: Vec<PathBuf>,
    /// Lists that another program made: user,item with the best first, or with a column `rank` or `score`; of several
    /// folds with a column `fold`, from 1
    #[arg(long, value_name = "FILE")]
    pub(crate) lists: Vec<PathBuf>,
    /// Scores that another program made, of all items that could be shown: user,item,score; or predictions of the held-out
    /// ratings, in a column `prediction`
    #[arg(long, value_name = "FILE")]
    pub(crate) scores: Vec<PathBuf>,
    /// Cut-offs of the metrics of lists
    #[arg(long, value_name = "K,K,...", value_delimiter = ',', default_value = "10", value_parser = cut_off)]
    pub(crate) at: Vec<usize>,
    /// Take only rows of at least this value, to fit to and to find
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) positive: Option<f32>,
    /// What is drawn comes from it: the split, and the resamples of the comparison
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Fit every model that has a seed so often, with seeds from --seed on, and print the spread
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub(crate) seeds: u64,
    /// Fit every model to 10 % and to 30 % of each user's training rows as well: its learning curve
    #[arg(long)]
    pub(crate) curve: bool,
    /// Leave a model out whose fit takes longer, such as 90s or 10min
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) limit: Option<Duration>,
    /// Leave a model out whose fit would hold more memory, such as 500MB or 4GiB
    #[arg(long, value_name = "SIZE", value_parser = amount)]
    pub(crate) memory: Option<u64>,
    /// Make a report of `--json` again by the command that stands in it, from the folder where it was made: the same bytes, times taken
    /// over from it, or what differs. `evaluate --repeat REPORT` is the same
    #[arg(long = "repeat-report", value_name = "REPORT", exclusive = true)]
    pub(crate) report: Option<PathBuf>,
    /// Write every list to a file, Parquet where its name ends in .parquet, otherwise CSV: model, fold, user, item, rank, score
    #[arg(long, value_name = "FILE")]
    pub(crate) save_lists: Option<PathBuf>,
    /// Write the figures of every user to a file, likewise: model, fold, user, and a column for each metric
    #[arg(long, value_name = "FILE")]
    pub(crate) save_users: Option<PathBuf>,
    /// Write the report to an HTML file as well: tables and plots on one page that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print the figures as CSV: model, settings, fold (empty for the mean), metric, value
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// A cut-off.
pub(super) fn cut_off(text: &str) -> Result<usize, String> {
    let found = text.trim().parse().ok().filter(|k| (1..=LONGEST).contains(k));
    found.ok_or_else(|| format!("`{text}` is no cut-off, allowed are 1 to {LONGEST}"))
}

/// Models with their settings: each `--set` belongs to the `--model` before it.
#[derive(Debug)]
pub(crate) struct ModelsArgs(pub(crate) Vec<Asked>);

impl Args for ModelsArgs {
    fn augment_args(command: Command) -> Command {
        let names: Vec<&str> = ModelParams::MODELS.iter().map(|&(name, _)| name).collect();
        let model = Arg::new("model").long("model").value_name("MODEL").action(ArgAction::Append);
        let help =
            format!("A model to evaluate, several in turn: {}; popularity is always one of them", names.join(", "));
        let set = Arg::new("set").long("set").value_name("NAME=VALUE").action(ArgAction::Append).requires("model");
        command
            .arg(model.help(help).required_unless_present_any(["model_file", "lists", "scores", "report"]))
            .arg(set.help("Parameter of the model named before it, such as lambda=500; may be repeated"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ModelsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let placed = |name: &str| {
            let places = matches.indices_of(name).into_iter().flatten();
            places.zip(matches.get_many::<String>(name).into_iter().flatten()).collect::<Vec<_>>()
        };
        let (models, settings) = (placed("model"), placed("set"));
        let asked = models.iter().enumerate().map(|(nth, (place, model))| {
            let next = models.get(nth + 1).map_or(usize::MAX, |(place, _)| *place);
            let of_it = settings.iter().filter(|(at, _)| (*place..next).contains(at));
            Asked { model: (*model).clone(), settings: of_it.map(|(_, setting)| (*setting).clone()).collect() }
        });
        if let Some((at, setting)) = settings.first()
            && models.first().is_some_and(|(place, _)| at < place)
        {
            let message =
                format!("--set {setting} stands before every --model: it belongs behind the one that it sets\n");
            return Err(Error::raw(clap::error::ErrorKind::ArgumentConflict, message));
        }
        Ok(Self(asked.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
