//! `foretaste popular`: the items with most ratings.

use std::io::Write;

use anyhow::Result;
use foretaste::recommend::ListedItem;
use serde::Serialize;
use serde_json::Map;

use super::unknown::Unknown;
use super::{ranking, refused};
use crate::args::{FitArgs, PopularArgs};
use crate::data::{Loaded, fitted, load};
use crate::output::{self, Shape, printable};

#[derive(Serialize)]
struct Answer<'a> {
    dataset: &'a str,
    items: Vec<ListedItem<'a>>,
    #[serde(flatten)]
    unknown: Unknown,
}

pub(super) fn run(args: &PopularArgs) -> Result<()> {
    let recommender = match load(&args.data)? {
        Loaded::Model(model) => *model,
        // The list is one of the data; the model that takes least time to fit makes it a recommender.
        Loaded::Ratings(dataset) => {
            let popularity = FitArgs::of(&Map::from_iter([("model".to_owned(), "popularity".into())]));
            fitted(dataset, &popularity)?.0
        }
    };
    let list = recommender.popular_among(args.list.limit, &args.list.selection.selection()).map_err(refused)?;
    let answer = Answer {
        dataset: &recommender.provenance().dataset,
        items: recommender.listed(&list.items),
        unknown: Unknown { unknown_items: list.unknown_items, unknown_values: list.unknown_values },
    };
    match args.list.json.shape() {
        Shape::Json => output::json(&answer),
        Shape::Text => text(&answer),
    }
}

fn text(answer: &Answer<'_>) -> Result<()> {
    let mut out = output::stdout();
    writeln!(out, "popular in {}", printable(answer.dataset))?;
    ranking(&answer.items, "ratings", |count| format!("{count}")).write(&mut out, "")?;
    answer.unknown.write(&mut out)?;
    Ok(out.flush()?)
}
