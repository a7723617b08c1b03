//! What is wrong with the shape of a request, in the words of the API: no names of Rust types.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use super::tree::cut;

/// A sentence, or a part of one that still lacks the place where it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WireError {
    /// A whole sentence.
    Said(String),
    /// Something else was expected at a place that is not known yet.
    Shape { found: String, expected: String },
    /// A field is missing from an object whose place is not known yet.
    Missing(&'static str),
}

impl WireError {
    /// The same, of the value at `place`, which is `` `name` `` or `the body`. `expected` says what an object there holds.
    pub(crate) fn at(self, place: &str, expected: &str) -> Self {
        Self::Said(match self {
            Self::Said(said) => said,
            Self::Shape { found, expected } => format!("{place} is {found}, expected {expected}"),
            Self::Missing(field) => format!("{place} has no `{field}`, expected {expected}"),
        })
    }

    /// The same, of something in the object or array at `place`.
    pub(crate) fn inside(self, place: &str) -> Self {
        match self {
            Self::Shape { found, expected } => Self::Said(format!("{place} holds {found}, expected {expected}")),
            other => other.at(place, "one"),
        }
    }
}

impl Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.clone().at("the request", "an object with it") {
            Self::Said(said) => f.write_str(&said),
            Self::Shape { .. } | Self::Missing(_) => f.write_str("the request has the wrong shape"),
        }
    }
}

impl std::error::Error for WireError {}

impl de::Error for WireError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Said(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Shape { found: shown(found), expected: in_words(&expected.to_string()) }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::Shape { found: format!("a list of {length}"), expected: in_words(&expected.to_string()) }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Shape { found: format!("\"{}\"", cut(variant)), expected: one_of(expected) }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Said(unknown_field("the object", field, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Said(format!("the field `{field}` is given twice, once is allowed"))
    }
}

/// What is wrong with an object with an unknown field.
pub(crate) fn unknown_field(place: &str, field: &str, known: &[&str]) -> String {
    let known = if known.is_empty() { "none is known".to_owned() } else { format!("known are {}", known.join(", ")) };
    format!("{place} has a field `{}`, {known}", cut(field))
}

/// An object, with its fields where they are few.
pub(crate) fn object_with(fields: &[&str]) -> String {
    match fields {
        [one] => format!("an object with `{one}`"),
        [one, other] => format!("an object with `{one}` and `{other}`"),
        _ => "an object".to_owned(),
    }
}

/// Names to choose from.
pub(crate) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Str(text) => format!("\"{}\"", cut(text)),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// What a type of Rust is called on the wire.
fn in_words(expected: &str) -> String {
    let first = expected.split(' ').next().unwrap_or_default();
    let words = match expected {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => {
            "a whole number"
        }
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "an object",
        _ if matches!(first, "struct" | "enum" | "internally" | "adjacently" | "tuple" | "unit") => "an object",
        other => other,
    };
    words.to_owned()
}
