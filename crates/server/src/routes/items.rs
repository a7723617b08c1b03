//! Items: what is known about one, and its like.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::ListedItem;
use serde::Serialize;

use super::errors::{ItemErrors, SimilarErrors};
use super::list_query::{Limit, LimitQuery};
use super::reply;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::path::Id;
use crate::extract::query::{NoQuery, Params};

/// What is known about an item.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Item<'a> {
    /// The version of the model whose data this is.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// The item's id.
    id: &'a str,
    /// The item's title, or its id where it has none.
    title: &'a str,
    /// The item's genres.
    genres: Vec<&'a str>,
    /// The item's year, where it is known.
    year: Option<u16>,
    /// Number of ratings.
    ratings: u32,
    /// Mean of its ratings.
    mean_rating: f64,
}

/// What is known about an item
#[utoipa::path(
    get, path = "/v1/items/{item}", tag = "items", operation_id = "item",
    params(("item" = String, Path, description = "The item's id, percent-encoded", example = "1")),
    responses((status = 200, description = "The item", body = Item), ItemErrors)
)]
pub(super) async fn item(State(app): State<Shared>, Id(id): Id, _: NoQuery) -> Result<Response<Body>, ApiError> {
    app.score(move |version| {
        let recommender = &version.recommender;
        let item = recommender.item(&id)?;
        let (card, stats) = (recommender.card(item), recommender.item_stats(item));
        let reply = Item {
            model_version: &version.name,
            id: recommender.item_id(item),
            title: recommender.title(item),
            genres: card.genres,
            year: card.year,
            ratings: stats.count,
            mean_rating: stats.mean(),
        };
        reply::json(version, &reply)
    })
    .await
}

/// Items that are like another, most alike first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Similar<'a> {
    /// The version of the model that the reply comes from.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// The item that the others are compared with.
    item: &'a str,
    /// The items; the score is the cosine of their factors.
    items: Vec<ListedItem<'a>>,
}

/// Items that are like another, most alike first
#[utoipa::path(
    get, path = "/v1/items/{item}/similar", tag = "items", operation_id = "similar_items",
    params(("item" = String, Path, description = "The item's id, percent-encoded", example = "1"), LimitQuery),
    responses((status = 200, description = "The items", body = Similar), SimilarErrors)
)]
pub(super) async fn similar(
    State(app): State<Shared>,
    Id(id): Id,
    Params(LimitQuery { limit: Limit(limit) }): Params<LimitQuery>,
) -> Result<Response<Body>, ApiError> {
    app.score(move |version| {
        let similar = version.recommender.similar(&id, limit)?;
        let items = version.recommender.listed(&similar);
        reply::json(version, &Similar { model_version: &version.name, item: &id, items })
    })
    .await
}
