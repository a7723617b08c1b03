//! Names and values in the order in which they came.

use std::collections::HashMap;

use percent_encoding::percent_decode;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::byte_text::ByteText;

/// An object whose keys stay in the order in which they came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

/// A name that is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name `{shown}` is not UTF-8, as names have to be")]
pub(super) struct NameError {
    shown: String,
}

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Names with the list of their values, both in the order in which they came.
pub(super) fn lists(pairs: impl Iterator<Item = (String, ByteText)>) -> Pairs<Vec<ByteText>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut lists: Vec<(String, Vec<ByteText>)> = Vec::new();
    for (name, value) in pairs {
        let place = *places.entry(name.clone()).or_insert_with(|| {
            lists.push((name, Vec::new()));
            lists.len() - 1
        });
        lists[place].1.push(value);
    }
    Pairs(lists)
}

/// What a query or a form says: `a=1&b=2`.
pub(super) fn of_form(bytes: &[u8]) -> Result<Pairs<Vec<ByteText>>, NameError> {
    let mut pairs = Vec::new();
    for pair in bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let end = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let value = decoded(pair.get(end + 1..).unwrap_or_default());
        pairs.push((name(decoded(pair.get(..end).unwrap_or_default()))?, ByteText(value)));
    }
    Ok(lists(pairs.into_iter()))
}

/// A name out of bytes.
pub(super) fn name(bytes: Vec<u8>) -> Result<String, NameError> {
    String::from_utf8(bytes)
        .map_err(|error| NameError { shown: error.as_bytes().escape_ascii().take(100).map(char::from).collect() })
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_every_byte_of_its_values() {
        let json = serde_json::to_string(&of_form(b"q=1&q=%C3%A9+x&&empty=&bare&raw=%ff").unwrap()).unwrap();
        assert_eq!(json, r#"{"q":["1","é x"],"empty":[""],"bare":[""],"raw":["\udcff"]}"#);
        let error = of_form(b"%ffa=1").unwrap_err().to_string();
        assert_eq!(error, r"the name `\xffa` is not UTF-8, as names have to be");
    }
}
