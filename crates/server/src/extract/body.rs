//! A request's body: bounded in bytes and time, then JSON.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use foretaste_net::Limits;
use foretaste_net::body::{BodyError, discard};
use serde::de::DeserializeOwned;

use crate::app::Shared;
use crate::error::{ApiError, Fault};

/// A JSON body of a known form.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(Fault::UnsupportedMediaType.because("the body must have the content-type application/json"));
        }
        let bytes = read(request.into_body(), &app.limits).await?;
        parse(&bytes).map(Self)
    }
}

/// Whether the body says that it is JSON, not compressed.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let plain =
        headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    plain && (kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")))
}

/// The whole body.
///
/// # Errors
/// It is longer, or takes longer, than allowed, or the connection breaks.
pub(crate) async fn read(mut body: Body, limits: &Limits) -> Result<Vec<u8>, ApiError> {
    let error = match foretaste_net::body::read(&mut body, limits).await {
        Ok(bytes) => return Ok(bytes),
        Err(error) => error,
    };
    let fault = match error {
        BodyError::TooLarge { .. } => {
            discard(&mut body, limits).await;
            Fault::BodyTooLarge
        }
        BodyError::TooSlow { .. } => Fault::Timeout,
        BodyError::Broken => Fault::UnreadableBody,
    };
    Err(fault.because(error.to_string()))
}

/// The body as JSON of a known form.
///
/// # Errors
/// It is not JSON, or not of that form.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let fault = if error.is_data() { Fault::InvalidBody } else { Fault::MalformedJson };
        // A message may quote the body, which may be long.
        let message: String = error.to_string().chars().take(300).collect();
        fault.because(message)
    })
}
