//! `foretaste similar`: the nearest items of one item.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::{Listed, listed, pool, refused};
use crate::args::SimilarArgs;
use crate::data::ready;
use crate::output::{self, Align, Shape, Table, count, printable};

#[derive(Serialize)]
struct Answer<'a> {
    item: &'a str,
    title: &'a str,
    dataset: &'a str,
    rank: usize,
    items: Vec<Listed<'a>>,
}

pub(super) fn run(args: &SimilarArgs) -> Result<()> {
    let recommender = pool(args.threads)?.install(|| ready(&args.data, args.fit))?;
    let item = recommender.item(&args.item).map_err(refused)?;
    let similar = recommender.similar(&args.item, args.limit).map_err(refused)?;
    let provenance = recommender.provenance();
    let answer = Answer {
        item: &args.item,
        title: recommender.title(item),
        dataset: &provenance.dataset,
        rank: provenance.params.rank,
        items: listed(&recommender, &similar),
    };
    match args.json.shape() {
        Shape::Json => output::json(&answer),
        Shape::Text => text(&answer),
    }
}

fn text(answer: &Answer<'_>) -> Result<()> {
    let mut table =
        Table::new([("", Align::Right), ("item", Align::Right), ("title", Align::Left), ("cosine", Align::Right)]);
    for (at, listed) in answer.items.iter().enumerate() {
        let score = format!("{:.3}", listed.score);
        table.row([count(at + 1), listed.item.to_owned(), listed.title.to_owned(), score]);
    }
    let mut out = output::stdout();
    let (title, dataset) = (printable(answer.title), printable(answer.dataset));
    writeln!(out, "like {title} (item {}) of {dataset}, rank {}", answer.item, count(answer.rank))?;
    table.write(&mut out, "")?;
    Ok(out.flush()?)
}
