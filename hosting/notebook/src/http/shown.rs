//! What a cell displays as the reply: one of the types that it is offered in.

use std::collections::BTreeMap;

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::notebook::json_text::dumped;

/// Types in the order in which they are preferred; those that are not here follow, and `text/plain` is last.
const PREFERRED: [&str; 8] = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "application/pdf",
    "application/json",
    "text/latex",
];

/// A display in one type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) kind: HeaderValue,
    pub(super) body: Vec<u8>,
}

/// The types that a client accepts.
#[derive(Debug)]
pub(super) struct Accept(Vec<(String, f32)>);

impl Accept {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(ACCEPT).into_iter().filter_map(|header| header.to_str().ok());
        Self(texts.flat_map(|text| text.split(',')).map(range).collect())
    }

    /// How much the client wants that type: the closest of its ranges counts. Without any, everything is equal.
    fn quality(&self, kind: &str) -> f32 {
        let family = kind.split('/').next().unwrap_or_default();
        let closeness = |range: &str| match range.strip_suffix("/*") {
            Some("*") => Some(1),
            Some(of) if of == family => Some(2),
            _ if range == kind => Some(3),
            _ => None,
        };
        let close = self.0.iter().filter_map(|(range, quality)| Some((closeness(range)?, *quality)));
        let closest = close.max_by_key(|(closeness, _)| *closeness).map(|(_, quality)| quality);
        closest.unwrap_or(if self.0.is_empty() { 1.0 } else { 0.0 })
    }
}

fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts.filter_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))).next();
    (kind, quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0)))
}

/// The display in the type that the client accepts most, the preferred one of equals, and of all where it accepts none.
pub(super) fn shown(bundle: &RawValue, accept: &Accept) -> Option<Shown> {
    let bundle: BTreeMap<String, Box<RawValue>> = serde_json::from_str(bundle.get()).ok()?;
    let mut kinds: Vec<(&str, &RawValue)> = bundle.iter().map(|(kind, data)| (kind.as_str(), &**data)).collect();
    let key = |kind: &str| (-accept.quality(kind), place(kind));
    kinds.sort_by(|(one, _), (other, _)| {
        let ((one_quality, one_place), (other_quality, other_place)) = (key(one), key(other));
        one_quality.total_cmp(&other_quality).then(one_place.cmp(&other_place))
    });
    kinds.into_iter().find_map(|(kind, data)| in_kind(kind, data))
}

fn place(kind: &str) -> usize {
    let last = if kind == "text/plain" { PREFERRED.len() + 1 } else { PREFERRED.len() };
    PREFERRED.iter().position(|preferred| *preferred == kind).unwrap_or(last)
}

fn in_kind(kind: &str, data: &RawValue) -> Option<Shown> {
    let is_text =
        kind.starts_with("text/") || kind.ends_with("+xml") || kind.ends_with("/xml") || kind.ends_with("/javascript");
    let body = match serde_json::from_str::<String>(data.get()) {
        _ if kind.ends_with("/json") || kind.ends_with("+json") => dumped(data.get()).into_bytes(),
        Ok(text) if is_text => text.into_bytes(),
        // Bytes travel as base64, often in lines.
        Ok(text) => {
            let text: String = text.split_ascii_whitespace().collect();
            STANDARD.decode(&text).unwrap_or_else(|_| text.into_bytes())
        }
        Err(_) => dumped(data.get()).into_bytes(),
    };
    let kind = if kind.starts_with("text/") && !kind.contains(';') {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_owned()
    };
    Some(Shown { kind: HeaderValue::from_str(&kind).ok()?, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str, bundle: &str) -> (String, String) {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
        }
        let bundle = RawValue::from_string(bundle.to_owned()).unwrap();
        let shown = shown(&bundle, &Accept::of(&headers)).unwrap();
        (shown.kind.to_str().unwrap().to_owned(), shown.body.escape_ascii().to_string())
    }

    #[test]
    fn the_type_is_the_one_that_the_client_accepts_most_and_else_the_preferred_one() {
        let table = r#"{"text/plain": "a", "text/html": "<b>a</b>"}"#;
        let plot = r#"{"text/plain": "<Figure>", "image/png": "iVBO\nRw=="}"#;
        let (html, png) = ("text/html; charset=utf-8", "image/png");
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
        for (accept, bundle, kind, body) in [
            ("", table, html, "<b>a</b>"),
            ("*/*", table, html, "<b>a</b>"),
            ("text/plain", table, "text/plain; charset=utf-8", "a"),
            ("text/html;q=0.1, text/*;q=0.5", table, "text/plain; charset=utf-8", "a"),
            ("application/json", table, html, "<b>a</b>"),
            (browser, plot, png, "\\x89PNG"),
            ("text/*", plot, "text/plain; charset=utf-8", "<Figure>"),
            (
                "",
                r#"{"application/json": {"a": "é"}, "text/plain": "x"}"#,
                "application/json",
                r#"{\"a\": \"\\u00e9\"}"#,
            ),
            ("", r#"{"image/svg+xml": "<svg/>", "text/plain": "x"}"#, "image/svg+xml", "<svg/>"),
            ("", r#"{"application/octet-stream": "AP8="}"#, "application/octet-stream", "\\x00\\xff"),
        ] {
            assert_eq!(chosen(accept, bundle), (kind.to_owned(), body.to_owned()), "{accept} {bundle}");
        }
    }
}
