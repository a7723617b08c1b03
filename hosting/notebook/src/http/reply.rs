//! Replies: those of cells, and those of the gateway itself.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, VARY};
use axum::http::{HeaderValue, Response, StatusCode};
use foretaste_net::body::BodyError as Unread;
use foretaste_net::close;

use super::body::BodyError;
use super::info::{InfoError, ResponseInfo};
use super::shown::{Accept, shown};
use crate::kernel::{CellError, Output, plain};
use crate::notebook::Verb;
use crate::notebook::json_text::dumped;
use crate::pool::{Done, Undone};

/// A reply with a body of that kind.
pub(super) fn of_kind(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// What the gateway itself has to say: `{"reason": …, "message": …}`.
pub(super) fn failure(status: StatusCode, message: &str) -> Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    // The map sorts its keys, so that the text is put together by hand.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let json = dumped(&format!("{{\"reason\":{},\"message\":{}}}", quoted(reason), quoted(message)));
    of_kind(status, "application/json", json)
}

pub(super) fn not_found() -> Response<Body> {
    failure(StatusCode::NOT_FOUND, "")
}

/// The path is known, the method is not: no body, and the methods that are.
pub(super) fn other_verbs(verbs: &[Verb]) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let mut names: Vec<&str> = verbs.iter().map(|verb| verb.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(ALLOW, names);
    }
    response
}

/// What a cell gave, to a client that accepts some types.
pub(super) fn done(done: Done, accept: &Accept) -> Result<Response<Body>, InfoError> {
    let Done { output, info } = done;
    if let Some(error) = &output.error {
        return Ok(cell_error(error));
    }
    let info = match info.map(|mut output| (output.error.take(), text_of(output))) {
        None => ResponseInfo::default(),
        Some((Some(error), _)) => return Ok(cell_error(&error)),
        Some((None, text)) => ResponseInfo::parse(&text)?,
    };
    let status = info.status.unwrap_or(StatusCode::OK);
    let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::RESET_CONTENT);
    let mut response = if has_body {
        of_output(status, output, accept)
    } else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        response
    };
    for name in info.headers.keys() {
        response.headers_mut().remove(name);
    }
    for (name, value) in &info.headers {
        response.headers_mut().append(name, value.clone());
    }
    Ok(response)
}

/// What a ResponseInfo cell printed says nothing.
pub(super) fn bad_info(error: &InfoError) -> Response<Body> {
    failure(StatusCode::INTERNAL_SERVER_ERROR, &format!("the ResponseInfo cell cannot be used: {error}"))
}

/// What a cell printed, else its value, else what it displayed, else nothing.
fn of_output(status: StatusCode, output: Output, accept: &Accept) -> Response<Body> {
    let is_shown = output.printed.is_empty() && output.value.is_none();
    let shown = output.displayed.as_ref().filter(|_| is_shown).and_then(|bundle| shown(bundle, accept));
    let Some(shown) = shown else { return of_kind(status, "text/plain", text_of(output)) };
    let mut response = of_kind(status, "text/plain", shown.body);
    response.headers_mut().insert(CONTENT_TYPE, shown.kind);
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// What a cell printed, else its value, else nothing.
fn text_of(output: Output) -> String {
    match output.value {
        Some(value) if output.printed.is_empty() => dumped(value.get()),
        _ => output.printed,
    }
}

fn cell_error(error: &CellError) -> Response<Body> {
    let text = format!("Error {}: {}", plain(&error.name), plain(&error.value));
    of_kind(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", text)
}

/// Why no kernel did the work.
pub(super) fn undone(why: &Undone) -> Response<Body> {
    let status = match why {
        Undone::Full { .. } | Undone::Waited(_) => StatusCode::SERVICE_UNAVAILABLE,
        Undone::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        Undone::Lost { .. } => StatusCode::BAD_GATEWAY,
    };
    let mut response = failure(status, &why.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A body that was not read to its end also ends the connection.
pub(super) fn bad_body(error: &BodyError) -> Response<Body> {
    let status = match error {
        BodyError::Unread(Unread::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::Unread(Unread::NoRoom { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        BodyError::Unread(Unread::TooSlow { .. }) => StatusCode::REQUEST_TIMEOUT,
        BodyError::Unwritten { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        BodyError::Unread(Unread::Broken) | BodyError::Multipart { .. } | BodyError::Name(_) => StatusCode::BAD_REQUEST,
    };
    let way_out = if status == StatusCode::PAYLOAD_TOO_LARGE {
        "; `--max-body`, or `max_body` of a specification, allows more"
    } else {
        ""
    };
    let mut response = failure(status, &format!("{error}{way_out}"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if matches!(error, BodyError::Multipart { .. } | BodyError::Name(_)) { response } else { close(response) }
}
