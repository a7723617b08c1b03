//! `foretaste similar`: the nearest items of one item.

use std::io::Write;

use anyhow::Result;
use foretaste::models::ModelParams;
use foretaste::recommend::ListedItem;
use serde::Serialize;

use super::unknown::Unknown;
use super::{ranking, recommender_of, refused};
use crate::args::SimilarArgs;
use crate::output::{self, Shape, printable};

#[derive(Serialize)]
struct Answer<'a> {
    item: &'a str,
    title: &'a str,
    dataset: &'a str,
    params: &'a ModelParams,
    items: Vec<ListedItem<'a>>,
    #[serde(flatten)]
    unknown: Unknown,
}

pub(super) fn run(args: &SimilarArgs) -> Result<()> {
    let recommender = recommender_of(&args.model)?;
    let item = recommender.item(&args.item).map_err(refused)?;
    let among = args.list.selection.selection();
    let similar = recommender.similar_among(&args.item, args.list.limit, &among).map_err(refused)?;
    let provenance = recommender.provenance();
    let answer = Answer {
        item: &args.item,
        title: recommender.title(item),
        dataset: &provenance.dataset,
        params: &provenance.params,
        items: recommender.listed(&similar.items),
        unknown: Unknown { unknown_items: similar.unknown_items, unknown_values: similar.unknown_values },
    };
    match args.list.json.shape() {
        Shape::Json => output::json(&answer),
        Shape::Text => text(&answer, recommender.measure_of_similar()),
    }
}

fn text(answer: &Answer<'_>, measure: &'static str) -> Result<()> {
    let table = ranking(&answer.items, measure, |likeness| format!("{likeness:.3}"));
    let mut out = output::stdout();
    let (title, dataset) = (printable(answer.title), printable(answer.dataset));
    writeln!(out, "like {title} (item {}) of {dataset}, {}", answer.item, answer.params.summary())?;
    table.write(&mut out, "")?;
    answer.unknown.write(&mut out)?;
    Ok(out.flush()?)
}
