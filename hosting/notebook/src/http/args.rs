//! The arguments of a request that come in its body: `{"args": {"param": ["500"]}}`, as the tutorial's clients send them.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::byte_text::ByteText;
use super::pairs::Pairs;

/// The largest body that is looked into.
const MOST_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
struct Stated {
    args: Map<String, Value>,
}

/// Adds to `args`, those of the query, what the body states under other names.
pub(super) fn add(args: &mut Pairs<Vec<ByteText>>, body: &[u8]) {
    if body.len() > MOST_BYTES || !body.trim_ascii_start().starts_with(b"{") {
        return;
    }
    // Whatever the content type says: `curl -d` calls everything a form.
    let Ok(Stated { args: stated }) = serde_json::from_slice(body) else { return };
    let queried: HashSet<String> = args.0.iter().map(|(name, _)| name.clone()).collect();
    for (name, value) in stated {
        let values = match &value {
            Value::Array(values) => values.iter().map(text).collect(),
            one => vec![text(one)],
        };
        if !queried.contains(&name) {
            args.0.push((name, values));
        }
    }
}

/// Arguments are texts; what is not is written as JSON.
fn text(value: &Value) -> ByteText {
    match value {
        Value::String(text) => ByteText::from(text.as_str()),
        other => ByteText::from(other.to_string().as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pairs::of_form;

    fn args(query: &str, body: &str) -> String {
        let mut args = of_form(query.as_bytes()).unwrap();
        add(&mut args, body.as_bytes());
        serde_json::to_string(&args).unwrap()
    }

    #[test]
    fn the_query_goes_before_the_body() {
        let body = r#" {"args": {"param": ["400"], "k": 20, "t": true}, "more": 1}"#;
        assert_eq!(args("", body), r#"{"k":["20"],"param":["400"],"t":["true"]}"#);
        assert_eq!(args("param=5", body), r#"{"param":["5"],"k":["20"],"t":["true"]}"#);
        for other in ["", "{", "[1]", r#"{"args": 1}"#, r#"{"x": {}}"#] {
            assert_eq!(args("a=1", other), r#"{"a":["1"]}"#, "{other}");
        }
    }
}
