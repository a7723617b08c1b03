//! Items: what is known about one, and its like.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::ListedItem;
use serde::Serialize;

use super::errors::{ItemErrors, SimilarErrors};
use super::list::UnknownEntry;
use super::list_query::{Limit, LimitQuery};
use super::properties::PropertyMap;
use super::reply;
use super::selection_query::SelectionQuery;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::fields::Both;
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
    /// Mean of its ratings; null where it has none.
    #[schema(required = true)]
    mean_rating: Option<f64>,
    /// Everything else that is known, by name; present when there is any.
    #[serde(skip_serializing_if = "PropertyMap::is_empty")]
    #[schema(value_type = Object, example = json!({"price": 9.5, "tags": ["kitchen", "blue"]}))]
    properties: PropertyMap<'a>,
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
        let (row, catalogue) = (recommender.catalogue_row(&id)?, &recommender.dataset().catalogue);
        let (card, stats) = (catalogue.card(row), recommender.item(&id).ok().map(|item| recommender.item_stats(item)));
        let reply = Item {
            model_version: &version.name,
            id: &id,
            title: card.title.unwrap_or(&id),
            genres: card.genres,
            year: card.year,
            ratings: stats.map_or(0, |stats| stats.count),
            mean_rating: stats.map(|stats| stats.mean()),
            properties: PropertyMap(catalogue.others(row).collect()),
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
    /// Ids of the request that the model does not know; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_items: Vec<String>,
    /// Values of filters that no item has; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_values: Vec<UnknownEntry>,
}

/// Items that are like another, most alike first
#[utoipa::path(
    get, path = "/v1/items/{item}/similar", tag = "items", operation_id = "similar_items",
    params(("item" = String, Path, description = "The item's id, percent-encoded", example = "1"), LimitQuery, SelectionQuery),
    responses((status = 200, description = "The items", body = Similar), SimilarErrors)
)]
pub(super) async fn similar(
    State(app): State<Shared>,
    Id(id): Id,
    Params(Both(LimitQuery { limit: Limit(limit) }, among)): Params<Both<LimitQuery, SelectionQuery>>,
) -> Result<Response<Body>, ApiError> {
    among.check()?;
    app.score(move |version| {
        let list = version.recommender.similar_among(&id, limit, &among.selection())?;
        let items = version.recommender.listed(&list.items);
        let (unknown_items, unknown_values) = (list.unknown_items, UnknownEntry::of(list.unknown_values));
        reply::json(version, &Similar { model_version: &version.name, item: &id, items, unknown_items, unknown_values })
    })
    .await
}
