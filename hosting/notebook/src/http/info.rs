//! What a ResponseInfo cell prints: status and headers of a response.

use axum::http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Status and headers that a notebook gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ResponseInfo {
    pub(super) status: Option<StatusCode>,
    pub(super) headers: HeaderMap,
}

/// Why what was printed cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InfoError {
    #[error("it printed {found}, expected JSON as {{\"headers\": {{\"Name\": \"value\"}}, \"status\": 200}}: {reason}")]
    Json { found: String, reason: String },
    #[error("the status is {found}, allowed are 200 to 599")]
    Status { found: i64 },
    #[error("the header {name:?} cannot have the value {value}")]
    Header { name: String, value: String },
}

#[derive(Deserialize)]
struct Printed {
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    status: Option<i64>,
}

impl ResponseInfo {
    /// Reads what the cell printed. Headers that frame the message are left to us.
    pub(super) fn parse(text: &str) -> Result<Self, InfoError> {
        let printed: Printed = serde_json::from_str(text).map_err(|error| InfoError::Json {
            found: if text.trim().is_empty() { "nothing".to_owned() } else { format!("{:?}", shortened(text)) },
            reason: error.to_string(),
        })?;
        let status = printed.status.map(status_of).transpose()?;
        let mut headers = HeaderMap::new();
        for (name, value) in printed.headers {
            let broken =
                |value: &Value| InfoError::Header { name: shortened(&name), value: shortened(&value.to_string()) };
            let Ok(header) = name.parse::<HeaderName>() else { return Err(broken(&value)) };
            if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE].contains(&header) {
                continue;
            }
            let values =
                if let Value::Array(values) = &value { values.as_slice() } else { std::slice::from_ref(&value) };
            for value in values {
                headers.append(&header, value_of(value).ok_or_else(|| broken(value))?);
            }
        }
        Ok(Self { status, headers })
    }
}

fn status_of(found: i64) -> Result<StatusCode, InfoError> {
    let status = u16::try_from(found).ok().filter(|code| (200..600).contains(code));
    status.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(InfoError::Status { found })
}

fn value_of(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => HeaderValue::from_bytes(text.as_bytes()).ok(),
        Value::Number(number) => HeaderValue::from_str(&number.to_string()).ok(),
        Value::Bool(truth) => Some(HeaderValue::from_static(if *truth { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(100).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_headers_are_both_optional() {
        let info = ResponseInfo::parse(
            r#"{"headers": {"ETag": "a", "X-N": 1, "Set-Cookie": ["a=1", "b=2"],
            "Content-Length": "9"}, "status": 204}"#,
        )
        .unwrap();
        assert_eq!(info.status, Some(StatusCode::NO_CONTENT));
        assert_eq!((info.headers["etag"].as_bytes(), info.headers["x-n"].as_bytes()), (&b"a"[..], &b"1"[..]));
        assert_eq!(info.headers.get_all("set-cookie").iter().count(), 2);
        assert!(!info.headers.contains_key("content-length"));
        assert_eq!(ResponseInfo::parse("{}\n").unwrap(), ResponseInfo::default());
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_was_found() {
        let error = |text: &str| ResponseInfo::parse(text).unwrap_err().to_string();
        assert!(error("").starts_with("it printed nothing, expected JSON as {\"headers\""), "{}", error(""));
        assert!(error("hello").starts_with("it printed \"hello\", expected JSON"));
        assert_eq!(error(r#"{"status": 99}"#), "the status is 99, allowed are 200 to 599");
        assert_eq!(error(r#"{"status": 70000}"#), "the status is 70000, allowed are 200 to 599");
        assert!(error(r#"{"status": "ok"}"#).contains("expected JSON"));
        assert!(error(r#"{"headers": {"a b": "c"}}"#).contains(r#"the header "a b" cannot"#));
        assert!(error(r#"{"headers": {"a": "b\nc"}}"#).contains(r#"the header "a" cannot"#));
        assert!(error(r#"{"headers": {"a": {}}}"#).contains("value {}"));
    }
}
