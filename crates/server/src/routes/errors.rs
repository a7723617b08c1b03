//! Which errors each route may answer, for the OpenAPI document: groups of rows of the error table.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::error::{ErrorBody, ErrorCode};

use ErrorCode::{
    AmbiguousRequest, BodyTooLarge, ExpectationFailed, ExpiredKey, FitFailed, FitQueueFull, ForeignOrigin,
    InsufficientRole, Internal, InvalidBody, InvalidEvent, InvalidExplain, InvalidLimit, InvalidModel,
    InvalidParameter, InvalidRank, InvalidRating, MalformedJson, MethodNotAllowed, MisdirectedRequest, MissingKey,
    MissingParameter, NoDirection, NoStore, NotEnoughMemory, NotInHistory, NotSupported, Overloaded, RateLimited,
    ShuttingDown, StorageAway, StorageFailed, StorageFull, Timeout, TooManyEntries, UnknownHistory, UnknownItem,
    UnknownJob, UnknownKey, UnknownModel, UnknownUser, UnreadableBody, UnsupportedMediaType, UriTooLong,
};

/// Any route, also one that is open to all.
const OPEN: &[ErrorCode] = &[
    InvalidParameter,
    AmbiguousRequest,
    ExpectationFailed,
    MisdirectedRequest,
    MethodNotAllowed,
    BodyTooLarge,
    UriTooLong,
    Internal,
];
/// Routes for which a key may be needed.
const KEYED: &[ErrorCode] = &[MissingKey, UnknownKey, ExpiredKey, InsufficientRole, RateLimited];
/// Routes that change something.
const CHANGES: &[ErrorCode] = &[ForeignOrigin];
/// Routes that use the scoring pool.
const SCORED: &[ErrorCode] = &[Overloaded];
/// Routes that read a body.
const BODY: &[ErrorCode] = &[MalformedJson, UnreadableBody, Timeout, UnsupportedMediaType, InvalidBody];
/// Routes that write events.
const EVENTS: &[ErrorCode] =
    &[InvalidEvent, TooManyEntries, NoStore, Overloaded, StorageFull, StorageFailed, StorageAway, ShuttingDown];
/// Routes that ask for a fit.
const FIT: &[ErrorCode] = &[InvalidRank, InvalidModel, NotEnoughMemory, FitQueueFull, ShuttingDown];

/// Routes that state a user or a history in the body.
const HISTORY: &[ErrorCode] = &[
    UnknownHistory,
    UnknownUser,
    NoDirection,
    NotSupported,
    InvalidLimit,
    InvalidExplain,
    InvalidRating,
    NotInHistory,
    TooManyEntries,
];

/// Declares what a route may answer besides success.
macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $($codes:expr),+;)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                responses(&[$($codes),+].concat())
            }
        }
    )*};
}

errors! {
    /// Those of any route.
    AnyErrors = OPEN, KEYED;
    /// Those of what is open to all.
    OpenErrors = OPEN;
    /// Those of the readiness.
    ReadyErrors = OPEN, &[ShuttingDown, StorageFailed];
    /// Those of a list for a user.
    UserErrors = OPEN, KEYED, SCORED, &[UnknownUser, InvalidLimit];
    /// Those of a user.
    LookupErrors = OPEN, KEYED, SCORED, &[UnknownUser];
    /// Those of recommendations for a user.
    RecommendErrors = OPEN, KEYED, SCORED, &[UnknownUser, NoDirection, NotSupported, InvalidLimit, InvalidExplain, TooManyEntries];
    /// Those of what is asked for a user or a history in the body.
    HistoryErrors = OPEN, KEYED, CHANGES, SCORED, BODY, HISTORY;
    /// Those of what is looked up in a model.
    ScoredErrors = OPEN, KEYED, SCORED;
    /// Those of an item.
    ItemErrors = OPEN, KEYED, SCORED, &[UnknownItem];
    /// Those of a list for an item.
    SimilarErrors = OPEN, KEYED, SCORED, &[UnknownItem, NotSupported, InvalidLimit, TooManyEntries];
    /// Those of a list that is for no user in particular.
    ListErrors = OPEN, KEYED, SCORED, &[InvalidLimit, TooManyEntries];
    /// Those of a request for a fit.
    FitErrors = OPEN, KEYED, CHANGES, BODY, FIT;
    /// Those of events.
    EventErrors = OPEN, KEYED, CHANGES, BODY, EVENTS;
    /// Those of a version.
    ModelErrors = OPEN, KEYED, CHANGES, &[UnknownModel];
    /// Those of a job.
    JobErrors = OPEN, KEYED, &[UnknownJob];
    /// Those of the tutorial's lists.
    TutorialErrors = OPEN, KEYED, CHANGES, SCORED, BODY, &[MissingParameter, UnknownUser];
    /// Those of the tutorial's fit.
    RecomputeErrors = OPEN, KEYED, CHANGES, BODY, FIT, &[MissingParameter, FitFailed];
}

/// One response a status, with all its codes.
fn responses(codes: &[ErrorCode]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for &code in codes {
        by_status.entry(code.row().0.as_u16()).or_default().push(code);
    }
    let mut all: BTreeMap<String, RefOr<Response>> =
        by_status.into_iter().map(|(status, codes)| (status.to_string(), response(&codes).into())).collect();
    let head = format!(
        "The head has more than {} or {MAX_HEADERS} headers; no body",
        kib(foretaste_net::Limits::default().header_bytes)
    );
    all.insert("431".to_owned(), ResponseBuilder::new().description(head).build().into());
    all
}

/// Headers of a request that hyper takes.
const MAX_HEADERS: usize = 100;

fn response(codes: &[ErrorCode]) -> Response {
    let meanings: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code.name(), meaning(*code))).collect();
    let first = codes.first().copied().unwrap_or(Internal);
    let example = json!({"code": first.name(), "message": meaning(first)});
    let schema = Ref::from_schema_name(ErrorBody::name());
    let content = ContentBuilder::new().schema(Some(schema)).example(Some(example)).build();
    let mut response = ResponseBuilder::new().description(meanings.join("; ")).content("application/json", content);
    if codes.iter().all(|code| code.may_pass()) {
        let header = HeaderBuilder::new().description(Some("Seconds after which the request may work")).build();
        response = response.header("retry-after", header);
    }
    response.build()
}

/// What a code means, with the limits of the service as they are by default.
fn meaning(code: ErrorCode) -> String {
    let limits = foretaste_net::Limits::default();
    match code {
        Timeout => format!("the body took longer than {} s", limits.body.as_secs()),
        BodyTooLarge => format!("the body has more than {}", kib(limits.body_bytes)),
        UriTooLong => format!("path and query have more than {}", kib(limits.uri_bytes)),
        TooManyEntries => format!("a list has more than {} entries", super::list_query::MAX_ENTRIES),
        InvalidLimit => format!("the limit is not between 1 and {}", foretaste::recommend::MAX_LIMIT),
        InvalidExplain => format!("`explain` is not between 1 and {}", foretaste::recommend::MAX_TERMS),
        other => other.meaning().to_owned(),
    }
}

/// A number of bytes, in the largest binary unit that divides it.
fn kib(bytes: usize) -> String {
    match (bytes % (1 << 20), bytes % (1 << 10)) {
        (0, _) => format!("{} MiB", bytes >> 20),
        (_, 0) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}
