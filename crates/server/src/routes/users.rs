//! Users: what is recommended to them, what they rated.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::recommend::{Fallback, Filter, Request, Scored, Selection, Subject, check_limit};
use serde::Serialize;

use super::list::{Entry, FallbackName, Recommendations, entries};
use super::reply;
use crate::app::Shared;
use crate::error::{ApiError, ErrorBody, Fault};
use crate::extract::path::Id;
use crate::extract::query::Fields;
use crate::registry::Version;

/// What the query of a recommendation may hold.
struct Wishes {
    limit: usize,
    exclude: Vec<String>,
    genres: Vec<String>,
    min_year: Option<u16>,
    max_year: Option<u16>,
    fallback: FallbackName,
}

impl Wishes {
    fn read(mut fields: Fields) -> Result<Self, ApiError> {
        let wishes = Self {
            limit: fields.limit()?,
            exclude: fields.many("exclude"),
            genres: fields.many("genre"),
            min_year: fields.number("min_year")?,
            max_year: fields.number("max_year")?,
            fallback: match fields.one("fallback")?.as_deref() {
                None | Some("popular") => FallbackName::Popular,
                Some("none") => FallbackName::None,
                Some(_) => return Err(Fault::InvalidParameter.because("`fallback` must be `popular` or `none`")),
            },
        };
        fields.finish(&["limit", "exclude", "genre", "min_year", "max_year", "fallback"])?;
        Ok(wishes)
    }
}

pub(super) fn refs(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

/// Items recommended to a user, best first
///
/// A user without a history gets popular items, marked as such.
#[utoipa::path(
    get, path = "/v1/users/{user}/recommendations", tag = "users",
    params(
        ("user" = String, Path, description = "The user's id, percent-encoded", example = "500"),
        ("limit" = Option<u16>, Query, description = "Items wanted, 10 by default", minimum = 1, maximum = 1000),
        ("exclude" = Option<Vec<String>>, Query, description = "An item that must not be in the list; may be repeated"),
        ("genre" = Option<Vec<String>>, Query, description = "At least one of these genres; may be repeated"),
        ("min_year" = Option<u16>, Query, description = "The first year allowed", minimum = 0, maximum = 65535),
        ("max_year" = Option<u16>, Query, description = "The last year allowed", minimum = 0, maximum = 65535),
        ("fallback" = inline(Option<FallbackName>), Query, description = "For a user without a history"),
    ),
    responses(
        (status = 200, description = "The items", body = Recommendations),
        (status = 404, description = "`unknown_user`, for `fallback=none` only", body = ErrorBody),
        (status = 422, description = "`invalid_limit`", body = ErrorBody),
    )
)]
pub(super) async fn recommendations(
    State(app): State<Shared>,
    Id(user): Id,
    fields: Fields,
) -> Result<Response<Body>, ApiError> {
    let wishes = Wishes::read(fields)?;
    app.score(move |version| {
        let request = Request {
            subject: Subject::User(&user),
            limit: wishes.limit,
            selection: Selection {
                exclude: refs(&wishes.exclude),
                only: None,
                filter: Filter { genres: refs(&wishes.genres), min_year: wishes.min_year, max_year: wishes.max_year },
            },
            fallback: Fallback::from(wishes.fallback),
        };
        let ranked = version.recommender.recommend(&request)?;
        reply::json(version, &Recommendations::new(version, ranked))
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
    /// The items; the score is the rating, equal ratings rank by id, numbers by value before other ids.
    items: Vec<Entry<'a>>,
}

impl<'a> Ratings<'a> {
    pub(super) fn new(version: &'a Version, user: &'a str, rated: &[Scored], total: usize) -> Self {
        Self { model_version: &version.name, user, total, items: entries(&version.recommender, rated) }
    }
}

/// What a user rated, best first
#[utoipa::path(
    get, path = "/v1/users/{user}/ratings", tag = "users",
    params(
        ("user" = String, Path, description = "The user's id, percent-encoded", example = "500"),
        ("limit" = Option<u16>, Query, description = "Items wanted, 10 by default", minimum = 1, maximum = 1000),
    ),
    responses(
        (status = 200, description = "The ratings", body = Ratings),
        (status = 404, description = "`unknown_user`", body = ErrorBody),
        (status = 422, description = "`invalid_limit`", body = ErrorBody),
    )
)]
pub(super) async fn ratings(
    State(app): State<Shared>,
    Id(user): Id,
    mut fields: Fields,
) -> Result<Response<Body>, ApiError> {
    let limit = fields.limit()?;
    fields.finish(&["limit"])?;
    check_limit(limit)?;
    app.score(move |version| {
        let rated = version.recommender.rated(&user)?;
        let shown = &rated[..limit.min(rated.len())];
        reply::json(version, &Ratings::new(version, &user, shown, rated.len()))
    })
    .await
}
