//! `foretaste recommend`: a ranked list for one user.

use std::io::Write;

use anyhow::Result;
use foretaste::models::{Meaning, ModelParams};
use foretaste::recommend::{Fallback, ListedItem, Request, Shortfall, ShortfallReason, Source};
use serde::Serialize;

use super::unknown::Unknown;
use super::{ranking, recommender_of, refused};
use crate::args::{FallbackArg, RecommendArgs};
use crate::output::{self, Shape, count, printable};

#[derive(Serialize)]
struct Answer<'a> {
    user: &'a str,
    dataset: &'a str,
    params: &'a ModelParams,
    source: Source,
    items: Vec<ListedItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<Shortfall>,
    #[serde(flatten)]
    unknown: Unknown,
}

pub(super) fn run(args: &RecommendArgs) -> Result<()> {
    let recommender = recommender_of(&args.model)?;
    let fallback = match args.fallback {
        FallbackArg::None => Fallback::None,
        FallbackArg::Popular => Fallback::Popular,
    };
    let selection = args.list.selection.selection();
    let request = Request { limit: args.list.limit, fallback, selection, ..Request::for_user(&args.user) };
    let ranked = recommender.recommend(&request).map_err(refused)?;
    let provenance = recommender.provenance();
    let answer = Answer {
        user: &args.user,
        dataset: &provenance.dataset,
        params: &provenance.params,
        source: ranked.source,
        items: recommender.listed(&ranked.items),
        shortfall: ranked.shortfall,
        unknown: Unknown { unknown_items: ranked.unknown_items, unknown_values: ranked.unknown_values },
    };
    match args.list.json.shape() {
        Shape::Json => output::json(&answer),
        Shape::Text => text(&answer, recommender.meaning()),
    }
}

fn text(answer: &Answer<'_>, meaning: Meaning) -> Result<()> {
    let (heading, score) = match answer.source {
        Source::Popular => ("not known to the model; what is rated most", "ratings"),
        Source::Model | Source::FoldIn => ("recommended", score_name(meaning)),
    };
    let table = ranking(&answer.items, score, |score| match answer.source {
        Source::Popular => count(f64::from(score) as u64),
        Source::Model | Source::FoldIn => format!("{score:.3}"),
    });
    let mut out = output::stdout();
    writeln!(out, "user {} of {}, {}: {heading}", answer.user, printable(answer.dataset), answer.params.summary())?;
    table.write(&mut out, "")?;
    if let Some(Shortfall { requested, returned, reason }) = answer.shortfall {
        let why = match reason {
            ShortfallReason::AllRated => "there are no more that the user has not rated",
            ShortfallReason::NoMoreItems => "there are no more items",
            ShortfallReason::Filtered => "the filters allow no more",
        };
        writeln!(out, "{} of {} asked for: {why}", count(returned), count(requested))?;
    }
    answer.unknown.write(&mut out)?;
    Ok(out.flush()?)
}

/// What a score of the model is called at the head of a column.
fn score_name(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::RankingScore => "score",
        Meaning::Rating { .. } => "predicted",
        Meaning::Count => "count",
    }
}
