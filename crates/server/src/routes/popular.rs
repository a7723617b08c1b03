//! Popular items: what is rated most.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::ListedItem;
use serde::Serialize;

use super::errors::ListErrors;
use super::list::UnknownEntry;
use super::list_query::{Limit, LimitQuery};
use super::reply;
use super::selection_query::SelectionQuery;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::fields::Both;
use crate::extract::query::Params;

/// Items with most ratings, the most rated first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Popular<'a> {
    /// The version of the model whose data this is.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// The items; the score is the number of ratings, equal numbers are ordered by id.
    items: Vec<ListedItem<'a>>,
    /// Ids of the request that the model does not know; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_items: Vec<String>,
    /// Values of filters that no item has; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_values: Vec<UnknownEntry>,
}

/// Items with most ratings, the most rated first
#[utoipa::path(
    get, path = "/v1/popular", tag = "items", operation_id = "popular_items",
    params(LimitQuery, SelectionQuery),
    responses((status = 200, description = "The items", body = Popular), ListErrors)
)]
pub(super) async fn popular(
    State(app): State<Shared>,
    Params(Both(LimitQuery { limit: Limit(limit) }, among)): Params<Both<LimitQuery, SelectionQuery>>,
) -> Result<Response<Body>, ApiError> {
    among.check()?;
    app.score(move |version| {
        let list = version.recommender.popular_among(limit, &among.selection())?;
        let items = version.recommender.listed(&list.items);
        let (unknown_items, unknown_values) = (list.unknown_items, UnknownEntry::of(list.unknown_values));
        reply::json(version, &Popular { model_version: &version.name, items, unknown_items, unknown_values })
    })
    .await
}
