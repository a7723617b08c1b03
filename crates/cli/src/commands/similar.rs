//! `foretaste similar`: the nearest items of one item.

use std::io::Write;

use anyhow::Result;
use foretaste::recommend::ListedItem;
use serde::Serialize;

use super::unknown::Unknown;
use super::{ranking, recommender_of, refused};
use crate::args::SimilarArgs;
use crate::output::{self, Shape, count, printable};

#[derive(Serialize)]
struct Answer<'a> {
    item: &'a str,
    title: &'a str,
    dataset: &'a str,
    rank: usize,
    items: Vec<ListedItem<'a>>,
    #[serde(flatten)]
    unknown: Unknown,
}

pub(super) fn run(args: &SimilarArgs) -> Result<()> {
    let recommender = recommender_of(&args.model)?;
    let item = recommender.item(&args.item).map_err(refused)?;
    let among = args.selection.selection();
    let similar = recommender.similar_among(&args.item, args.limit, &among).map_err(refused)?;
    let provenance = recommender.provenance();
    let answer = Answer {
        item: &args.item,
        title: recommender.title(item),
        dataset: &provenance.dataset,
        rank: provenance.params.rank,
        items: recommender.listed(&similar.items),
        unknown: Unknown { unknown_items: similar.unknown_items, unknown_values: similar.unknown_values },
    };
    match args.json.shape() {
        Shape::Json => output::json(&answer),
        Shape::Text => text(&answer),
    }
}

fn text(answer: &Answer<'_>) -> Result<()> {
    let table = ranking(&answer.items, "cosine", |cosine| format!("{cosine:.3}"));
    let mut out = output::stdout();
    let (title, dataset) = (printable(answer.title), printable(answer.dataset));
    writeln!(out, "like {title} (item {}) of {dataset}, rank {}", answer.item, count(answer.rank))?;
    table.write(&mut out, "")?;
    answer.unknown.write(&mut out)?;
    Ok(out.flush()?)
}
