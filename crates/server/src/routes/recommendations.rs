//! Recommendations for a user or a history in the body: what-if, anonymous basket.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::Request;
use serde::Deserialize;
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::errors::HistoryErrors;
use super::list::Recommendations;
use super::list_query::ListQuery;
use super::reply;
use super::subject_body::{OneSubject, SubjectBody, merged};
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::body::JsonBody;
use crate::extract::fields::{Fields, Wire};
use crate::extract::query::NoQuery;
use crate::extract::wire_error::WireError;
use foretaste_service::Since;

/// A user or a history and what is wanted for it.
pub(super) struct RecommendRequest {
    of: OneSubject,
    diff: DiffField,
    list: ListQuery,
}

/// Whether to say what the change of the history changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DiffField {
    /// Whether the reply says how the list differs from that without `add` and `remove`.
    #[serde(default)]
    diff: bool,
}

impl Wire for RecommendRequest {
    fn read(fields: &mut Fields) -> Result<Self, WireError> {
        // The name of this field in bodies until it was made the one of the query.
        fields.rename("genres", "genre")?;
        let of = OneSubject::read(fields)?;
        Ok(Self { of, diff: DiffField::read(fields)?, list: ListQuery::read(fields)? })
    }
}

impl PartialSchema for RecommendRequest {
    /// One object with the fields of all.
    fn schema() -> RefOr<Schema> {
        let parts = [SubjectBody::schema(), DiffField::schema()].into_iter().chain(ListQuery::schemas());
        let description = "A user or a history and what is wanted for it. `genres` is an older name of `genre`.";
        merged(parts, description, json!({"history": [{"item": "1", "rating": 5.0}], "limit": 3}))
    }
}

impl ToSchema for RecommendRequest {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RecommendRequest")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        SubjectBody::schemas(schemas);
    }
}

impl RecommendRequest {
    fn check(&self) -> Result<(), ApiError> {
        self.of.check()?;
        self.list.check()
    }

    fn request<'a>(&'a self, since: &'a Since) -> Request<'a> {
        // A list that is compared with another is scored as that one is, changed or not.
        let what_if = self.of.what_if().or_else(|| self.diff.diff.then(Default::default));
        Request { what_if, live: &since.observed, ..self.list.request(self.of.subject()) }
    }
}

/// Items recommended for a user or a history in the body, best first
///
/// A history is folded in: no fit is needed, and the ratings of a known user give that user's scores exactly. With `add` and
/// `remove` the list is the one that there would be if the history were another one; nothing is written.
#[utoipa::path(
    post, path = "/v1/recommendations", tag = "recommendations", operation_id = "recommend_for_history",
    request_body(
        content = RecommendRequest,
        examples(
            ("a history" = (value = json!({"history": [{"item": "1", "rating": 5.0}], "limit": 3}))),
            ("why" = (value = json!({"history": [{"item": "1", "rating": 5.0}, {"item": "2", "rating": 1.0}], "limit": 3, "explain": 2}))),
            ("what if" = (value = json!({"user": "500", "add": [{"item": "1", "value": 5.0}], "diff": true}))),
        ),
    ),
    responses((status = 200, description = "The items", body = Recommendations), HistoryErrors)
)]
pub(super) async fn recommend(
    State(app): State<Shared>,
    _: NoQuery,
    JsonBody(request): JsonBody<RecommendRequest>,
) -> Result<Response<Body>, ApiError> {
    request.check()?;
    app.score(move |version| {
        let since = request.of.since(version);
        let (asked, recommender) = (request.request(&since), &version.recommender);
        let ranked = recommender.recommend(&asked)?;
        let shift = request.diff.diff.then(|| recommender.shift(&asked, &ranked.items)).transpose()?;
        let list = Recommendations::new(version, ranked).and(since.events);
        reply::json(version, &list.with(version, shift.as_ref()))
    })
    .await
}
