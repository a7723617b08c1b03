//! The commands that print something about data or a model.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use foretaste::interactions::Column;
use foretaste::table::Separator;

use super::dialect::separator;
use super::{DataArgs, JsonArg, ModelArgs, SelectionArgs};
use crate::output::Shape;

/// `inspect`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// A list of items.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How many items
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `recommend`
#[derive(Debug, Args)]
pub(crate) struct RecommendArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// User to recommend items to
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) user: String,
    /// What is listed for a user that the model does not know
    #[arg(long, value_enum, default_value_t = FallbackArg::None)]
    pub(crate) fallback: FallbackArg,
    /// Say why: the N entries of the user's history that contribute most to each score [default without =N: 3]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "3")]
    pub(crate) explain: Option<usize>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
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
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `popular`
#[derive(Debug, Args)]
pub(crate) struct PopularArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `predict`
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Table with a user and an item in each row, in any form that ratings can have; other columns are ignored; `-` is
    /// stdin. With --strict the first pair that has no score ends the command
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: PathBuf,
    /// Columns of users and of items in the pairs, by name or counted from 1 [default: by usual names, or 1,2]
    #[arg(long, value_name = "USER,ITEM")]
    pub(crate) pairs_columns: Option<PairColumns>,
    /// What stands between the fields of a pair, such as `;` [default: found out]
    #[arg(long, value_name = "SEPARATOR", value_parser = separator)]
    pub(crate) pairs_separator: Option<Separator>,
    /// File to write the scores to, whole or not at all [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Say how sure each predicted rating is, where the model knows it (`bayesian_fm`): its standard deviation and the
    /// interval in which it lies with 90 %; with --json also the probability of every rating of the scale
    #[arg(long)]
    pub(crate) distribution: bool,
    /// Print JSON, one object a line, instead of CSV
    #[arg(long)]
    json: bool,
}

impl PredictArgs {
    /// CSV, or JSON lines.
    pub(crate) fn shape(&self) -> Shape {
        if self.json { Shape::Json } else { Shape::Text }
    }
}

/// Columns of users and items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PairColumns(pub(crate) [Column; 2]);

impl FromStr for PairColumns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = || format!("`{text}` is not two columns, such as `user,item` or `2,1`, counted from 1");
        let (user, item) = text.split_once(',').ok_or_else(expected)?;
        let column = |text: &str| text.trim().parse::<Column>().ok();
        match (column(user), column(item)) {
            (Some(Column::Position(0)), _) | (_, Some(Column::Position(0))) => Err(expected()),
            (Some(user), Some(item)) if !item.to_string().contains(',') => Ok(Self([user, item])),
            _ => Err(expected()),
        }
    }
}
