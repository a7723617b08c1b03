//! The one table of errors: what went wrong, its status, its stable code.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use foretaste::models::FitError;
use foretaste::recommend::RecommendError;
use serde::Serialize;

use crate::door::DoorError;

/// Everything that the service may answer besides success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    MissingParameter,
    InvalidParameter,
    MalformedJson,
    UnreadableBody,
    UnknownUser,
    UnknownHistory,
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
    InvalidRank,
    InvalidRating,
    NotEnoughMemory,
    TooManyEntries,
    Internal,
    FitFailed,
    Overloaded,
    FitQueueFull,
    ShuttingDown,
}

impl Fault {
    /// The table: status and code of each fault. Codes never change once released.
    pub(crate) const fn row(self) -> (StatusCode, &'static str) {
        match self {
            // The request cannot be read.
            Self::MissingParameter => (StatusCode::BAD_REQUEST, "missing_parameter"),
            Self::InvalidParameter => (StatusCode::BAD_REQUEST, "invalid_parameter"),
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "malformed_json"),
            Self::UnreadableBody => (StatusCode::BAD_REQUEST, "unreadable_body"),
            // It names something that is not there.
            Self::UnknownUser => (StatusCode::NOT_FOUND, "unknown_user"),
            Self::UnknownHistory => (StatusCode::NOT_FOUND, "unknown_history"),
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
            // It can be read, and asks for what cannot be.
            Self::InvalidBody => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"),
            Self::InvalidLimit => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_limit"),
            Self::InvalidRank => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_rank"),
            Self::InvalidRating => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_rating"),
            Self::NotEnoughMemory => (StatusCode::UNPROCESSABLE_ENTITY, "not_enough_memory"),
            Self::TooManyEntries => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_entries"),
            // The fault is ours.
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Self::FitFailed => (StatusCode::INTERNAL_SERVER_ERROR, "fit_failed"),
            // Later it may work; each of these carries Retry-After.
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
            Self::FitQueueFull => (StatusCode::CONFLICT, "fit_queue_full"),
            Self::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down"),
        }
    }

    /// Whether the same request may work a little later; the reply then says when.
    const fn may_pass(self) -> bool {
        matches!(self, Self::Overloaded | Self::FitQueueFull | Self::ShuttingDown)
    }

    pub(crate) const fn code(self) -> &'static str {
        self.row().1
    }

    /// This fault with a sentence that says what was found and what was allowed.
    pub(crate) fn because(self, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError { fault: self, message: message.into() }
    }
}

/// A fault and the sentence that explains it.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) fault: Fault,
    pub(crate) message: Cow<'static, str>,
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.fault.row();
        let body = ErrorBody { code, message: &self.message };
        // Two strings always serialise.
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response =
            (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response();
        if self.fault.may_pass() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<RecommendError> for ApiError {
    fn from(error: RecommendError) -> Self {
        let fault = match &error {
            RecommendError::UnknownUser { .. } => Fault::UnknownUser,
            RecommendError::UnknownItem { .. } => Fault::UnknownItem,
            RecommendError::UnknownHistory { .. } => Fault::UnknownHistory,
            RecommendError::Limit { .. } => Fault::InvalidLimit,
            RecommendError::Rating { .. } => Fault::InvalidRating,
            RecommendError::Joined { .. } => Fault::InvalidParameter,
        };
        fault.because(error.to_string())
    }
}

impl From<&FitError> for ApiError {
    fn from(error: &FitError) -> Self {
        let fault = match error {
            FitError::Rank { .. } => Fault::InvalidRank,
            FitError::Cancelled => Fault::ShuttingDown,
            FitError::Svd(_) | FitError::NotFinite { .. } => Fault::FitFailed,
        };
        fault.because(error.to_string())
    }
}

impl From<DoorError> for ApiError {
    fn from(error: DoorError) -> Self {
        let fault = match error {
            DoorError::Full | DoorError::TooLate => Fault::Overloaded,
            DoorError::Panicked => Fault::Internal,
        };
        fault.because(error.to_string())
    }
}
