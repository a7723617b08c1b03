//! Replies that name the model they were computed from.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, Response};
use serde::Serialize;

use crate::error::{ApiError, ErrorCode};
use foretaste_service::Version;

pub(super) const X_MODEL_VERSION: HeaderName = HeaderName::from_static("x-model-version");

/// A JSON reply computed from `version`.
pub(super) fn json(version: &Version, body: &impl Serialize) -> Result<Response<Body>, ApiError> {
    json_of(header(version), body)
}

/// A JSON reply computed from the version that `name` names.
pub(super) fn json_of(name: HeaderValue, body: &impl Serialize) -> Result<Response<Body>, ApiError> {
    let bytes = serde_json::to_vec(body).map_err(|error| ErrorCode::Internal.because(error.to_string()))?;
    Ok(reply(name, HeaderValue::from_static("application/json"), bytes))
}

/// A plain text reply computed from `version`.
pub(super) fn text(version: &Version, body: String) -> Response<Body> {
    text_of(header(version), body)
}

/// A plain text reply computed from the version that `name` names.
pub(super) fn text_of(name: HeaderValue, body: String) -> Response<Body> {
    reply(name, HeaderValue::from_static("text/plain; charset=utf-8"), body.into_bytes())
}

fn header(version: &Version) -> HeaderValue {
    HeaderValue::from_str(&version.name).unwrap_or_else(|_| HeaderValue::from_static("v"))
}

fn reply(version: HeaderValue, kind: HeaderValue, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(X_MODEL_VERSION, version);
    response
}
