//! `tune`

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use foretaste::models::blend::{Blend, Members};
use foretaste::models::{Dimension, Family};
use foretaste_eval::tune::Goal;
use foretaste_eval::{Protocol, Split};

use super::size::amount;
use super::{JsonArg, ReadArgs, ThreadArgs, time};

/// The most tries of a search.
const MOST_TRIALS: usize = 10_000;

/// `tune`
#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    /// Data, parted as `evaluate` parts them; only what it fits to is searched on
    #[arg(value_name = "DATA", required_unless_present = "train", conflicts_with = "train")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// What models are fitted to, parted elsewhere
    #[arg(long, value_name = "FILE")]
    pub(crate) train: Option<String>,
    /// What the frozen model has to find, parted elsewhere; it is not read before
    #[arg(long, value_name = "FILE", requires = "train", requires = "freeze")]
    pub(crate) test: Option<String>,
    /// How DATA is parted, as in `evaluate`; a part of what is fitted to is then held out in the same way, and judges
    /// [default: random=0.2]
    #[arg(long, value_name = "SPLIT", value_parser = Split::from_str, conflicts_with = "protocol")]
    pub(crate) split: Option<Split>,
    /// A named evaluation instead: p1, p2, p3, p4, p5, p13, p15 or p16
    #[arg(long, value_name = "NAME", value_parser = Protocol::from_str, conflicts_with_all = ["train", "positive"])]
    pub(crate) protocol: Option<Protocol>,
    /// The model to tune
    #[arg(long, value_name = "MODEL", required_unless_present = "blend", conflicts_with = "blend")]
    pub(crate) model: Option<String>,
    /// Find the weights of a blend instead: one of its members, such as 'ease(lambda=300,dropout=.65)' or '.5 ials', whose weight
    /// the search begins with [default: 1]; to be repeated, for 2 to 5 models of different families, each of which is fitted once
    #[arg(long, value_name = "MEMBER", value_parser = Members::from_str, conflicts_with = "space")]
    pub(crate) blend: Vec<Members>,
    /// With --blend, memory for what the members say of each user: where all users need more, some are drawn
    #[arg(long, value_name = "SIZE", value_parser = amount, default_value = "1GiB", requires = "blend")]
    pub(crate) memory: u64,
    /// Parameter that is fixed, such as positive=4; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Range of a parameter in place of the model's own: lambda=100..1000:log, dropout=0..0.8, depth=2..5:whole,
    /// factors=32..256:wholelog or weighting=[binary,bm25]; may be repeated
    #[arg(long, value_name = "NAME=RANGE", value_parser = Dimension::from_str)]
    pub(crate) space: Vec<Dimension>,
    /// Models to try, the defaults first; with --blend, weights [default: 40, and 400 of weights]
    #[arg(long, value_name = "N", value_parser = trials)]
    pub(crate) trials: Option<usize>,
    /// Sort bad values out by cheap fits: half of the trials take a quarter of the epochs, or of the items or users where a fit costs
    /// more than in proportion to them, a quarter take half, and the best are fitted whole
    #[arg(long, conflicts_with = "blend")]
    pub(crate) halving: bool,
    /// What to tune by: ndcg, recall, precision, hr, map or mrr with @K behind, rmse or mae [default: ndcg@10, and rmse for
    /// protocols of ratings]
    #[arg(long, value_name = "METRIC", value_parser = Goal::from_str)]
    pub(crate) metric: Option<Goal>,
    /// Cut-off of ndcg where no metric is named
    #[arg(long, value_name = "K", default_value = "10", conflicts_with = "metric", value_parser = super::evaluate::cut_off)]
    pub(crate) at: usize,
    /// Take only rows of at least this value, to fit to and to find
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) positive: Option<f32>,
    /// What is drawn comes from it: the split of DATA, as in `evaluate`, and the points that are tried
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Leave a try out whose fit takes longer, such as 90s
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) limit: Option<Duration>,
    /// File that keeps the tries; a search that was broken off goes on from it [default: tune-MODEL.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// End the search for good, and print what the best model finds of the test rows, once
    #[arg(long)]
    pub(crate) freeze: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

impl TuneArgs {
    /// The model that is tuned.
    pub(crate) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or(Blend::NAME)
    }

    /// The members whose weights are searched; none where a model is tuned.
    pub(crate) fn members(&self) -> Members {
        Members(self.blend.iter().flat_map(|members| members.0.iter().cloned()).collect())
    }

    /// How many tries there are at most. Weights cost a moment each.
    pub(crate) fn trials(&self) -> usize {
        self.trials.unwrap_or(if self.blend.is_empty() { 40 } else { 400 })
    }
}

/// A number of tries.
fn trials(text: &str) -> Result<usize, String> {
    let found = text.trim().parse().ok().filter(|found| (1..=MOST_TRIALS).contains(found));
    found.ok_or_else(|| format!("`{text}` is no number of trials, allowed are 1 to {MOST_TRIALS}"))
}
