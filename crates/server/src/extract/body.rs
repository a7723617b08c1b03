//! A request's body: bounded in bytes and time, then JSON.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use foretaste_net::Limits;
use http_body_util::BodyExt;
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
    let most = limits.body_bytes;
    let gathered = tokio::time::timeout(limits.body, gather(&mut body, most)).await.map_err(|_| {
        let seconds = limits.body.as_secs_f64();
        Fault::Timeout.because(format!("the body took longer than the {seconds} s allowed"))
    })?;
    match gathered {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => {
            discard(&mut body, limits).await;
            Err(Fault::BodyTooLarge.because(format!("the body has more than the {most} bytes allowed")))
        }
        Err(_) => Err(Fault::UnreadableBody.because("the body ended early or is not framed as HTTP says")),
    }
}

/// The body, or `None` when it is longer than `most` bytes.
async fn gather(body: &mut Body, most: usize) -> Result<Option<Vec<u8>>, axum::Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if data.len() > most - bytes.len() {
            return Ok(None);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Some(bytes))
}

/// Bodies' worth of bytes that are taken in unread after a body proved too large.
const DISCARDED: usize = 16;

/// Takes in the rest of a body, within bounds of its own: a client that is still sending would lose the answer to a reset.
pub(crate) async fn discard<B: hyper::body::Body<Data = Bytes> + Unpin>(body: &mut B, limits: &Limits) {
    let mut left = limits.body_bytes.saturating_mul(DISCARDED);
    let taking = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // Either way the answer follows.
    let _ = tokio::time::timeout(limits.body, taking).await;
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
