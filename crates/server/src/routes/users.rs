//! Users: what is recommended to them, what they rated.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::{ListedItem, Request, Scored, Subject, check_limit};
use serde::Serialize;

use super::errors::{LookupErrors, RecommendErrors, UserErrors};
use super::list::Recommendations;
use super::list_query::{Limit, LimitQuery, ListQuery};
use super::properties::PropertyMap;
use super::reply;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::path::Id;
use crate::extract::query::{NoQuery, Params};
use foretaste_service::Version;

/// Items recommended to a user, best first
///
/// A user without a history gets popular items, marked as such.
#[utoipa::path(
    get, path = "/v1/users/{user}/recommendations", tag = "users", operation_id = "user_recommendations",
    params(("user" = String, Path, description = "The user's id, percent-encoded", example = "500"), ListQuery),
    responses((status = 200, description = "The items", body = Recommendations), RecommendErrors)
)]
pub(super) async fn recommendations(
    State(app): State<Shared>,
    Id(user): Id,
    Params(query): Params<ListQuery>,
) -> Result<Response<Body>, ApiError> {
    query.check()?;
    app.score(move |version| {
        let since = version.since(&user);
        let request = Request { live: &since.observed, ..query.request(Subject::User(&user)) };
        let ranked = version.recommender.recommend(&request)?;
        reply::json(version, &Recommendations::new(version, ranked).and(since.events))
    })
    .await
}

/// What is known about a user.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct User<'a> {
    /// The version of the model whose data this is.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// The user's id.
    id: &'a str,
    /// Number of ratings.
    ratings: usize,
    /// Everything else that is known, by name; present when there is any.
    #[serde(skip_serializing_if = "PropertyMap::is_empty")]
    #[schema(value_type = Object, example = json!({"age": 24, "country": "DE"}))]
    properties: PropertyMap<'a>,
}

/// What is known about a user
#[utoipa::path(
    get, path = "/v1/users/{user}", tag = "users", operation_id = "user",
    params(("user" = String, Path, description = "The user's id, percent-encoded", example = "500")),
    responses((status = 200, description = "The user", body = User), LookupErrors)
)]
pub(super) async fn user(State(app): State<Shared>, Id(id): Id, _: NoQuery) -> Result<Response<Body>, ApiError> {
    app.score(move |version| {
        let (recommender, users) = (&version.recommender, &version.recommender.dataset().users);
        let since = version.since(&id);
        let row = recommender.user(&id).map(|user| user.0 as usize);
        let ratings = match &row {
            // Without news of the user nothing has to be put together.
            Ok(row) if since.observed.is_empty() => recommender.dataset().interactions.matrix().row(*row).0.len(),
            _ => recommender.rated_by(&id, &since.observed).map_or(0, |rated| rated.len()),
        };
        let row = match row.or_else(|unknown| users.unrated_row(&id).ok_or(unknown)) {
            Ok(row) => row,
            // Who did something since is known, too.
            Err(_) if !since.observed.is_empty() => usize::MAX,
            Err(unknown) => return Err(unknown.into()),
        };
        let properties = PropertyMap(users.properties().of(row).collect());
        reply::json(version, &User { model_version: &version.name, id: &id, ratings, properties })
    })
    .await
}

/// What a user rated, best first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Ratings<'a> {
    /// The version of the model whose data this is.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// The user's id.
    user: &'a str,
    /// Number of items that the user rated.
    total: usize,
    /// The items; the score is the rating, equal ratings are ordered by id, numbers by value before other ids.
    items: Vec<ListedItem<'a>>,
}

impl<'a> Ratings<'a> {
    pub(super) fn new(version: &'a Version, user: &'a str, rated: &[Scored], total: usize) -> Self {
        Self { model_version: &version.name, user, total, items: version.recommender.listed(rated) }
    }
}

/// What a user rated, best first
#[utoipa::path(
    get, path = "/v1/users/{user}/ratings", tag = "users", operation_id = "user_ratings",
    params(("user" = String, Path, description = "The user's id, percent-encoded", example = "500"), LimitQuery),
    responses((status = 200, description = "The ratings", body = Ratings), UserErrors)
)]
pub(super) async fn ratings(
    State(app): State<Shared>,
    Id(user): Id,
    Params(LimitQuery { limit: Limit(limit) }): Params<LimitQuery>,
) -> Result<Response<Body>, ApiError> {
    check_limit(limit)?;
    app.score(move |version| {
        let rated = version.recommender.rated_by(&user, &version.since(&user).observed)?;
        let shown = &rated[..limit.min(rated.len())];
        reply::json(version, &Ratings::new(version, &user, shown, rated.len()))
    })
    .await
}
