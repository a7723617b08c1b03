//! What users do, as it happens: written for good before it is acknowledged, and counted in the next list.

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use foretaste_service::{Appended, EventKind, NewEvent};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::errors::EventErrors;
use super::event_time::Time;
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use crate::extract::body::{is_json, read, tree};
use crate::extract::decode::Decoder;
use crate::extract::query::{NoQuery, Params};
use crate::extract::tree::Tree;

/// Most events of one request.
const MOST: usize = 10_000;
/// Longest id, in bytes.
const MOST_ID_BYTES: usize = 512;
/// Largest value: a sum over the longest history of such values is still finite.
const MOST_VALUE: f64 = 1e30;
/// A body of one JSON value a line.
const NDJSON: &str = "application/x-ndjson";

/// What a user did.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventBody {
    /// Who; a whole number stands for its digits. Users that are not known are welcome.
    #[schema(example = "500", max_length = 512)]
    user: String,
    /// With which item; a whole number stands for its digits. Items that are not known are welcome.
    #[schema(example = "1", max_length = 512)]
    item: String,
    /// What it was: `rating`, `interaction`, `view`, `click`, `cart`, `purchase`, `like`, `bookmark`, `share`, `play`, `skip` or
    /// `dislike`.
    #[serde(rename = "type")]
    #[schema(example = "view")]
    kind: String,
    /// The rating, the weight, or the portion played; 1 where it is left out. A rating must have one.
    #[schema(minimum = -1e30, maximum = 1e30, example = 1.0)]
    value: Option<f64>,
    /// When: RFC 3339, or seconds or milliseconds since 1970. Now where it is left out.
    #[schema(value_type = Option<String>, example = "2026-01-31T12:00:00Z")]
    time: Option<Time>,
    /// A name for it: an event of a name that was taken before is not taken again, so that it can be sent until it is
    /// acknowledged.
    #[schema(example = "order-17-1", max_length = 512)]
    event_id: Option<String>,
}

/// How an item was rated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RatingBody {
    /// Who; a whole number stands for its digits.
    #[schema(example = "500", max_length = 512)]
    user: String,
    /// Which item; a whole number stands for its digits.
    #[schema(example = "1", max_length = 512)]
    item: String,
    /// The rating, in the scale of the data.
    #[schema(minimum = -1e30, maximum = 1e30, example = 5.0)]
    rating: f64,
    /// When: RFC 3339, or seconds or milliseconds since 1970. Now where it is left out.
    #[schema(value_type = Option<String>, example = "2026-01-31T12:00:00Z")]
    time: Option<Time>,
    /// A name for it, as of an event.
    #[schema(example = "rating-17", max_length = 512)]
    event_id: Option<String>,
}

impl From<RatingBody> for EventBody {
    fn from(RatingBody { user, item, rating, time, event_id }: RatingBody) -> Self {
        let kind = EventKind::RATING.rules().name.to_owned();
        Self { user, item, kind, value: Some(rating), time, event_id }
    }
}

/// What becomes of a request in which an event is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// None of its events is taken.
    #[default]
    Atomic,
    /// The others are taken.
    Each,
}

/// How events are taken.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ModeQuery {
    /// `atomic` takes all events or none, `each` those that are right.
    #[serde(default)]
    #[param(inline)]
    mode: Mode,
}

/// What became of the events of a request. They are durable.
#[derive(Serialize, ToSchema)]
pub(super) struct Written {
    /// Events that were written.
    #[schema(example = 1)]
    accepted: usize,
    /// Events whose name was taken before; they were not written again.
    #[schema(example = 0)]
    duplicates: usize,
    /// The sequence number of the last event that was written; none where none was.
    #[schema(example = 20_001)]
    last_sequence: Option<u64>,
    /// Events that are wrong, with `mode=each`; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
}

/// An event that is wrong.
#[derive(Serialize, ToSchema)]
struct Rejected {
    /// Its place in the request, counted from 0.
    #[schema(example = 3)]
    index: usize,
    /// What is wrong with it.
    #[schema(example = "`events[3]` has no `item`")]
    message: String,
}

/// The events of a body, one, an array of them, or one a line, not yet looked at.
pub(super) struct Events(Vec<Tree>);

impl FromRequest<Shared> for Events {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, app: &Shared) -> Result<Self, ApiError> {
        let is_lines = is_ndjson(request.headers());
        if !is_lines && !is_json(request.headers()) {
            let expected = "the body must have the content-type application/json or application/x-ndjson";
            return Err(ErrorCode::UnsupportedMediaType.because(expected));
        }
        let (bytes, _held) = read(request.into_body(), app).await?.split();
        let events = if is_lines {
            let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            lines.map(tree).collect::<Result<Vec<_>, _>>()?
        } else {
            match tree(&bytes)? {
                Tree::Array(events) => events,
                one => vec![one],
            }
        };
        if events.len() > MOST {
            let message = format!("the body has {} events, allowed are {MOST}", events.len());
            return Err(ErrorCode::TooManyEntries.because(message));
        }
        Ok(Self(events))
    }
}

fn is_ndjson(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(NDJSON)
}

impl EventBody {
    /// The event, if all of it is right; `place` is where it stands.
    fn checked(self, place: &str, now: i64) -> Result<NewEvent, String> {
        let Self { user, item, kind, value, time, event_id } = self;
        for (field, id) in [("user", Some(&user)), ("item", Some(&item)), ("event_id", event_id.as_ref())] {
            let Some(id) = id else { continue };
            if id.is_empty() || id.len() > MOST_ID_BYTES {
                let bytes = id.len();
                return Err(format!("`{place}.{field}` has {bytes} bytes, allowed are 1 to {MOST_ID_BYTES}"));
            }
            if id.chars().any(char::is_control) {
                return Err(format!("`{place}.{field}` has a control character"));
            }
        }
        let Some(known) = EventKind::named(&kind) else {
            let names: Vec<&str> = EventKind::all().map(|kind| kind.rules().name).collect();
            let found: String = kind.chars().take(40).collect();
            return Err(format!("`{place}.type` is `{found}`, allowed are {}", names.join(", ")));
        };
        if value.is_none() && known.rules().needs_value {
            return Err(format!("`{place}` is a {kind} and has no `value`"));
        }
        let value = value.unwrap_or(1.0);
        if !value.is_finite() || value.abs() > MOST_VALUE {
            return Err(format!("`{place}.value` is {value}, allowed are -{MOST_VALUE} to {MOST_VALUE}"));
        }
        let time = time.map_or(now, |Time(time)| time);
        #[allow(clippy::cast_possible_truncation, reason = "values are kept as f32")]
        let value = value as f32;
        Ok(NewEvent { user, item, kind: known, value, time: Some(time), id: event_id })
    }
}

/// Reads events of a form, and takes those that are right, or none.
async fn take<B: for<'de> Deserialize<'de> + Into<EventBody>>(
    app: &Shared,
    events: Vec<Tree>,
    mode: Mode,
) -> Result<Json<Written>, ApiError> {
    let now = jiff::Timestamp::now().as_millisecond();
    let (mut right, mut rejected) = (Vec::with_capacity(events.len()), Vec::new());
    for (index, tree) in events.into_iter().enumerate() {
        let path = format!("events[{index}]");
        let read = B::deserialize(Decoder { tree, path: path.clone() }).map_err(|error| error.to_string());
        match read.and_then(|body| body.into().checked(&path, now)) {
            Ok(event) => right.push(event),
            Err(message) if mode == Mode::Atomic => return Err(ErrorCode::InvalidEvent.because(message)),
            Err(message) => rejected.push(Rejected { index, message }),
        }
    }
    let appended = app.service.append(right).await?;
    let new = appended.iter().filter_map(|appended| match appended {
        Appended::New(sequence) => Some(*sequence),
        Appended::Known => None,
    });
    let (accepted, last_sequence) = (new.clone().count(), new.max());
    Ok(Json(Written { accepted, duplicates: appended.len() - accepted, last_sequence, rejected }))
}

/// Takes events of users and items
///
/// One event, an array of them, or one a line (`application/x-ndjson`), at most 10,000. They are durable when the reply comes,
/// and count in the next list of their user. Needs `serve --data-dir`.
#[utoipa::path(
    post, path = "/v1/events", tag = "events", operation_id = "write_events",
    params(ModeQuery),
    request_body(content = EventBody, examples(
        ("one" = (value = json!({"user": "500", "item": "1", "type": "rating", "value": 5.0, "event_id": "example-1"}))),
    )),
    responses((status = 200, description = "They are written", body = Written), EventErrors)
)]
pub(super) async fn write(
    State(app): State<Shared>,
    Params(ModeQuery { mode }): Params<ModeQuery>,
    Events(events): Events,
) -> Result<Json<Written>, ApiError> {
    take::<EventBody>(&app, events, mode).await
}

/// Takes ratings: events of type `rating`
///
/// As `POST /v1/events`.
#[utoipa::path(
    post, path = "/v1/ratings", tag = "events", operation_id = "write_ratings",
    request_body(content = RatingBody, examples(
        ("one" = (value = json!({"user": "500", "item": "1", "rating": 5.0, "event_id": "example-2"}))),
    )),
    responses((status = 200, description = "They are written", body = Written), EventErrors)
)]
pub(super) async fn write_ratings(
    State(app): State<Shared>,
    _: NoQuery,
    Events(events): Events,
) -> Result<Json<Written>, ApiError> {
    take::<RatingBody>(&app, events, Mode::Atomic).await
}
