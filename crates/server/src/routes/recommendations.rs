//! Recommendations for a history in the body: what-if, anonymous basket.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::Subject;
use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::errors::HistoryErrors;
use super::list::Recommendations;
use super::list_query::{ListQuery, check_entries};
use super::reply;
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use crate::extract::body::JsonBody;
use crate::extract::fields::{Fields, Wire};
use crate::extract::query::NoQuery;
use crate::extract::wire_error::WireError;

/// Largest rating of a history: a sum over the longest history of such ratings is still finite.
const MAX_RATING: f64 = 1e30;

/// A history and what is wanted for it.
pub(super) struct RecommendRequest {
    history: History,
    list: ListQuery,
}

/// The user or the history that the list is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct History {
    /// What was rated; of an item named twice the last rating counts.
    #[schema(max_items = 10_000)]
    history: Vec<HistoryEntry>,
}

/// An item and its rating.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HistoryEntry {
    /// The item's id; a whole number stands for its digits.
    #[schema(example = "1")]
    item: String,
    /// The rating, in the scale of the data.
    #[schema(minimum = 0, example = 5.0, maximum = 1e30)]
    rating: f64,
}

impl Wire for RecommendRequest {
    fn read(fields: &mut Fields) -> Result<Self, WireError> {
        // The name of this field in bodies until it was made the one of the query.
        fields.rename("genres", "genre")?;
        Ok(Self { history: History::read(fields)?, list: ListQuery::read(fields)? })
    }
}

impl PartialSchema for RecommendRequest {
    /// One object with the fields of both.
    fn schema() -> RefOr<Schema> {
        let mut schema = History::schema();
        for part in ListQuery::schemas() {
            if let (RefOr::T(Schema::Object(object)), RefOr::T(Schema::Object(part))) = (&mut schema, part) {
                object.properties.extend(part.properties);
                object.required.extend(part.required);
                object.description =
                    Some("A history and what is wanted for it. `genres` is an older name of `genre`.".to_owned());
            }
        }
        schema
    }
}

impl ToSchema for RecommendRequest {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RecommendRequest")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        History::schemas(schemas);
    }
}

impl RecommendRequest {
    fn check(&self) -> Result<(), ApiError> {
        let history = &self.history.history;
        check_entries(&[("history", history.len())])?;
        self.list.check()?;
        match history.iter().find(|entry| entry.rating > MAX_RATING) {
            Some(HistoryEntry { rating, .. }) => {
                Err(ErrorCode::InvalidRating.because(format!("a rating is {rating}, allowed are 0 to {MAX_RATING}")))
            }
            None => Ok(()),
        }
    }

    fn subject(&self) -> Subject<'_> {
        let history = self.history.history.iter();
        Subject::History(history.map(|entry| (entry.item.as_str(), entry.rating as f32)).collect())
    }
}

/// Items recommended for a history, best first
///
/// The history is folded in: no fit is needed, and the ratings of a known user give that user's scores exactly.
#[utoipa::path(
    post, path = "/v1/recommendations", tag = "recommendations", operation_id = "recommend_for_history",
    request_body(content = RecommendRequest, example = json!({"history": [{"item": "1", "rating": 5.0}], "limit": 3})),
    responses((status = 200, description = "The items", body = Recommendations), HistoryErrors)
)]
pub(super) async fn recommend(
    State(app): State<Shared>,
    _: NoQuery,
    JsonBody(request): JsonBody<RecommendRequest>,
) -> Result<Response<Body>, ApiError> {
    request.check()?;
    app.score(move |version| {
        let ranked = version.recommender.recommend(&request.list.request(request.subject()))?;
        reply::json(version, &Recommendations::new(version, ranked))
    })
    .await
}
