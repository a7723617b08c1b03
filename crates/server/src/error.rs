//! The one table of errors: what went wrong, its status, its stable code.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use foretaste::models::svd::SvdParams;
use foretaste::models::{FitError, ParamsError};
use foretaste::recommend::RecommendError;
use foretaste_service::{FitJobError, ScoringError, WriteError};
use serde::Serialize;

/// Everything that the service may answer besides success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    MissingParameter,
    InvalidParameter,
    MalformedJson,
    UnreadableBody,
    AmbiguousRequest,
    ExpectationFailed,
    MissingKey,
    UnknownKey,
    ExpiredKey,
    InsufficientRole,
    RateLimited,
    ForeignOrigin,
    MisdirectedRequest,
    UnknownUser,
    UnknownHistory,
    NoDirection,
    UnknownItem,
    UnknownModel,
    UnknownJob,
    UnknownRoute,
    MethodNotAllowed,
    Timeout,
    BodyTooLarge,
    UriTooLong,
    UnsupportedMediaType,
    InvalidBody,
    InvalidLimit,
    InvalidExplain,
    NotInHistory,
    InvalidRank,
    InvalidModel,
    NotSupported,
    InvalidRating,
    NotEnoughMemory,
    TooManyEntries,
    InvalidEvent,
    NoStore,
    StorageFull,
    StorageFailed,
    StorageAway,
    Internal,
    FitFailed,
    SourceUnreadable,
    Overloaded,
    FitQueueFull,
    ShuttingDown,
}

impl ErrorCode {
    /// The table: status and code of each error. Codes never change once released.
    pub(crate) const fn row(self) -> (StatusCode, &'static str) {
        match self {
            // The request cannot be read.
            Self::MissingParameter => (StatusCode::BAD_REQUEST, "missing_parameter"),
            Self::InvalidParameter => (StatusCode::BAD_REQUEST, "invalid_parameter"),
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "malformed_json"),
            Self::UnreadableBody => (StatusCode::BAD_REQUEST, "unreadable_body"),
            Self::AmbiguousRequest => (StatusCode::BAD_REQUEST, "ambiguous_request"),
            Self::ExpectationFailed => (StatusCode::EXPECTATION_FAILED, "expectation_failed"),
            // It may not come here.
            Self::MissingKey => (StatusCode::UNAUTHORIZED, "missing_key"),
            Self::UnknownKey => (StatusCode::UNAUTHORIZED, "unknown_key"),
            Self::ExpiredKey => (StatusCode::UNAUTHORIZED, "expired_key"),
            Self::InsufficientRole => (StatusCode::FORBIDDEN, "insufficient_role"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin"),
            Self::MisdirectedRequest => (StatusCode::MISDIRECTED_REQUEST, "misdirected_request"),
            // It names something that is not there.
            Self::UnknownUser => (StatusCode::NOT_FOUND, "unknown_user"),
            Self::UnknownHistory => (StatusCode::NOT_FOUND, "unknown_history"),
            Self::NoDirection => (StatusCode::NOT_FOUND, "no_direction"),
            Self::UnknownItem => (StatusCode::NOT_FOUND, "unknown_item"),
            Self::UnknownModel => (StatusCode::NOT_FOUND, "unknown_model"),
            Self::UnknownJob => (StatusCode::NOT_FOUND, "unknown_job"),
            Self::UnknownRoute => (StatusCode::NOT_FOUND, "unknown_route"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            // It is too slow, too large, of the wrong kind.
            Self::Timeout => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "uri_too_long"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            // It can be read, but what it asks for is not possible.
            Self::InvalidBody => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"),
            Self::InvalidLimit => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_limit"),
            Self::InvalidExplain => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_explain"),
            Self::NotInHistory => (StatusCode::UNPROCESSABLE_ENTITY, "not_in_history"),
            Self::InvalidRank => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_rank"),
            Self::InvalidModel => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_model"),
            Self::NotSupported => (StatusCode::UNPROCESSABLE_ENTITY, "not_supported"),
            Self::InvalidRating => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_rating"),
            Self::NotEnoughMemory => (StatusCode::UNPROCESSABLE_ENTITY, "not_enough_memory"),
            Self::TooManyEntries => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_entries"),
            Self::InvalidEvent => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_event"),
            Self::NoStore => (StatusCode::CONFLICT, "no_store"),
            // The disk is full, or broken.
            Self::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, "storage_full"),
            Self::StorageFailed => (StatusCode::SERVICE_UNAVAILABLE, "storage_failed"),
            // The error is ours.
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Self::FitFailed => (StatusCode::INTERNAL_SERVER_ERROR, "fit_failed"),
            Self::SourceUnreadable => (StatusCode::INTERNAL_SERVER_ERROR, "source_unreadable"),
            // It may work later; each of these carries Retry-After.
            Self::StorageAway => (StatusCode::SERVICE_UNAVAILABLE, "storage_away"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
            Self::FitQueueFull => (StatusCode::CONFLICT, "fit_queue_full"),
            Self::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down"),
        }
    }

    /// What it means, for the OpenAPI document; a reply says more.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::MissingParameter => "a parameter is missing",
            Self::InvalidParameter => "the path or the query cannot be used",
            Self::MalformedJson => "the body is not JSON",
            Self::UnreadableBody => "the body ended early or is not framed as HTTP says",
            Self::AmbiguousRequest => "a header says twice, or not at all, where the request goes or ends",
            Self::ExpectationFailed => "the header `expect` asks for more than `100-continue`",
            Self::MissingKey => "a key is needed",
            Self::UnknownKey => "the key is not known",
            Self::ExpiredKey => "the key has ended",
            Self::InsufficientRole => "the key's role does not allow this",
            Self::RateLimited => "the key was used more often than it may be",
            Self::ForeignOrigin => "a page of another origin may not change anything here",
            Self::MisdirectedRequest => "the host that the request names is not this service",
            Self::UnknownUser => "the user is not known",
            Self::UnknownHistory => "nothing in the history is known, and no fallback was asked for",
            Self::NoDirection => "nothing that the user did counts for the model, and no fallback was asked for",
            Self::UnknownItem => "the item is not known",
            Self::UnknownModel => "no such version is kept",
            Self::UnknownJob => "no such job is remembered",
            Self::UnknownRoute => "there is nothing at this path",
            Self::MethodNotAllowed => "the header `allow` says which methods are",
            Self::Timeout => "the body took too long",
            Self::BodyTooLarge => "the body is too large",
            Self::UriTooLong => "path and query are too long",
            Self::UnsupportedMediaType => {
                "the body is not `application/json`, nor, where lines are taken, `application/x-ndjson`, or is compressed"
            }
            Self::InvalidBody => "the body has the wrong shape",
            Self::InvalidLimit => "the limit is out of range",
            Self::InvalidExplain => "`explain` is out of range",
            Self::NotInHistory => "an item that is to be removed is not in the history",
            Self::InvalidRank => "k, the number of singular triplets, is out of range",
            Self::InvalidModel => "the model or a parameter of it does not exist or is out of range",
            Self::NotSupported => "the model that serves cannot do this",
            Self::InvalidRating => "a rating is not a finite number",
            Self::NotEnoughMemory => "the fit needs more memory than is allowed",
            Self::TooManyEntries => "a list has too many entries",
            Self::InvalidEvent => "an event is not of the form that events have",
            Self::NoStore => "the service keeps no events: it was started without `--data-dir`",
            Self::StorageFull => "the disk is full; nothing was written",
            Self::StorageFailed => "the disk could not be written; what is there is served",
            Self::Internal => "the request failed for a reason of our own",
            Self::FitFailed => "the fit failed",
            Self::SourceUnreadable => "the source cannot be read again",
            Self::StorageAway => "the store cannot be reached now; events that have ids can be sent again",
            Self::Overloaded => "too many requests wait for a scoring thread, or to be written",
            Self::FitQueueFull => "one fit runs and another waits",
            Self::ShuttingDown => "the service is shutting down",
        }
    }

    /// Whether the same request may work a little later; the reply then says when.
    pub(crate) const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::StorageAway | Self::Overloaded | Self::FitQueueFull | Self::ShuttingDown | Self::RateLimited
        )
    }

    pub(crate) const fn name(self) -> &'static str {
        self.row().1
    }

    /// This error with a sentence that says what was found and what was allowed.
    pub(crate) fn because(self, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError { code: self, message: message.into(), seconds: 1 }
    }
}

/// An error code and the sentence that explains it.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) code: ErrorCode,
    pub(crate) message: Cow<'static, str>,
    /// After how many seconds it may work, where it may.
    pub(crate) seconds: u64,
}

/// The body of every reply that is not a success.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody<'a> {
    /// What went wrong, for programs; stable.
    #[schema(example = "unknown_user")]
    code: &'a str,
    /// What went wrong, for people: what was found and what is allowed.
    #[schema(example = "user `7000` is not known")]
    message: &'a str,
}

impl ApiError {
    /// The body of the reply.
    pub(crate) fn body(&self) -> Bytes {
        let body = ErrorBody { code: self.code.name(), message: &self.message };
        // Two strings always serialise.
        serde_json::to_vec(&body).unwrap_or_default().into()
    }
}

impl ErrorCode {
    /// The reply of that body; after `seconds` it may work, where it may.
    pub(crate) fn reply(self, body: Bytes, seconds: u64) -> Response {
        let mut response = Response::new(body.into());
        *response.status_mut() = self.row().0;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.may_pass() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.code.reply(self.body(), self.seconds)
    }
}

impl From<RecommendError> for ApiError {
    fn from(error: RecommendError) -> Self {
        let code = match &error {
            RecommendError::UnknownUser { .. } => ErrorCode::UnknownUser,
            RecommendError::UnknownItem { .. } | RecommendError::UnratedItem { .. } => ErrorCode::UnknownItem,
            RecommendError::UnknownHistory { .. } => ErrorCode::UnknownHistory,
            RecommendError::NoDirection { .. } => ErrorCode::NoDirection,
            RecommendError::NotSupported { .. } => ErrorCode::NotSupported,
            RecommendError::Limit { .. } => ErrorCode::InvalidLimit,
            RecommendError::Rating { .. } => ErrorCode::InvalidRating,
            RecommendError::Terms { .. } => ErrorCode::InvalidExplain,
            RecommendError::NotInHistory { .. } => ErrorCode::NotInHistory,
            RecommendError::Joined { .. } => ErrorCode::InvalidParameter,
        };
        code.because(error.to_string())
    }
}

impl From<&FitJobError> for ErrorCode {
    fn from(error: &FitJobError) -> Self {
        match error {
            FitJobError::Memory(_) => Self::NotEnoughMemory,
            FitJobError::QueueFull { .. } => Self::FitQueueFull,
            FitJobError::Source(_) => Self::SourceUnreadable,
            FitJobError::Fit(error) => match **error {
                // The code of the tutorial is older than other models.
                FitError::Parameter { name: SvdParams::K, .. } => Self::InvalidRank,
                FitError::Parameter { .. } | FitError::Unsuited { .. } => Self::InvalidModel,
                FitError::Cancelled => Self::ShuttingDown,
                _ => Self::FitFailed,
            },
            FitJobError::Figure { .. } | FitJobError::Panicked => Self::FitFailed,
            FitJobError::ShuttingDown => Self::ShuttingDown,
        }
    }
}

impl From<ParamsError> for ApiError {
    fn from(error: ParamsError) -> Self {
        ErrorCode::InvalidModel.because(error.to_string())
    }
}

impl From<FitJobError> for ApiError {
    fn from(error: FitJobError) -> Self {
        ErrorCode::from(&error).because(error.to_string())
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        let code = match error {
            WriteError::NoStore => ErrorCode::NoStore,
            WriteError::Busy { .. } => ErrorCode::Overloaded,
            WriteError::Full(_) => ErrorCode::StorageFull,
            WriteError::Away(_) => ErrorCode::StorageAway,
            WriteError::Failed(_) => ErrorCode::StorageFailed,
            WriteError::ShuttingDown => ErrorCode::ShuttingDown,
        };
        code.because(error.to_string())
    }
}

impl From<ScoringError> for ApiError {
    fn from(error: ScoringError) -> Self {
        let message = error.to_string();
        match error {
            ScoringError::Full { seconds } => Self { seconds, ..ErrorCode::Overloaded.because(message) },
            ScoringError::TooLate => ErrorCode::Overloaded.because(message),
            ScoringError::Panicked => ErrorCode::Internal.because(message),
        }
    }
}
