//! `tune`

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use foretaste::models::Dimension;
use foretaste_eval::tune::Goal;
use foretaste_eval::{Protocol, Split};

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
    /// A named evaluation instead: p1, p2, p3, p4, p5 or p15
    #[arg(long, value_name = "NAME", value_parser = Protocol::from_str, conflicts_with_all = ["train", "positive"])]
    pub(crate) protocol: Option<Protocol>,
    /// The model to tune
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: String,
    /// Parameter that is fixed, such as positive=4; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Range of a parameter in place of the model's own: lambda=100..1000:log, dropout=0..0.8, depth=2..5:whole,
    /// factors=32..256:wholelog or weighting=[binary,bm25]; may be repeated
    #[arg(long, value_name = "NAME=RANGE", value_parser = Dimension::from_str)]
    pub(crate) space: Vec<Dimension>,
    /// Models to try, the defaults first
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = trials)]
    pub(crate) trials: usize,
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

/// A number of tries.
fn trials(text: &str) -> Result<usize, String> {
    let found = text.trim().parse().ok().filter(|found| (1..=MOST_TRIALS).contains(found));
    found.ok_or_else(|| format!("`{text}` is no number of trials, allowed are 1 to {MOST_TRIALS}"))
}
