//! A request as the text that cells find in `REQUEST`.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::body::BodyValue;
use super::byte_text::ByteText;
use super::pairs::Pairs;
use crate::notebook::json_text::dumped;

/// The document in `REQUEST`, its keys in the order that notebooks have always seen.
#[derive(Debug, Serialize)]
pub(super) struct RequestDocument<'a> {
    body: BodyValue,
    args: Pairs<Vec<ByteText>>,
    path: Pairs<&'a str>,
    headers: Pairs<HeaderText>,
}

/// The value of a header, or those of a repeated one.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum HeaderText {
    One(String),
    Several(Vec<String>),
}

impl<'a> RequestDocument<'a> {
    pub(super) fn new(
        body: BodyValue,
        args: Pairs<Vec<ByteText>>,
        path: &'a [(&'a str, String)],
        headers: &HeaderMap,
    ) -> Self {
        let path = path.iter().map(|(name, value)| ((*name).to_owned(), value.as_str())).collect();
        Self { body, args, path: Pairs(path), headers: of_headers(headers) }
    }

    /// The JSON text, in ASCII.
    pub(super) fn text(self) -> Result<String, serde_json::Error> {
        let json = serde_json::to_string(&self)?;
        // A large body need not be held twice.
        drop(self);
        Ok(dumped(&json))
    }
}

/// Headers with their names as `Content-Type`; one that is repeated has a list of values.
fn of_headers(headers: &HeaderMap) -> Pairs<HeaderText> {
    // Bytes beyond ASCII have no meaning that both sides agree on; each is its own character.
    let text = |value: &HeaderValue| value.as_bytes().iter().map(|&byte| char::from(byte)).collect::<String>();
    let one = |name: &HeaderName| {
        let mut values: Vec<String> = headers.get_all(name).iter().map(text).collect();
        let value = match values.len() {
            1 => HeaderText::One(values.swap_remove(0)),
            _ => HeaderText::Several(values),
        };
        (title_case(name.as_str()), value)
    };
    Pairs(headers.keys().map(one).collect())
}

fn title_case(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|c| {
            let shown = if start { c.to_ascii_uppercase() } else { c };
            start = c == '-';
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::pairs::of_form;
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_document_has_lists_for_arguments_and_repeated_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        for value in ["1", "2", "3"] {
            headers.append("x-many", HeaderValue::from_static(value));
        }
        let args = of_form(b"q=1&q=%C3%A9+x&empty=&bare").unwrap();
        let path = [("name", "v".to_owned())];
        let text = RequestDocument::new(BodyValue::Text("b".into()), args, &path, &headers).text().unwrap();
        assert!(text.starts_with(r#"{"body": "b", "args": {"q": ["1", "\u00e9 x"], "empty": [""], "#), "{text}");
        assert!(text.is_ascii());
        let expected = json!({"body": "b", "args": {"q": ["1", "é x"], "empty": [""], "bare": [""]},
            "path": {"name": "v"}, "headers": {"Content-Type": "text/plain", "X-Many": ["1", "2", "3"]}});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }
}
