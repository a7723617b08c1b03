//! Recommendations for a history in the body: what-if, anonymous basket.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::{Fallback, Filter, Request, Selection, Subject};
use serde::Deserialize;

use super::list::{FallbackName, Recommendations};
use super::reply;
use super::users::refs;
use crate::app::Shared;
use crate::error::{ApiError, ErrorBody, Fault};
use crate::extract::body::JsonBody;
use crate::extract::query::{DEFAULT_LIMIT, NoQuery};

/// Most entries of each list in a body.
const MAX_ENTRIES: usize = 10_000;

/// Largest rating of a history: a sum over the longest history of such ratings is still finite.
const MAX_RATING: f64 = 1e30;

/// A history and what is wanted for it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// What was rated; of an item named twice the last rating counts.
    #[schema(max_items = 10_000)]
    history: Vec<Rating>,
    /// Items wanted.
    #[serde(default = "default_limit")]
    #[schema(minimum = 1, maximum = 1000, default = 10)]
    limit: usize,
    /// Items that must not be in the list.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    exclude: Vec<String>,
    /// When given, only these items may be in the list.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    only: Option<Vec<String>>,
    /// At least one of these genres; empty allows every item.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    genres: Vec<String>,
    /// The first year allowed.
    #[schema(maximum = 65535)]
    min_year: Option<u16>,
    /// The last year allowed.
    #[schema(maximum = 65535)]
    max_year: Option<u16>,
    /// What to answer when nothing in the history is known.
    #[serde(default)]
    #[schema(inline)]
    fallback: FallbackName,
}

/// One rating of a history.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Rating {
    /// The item's id.
    #[schema(example = "1")]
    item: String,
    /// The rating, in the scale of the data.
    #[schema(minimum = 0, example = 5.0, maximum = 1e30)]
    rating: f64,
}

fn default_limit() -> usize {
    DEFAULT_LIMIT
}

impl Wish {
    fn check(&self) -> Result<(), ApiError> {
        let only = self.only.as_ref().map_or(0, Vec::len);
        let lists = [
            ("history", self.history.len()),
            ("exclude", self.exclude.len()),
            ("only", only),
            ("genres", self.genres.len()),
        ];
        if let Some((name, found)) = lists.into_iter().find(|&(_, found)| found > MAX_ENTRIES) {
            let message = format!("`{name}` has {found} entries, allowed are {MAX_ENTRIES}");
            return Err(Fault::TooManyEntries.because(message));
        }
        match self.history.iter().find(|entry| entry.rating > MAX_RATING) {
            Some(Rating { rating, .. }) => {
                Err(Fault::InvalidRating.because(format!("a rating is {rating}, allowed are 0 to {MAX_RATING}")))
            }
            None => Ok(()),
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            subject: Subject::History(
                self.history.iter().map(|entry| (entry.item.as_str(), entry.rating as f32)).collect(),
            ),
            limit: self.limit,
            selection: Selection {
                exclude: refs(&self.exclude),
                only: self.only.as_deref().map(refs),
                filter: Filter { genres: refs(&self.genres), min_year: self.min_year, max_year: self.max_year },
            },
            fallback: Fallback::from(self.fallback),
        }
    }
}

/// Items recommended to whoever has this history, best first
///
/// The history is folded in: no fit is needed, and the ratings of a known user give that user's scores exactly.
#[utoipa::path(
    post, path = "/v1/recommendations", tag = "recommendations", request_body = Wish,
    responses(
        (status = 200, description = "The items", body = Recommendations),
        (status = 404, description = "`unknown_history`, for `\"fallback\": \"none\"` only", body = ErrorBody),
        (status = 415, description = "`unsupported_media_type`", body = ErrorBody),
        (status = 422, description = "`invalid_body`, `invalid_limit`, `invalid_rating`, `too_many_entries`",
            body = ErrorBody),
    )
)]
pub(super) async fn recommend(
    State(app): State<Shared>,
    _: NoQuery,
    JsonBody(wish): JsonBody<Wish>,
) -> Result<Response<Body>, ApiError> {
    wish.check()?;
    app.score(move |version| {
        let ranked = version.recommender.recommend(&wish.request())?;
        reply::json(version, &Recommendations::new(version, ranked))
    })
    .await
}
