//! A request's body: bounded in bytes and time, then JSON.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use foretaste_net::HeldBytes;
use foretaste_net::body::{BodyError, discard};

use super::fields::{Fields, Wire};
use super::tree::Tree;
use crate::app::{App, Shared};
use crate::error::{ApiError, ErrorCode};

/// What some programs write before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A JSON body of a known form.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: Wire> FromRequest<Shared> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ErrorCode::UnsupportedMediaType.because("the body must have the content-type application/json"));
        }
        let bytes = read(request.into_body(), app).await?;
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
/// It is longer, or takes longer, than allowed, there is no room for it, or the connection breaks.
pub(crate) async fn read(mut body: Body, app: &App) -> Result<HeldBytes, ApiError> {
    let limits = &app.limits;
    let error = match foretaste_net::body::read(&mut body, limits, &app.budget).await {
        Ok(bytes) => return Ok(bytes),
        Err(error) => error,
    };
    let code = match error {
        BodyError::TooLarge { .. } => {
            discard(&mut body, limits).await;
            ErrorCode::BodyTooLarge
        }
        BodyError::TooSlow { .. } => ErrorCode::Timeout,
        BodyError::NoRoom { .. } => ErrorCode::Overloaded,
        BodyError::Broken => ErrorCode::UnreadableBody,
    };
    Err(code.because(error.to_string()))
}

/// The body as JSON of a known form. A byte order mark is skipped.
///
/// # Errors
/// It is not JSON, or not of that form.
pub(crate) fn parse<T: Wire>(bytes: &[u8]) -> Result<T, ApiError> {
    let read = Fields::of_body(tree(bytes)?).and_then(Fields::all);
    read.map_err(|error| ErrorCode::InvalidBody.because(error.to_string()))
}

/// The body as JSON of any form. A byte order mark is skipped.
///
/// # Errors
/// It is not JSON.
pub(crate) fn tree(bytes: &[u8]) -> Result<Tree, ApiError> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    serde_json::from_slice::<Tree>(bytes).map_err(|error| {
        // A message may quote the body, which may be long.
        let message: String = error.to_string().chars().take(300).collect();
        // What is beyond the parser's limits is JSON for all that.
        match message.as_str() {
            deep if deep.starts_with("recursion limit") => {
                ErrorCode::InvalidBody.because("the body is nested too deeply")
            }
            large if large.starts_with("number out of range") => {
                ErrorCode::InvalidBody.because("the body has a number that is too large")
            }
            _ => ErrorCode::MalformedJson.because(message),
        }
    })
}
