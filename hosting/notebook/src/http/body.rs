//! A request's body as cells see it.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::value::RawValue;

use super::byte_text::ByteText;
use super::pairs::{NameError, Pairs, lists, of_form};

/// A body as cells see it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum BodyValue {
    /// JSON as it came: no number loses a digit, and keys keep their order.
    Json(Box<RawValue>),
    Form(Pairs<Vec<ByteText>>),
    Text(ByteText),
}

/// Why there is no body for a cell.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the request cannot be written as JSON: {reason}")]
    Unwritten { reason: String },
    #[error(transparent)]
    Unread(#[from] foretaste_net::body::BodyError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the multipart body cannot be read: {reason}")]
    Multipart { reason: String },
}

impl From<serde_json::Error> for BodyError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unwritten { reason: error.to_string() }
    }
}

/// The body as cells see it: what JSON says, an object of lists for a form, and else a text.
///
/// JSON that cannot be read is a text too, for the cell to refuse.
pub(super) async fn as_value(bytes: Vec<u8>, headers: &HeaderMap) -> Result<BodyValue, BodyError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if bytes.is_empty() {
        return Ok(as_text(bytes));
    }
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(match serde_json::from_slice(&bytes) {
            Ok(json) => BodyValue::Json(json),
            Err(_) => as_text(bytes),
        }),
        "application/x-www-form-urlencoded" => Ok(BodyValue::Form(of_form(&bytes)?)),
        "multipart/form-data" => multipart(&bytes, kind).await,
        _ => Ok(as_text(bytes)),
    }
}

/// The body as a text, whatever it says that it is.
pub(super) fn as_text(bytes: Vec<u8>) -> BodyValue {
    BodyValue::Text(ByteText(bytes))
}

async fn multipart(bytes: &[u8], kind: &str) -> Result<BodyValue, BodyError> {
    let broken = |error: multer::Error| BodyError::Multipart { reason: error.to_string() };
    let boundary = multer::parse_boundary(kind).map_err(broken)?;
    let mut form = multer::Multipart::with_reader(bytes, boundary);
    let mut pairs = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await.map_err(broken)?;
        pairs.push((name, ByteText(value.into())));
    }
    Ok(BodyValue::Form(lists(pairs.into_iter())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde_json::{Value, json};

    async fn seen(kind: &'static str, body: &str) -> Value {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        serde_json::to_value(as_value(body.as_bytes().to_vec(), &headers).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_body_is_read_as_its_content_type_says() {
        let json = r#"{"a": [1]}"#;
        assert_eq!(seen("application/json", json).await, json!({"a": [1]}));
        assert_eq!(seen("Application/JSON; charset=utf-8", json).await, json!({"a": [1]}));
        assert_eq!(seen("application/json", "{a").await, json!("{a"));
        assert_eq!(seen("text/plain", json).await, json!(json));
        assert_eq!(seen("", json).await, json!(json));
        assert_eq!(seen("application/json", "").await, json!(""));
        assert_eq!(
            seen("application/x-www-form-urlencoded", "a=1&a=%C3%A9&b=").await,
            json!({"a": ["1", "é"], "b": [""]})
        );
    }

    #[tokio::test]
    async fn json_arrives_as_it_was_sent() {
        let json = r#"{"z": 123456789012345678901234567890, "a": 1.10, "\ud800": []}"#;
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let body = as_value(json.as_bytes().to_vec(), &headers).await.unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), json);
    }

    #[tokio::test]
    async fn a_multipart_form_becomes_lists_and_a_broken_one_is_refused() {
        let part = |name: &str, value: &str| {
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = format!("{}{}{}--B--\r\n", part("a", "1"), part("a", "2"), part("b", "x"));
        let kind = "multipart/form-data; boundary=B";
        assert_eq!(seen(kind, &body).await, json!({"a": ["1", "2"], "b": ["x"]}));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data"));
        assert!(matches!(as_value(b"x".to_vec(), &headers).await, Err(BodyError::Multipart { .. })));
    }

    #[tokio::test]
    async fn bytes_that_are_not_utf_8_are_kept() {
        let part = b"--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n\xff\r\n--B--\r\n";
        for (kind, body, expected) in [
            ("application/octet-stream", &b"\x89P"[..], r#""\udc89P""#),
            ("application/json", b"{\"a\": \"\xff\"}", r#""{\"a\": \"\udcff\"}""#),
            ("application/x-www-form-urlencoded", b"a=%ff", r#"{"a":["\udcff"]}"#),
            ("multipart/form-data; boundary=B", part, r#"{"a":["\udcff"]}"#),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            let body = as_value(body.to_vec(), &headers).await.unwrap();
            assert_eq!(serde_json::to_string(&body).unwrap(), expected, "{kind}");
        }
    }
}
