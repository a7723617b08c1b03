//! What stands in a specification, kept as it was written: every scalar with its text, every value with its line.
//!
//! The reader of a key decides what it takes: `007` is the text `007` for one that takes a text, and 7 for one that takes
//! a number. Nothing is lost before that is known.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, NonFiniteFloatPolicy, Spanned};

use super::SpecError;

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    /// Line, counted from 1; 0 where that is not known.
    pub(super) line: u64,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    /// A text, and what it means where its reader takes anything.
    Scalar(String, Meaning),
    Sequence(Vec<Value>),
    Mapping(Mapping),
}

/// What YAML takes a scalar for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Text,
    Flag(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// Keys and their values in the order in which they stand, kept for the code that knows them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping(pub(super) Vec<Entry>);

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Line of the key.
    pub(super) line: u64,
    pub(super) value: Value,
}

impl Mapping {
    /// Reads YAML; an empty text is an empty mapping.
    pub(super) fn parse(text: &str) -> Result<Self, SpecError> {
        // A file may be called `.nan`; a key that wants a number refuses it later.
        let options = serde_saphyr::options! { non_finite_float_policy: NonFiniteFloatPolicy::PassThrough };
        let node: Option<Node> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| SpecError::Yaml(error.to_string()))?;
        match node.map(|node| node.value(text)) {
            None | Some(Value { kind: Kind::Null, .. }) => Ok(Self::default()),
            Some(Value { kind: Kind::Mapping(mapping), .. }) => Ok(mapping),
            Some(other) => Err(SpecError::Yaml(format!("it is {}, expected keys with values", other.kind.name()))),
        }
    }

    /// Whether a key is there, with a value.
    #[must_use]
    pub fn states(&self, key: &str) -> bool {
        self.0.iter().any(|entry| entry.key == key && entry.value.kind != Kind::Null)
    }

    /// Whether no key is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Line on which a key stands, counted from 1, where that is known.
    #[must_use]
    pub fn line_of(&self, key: &str) -> Option<u64> {
        self.0.iter().find(|entry| entry.key == key).map(|entry| entry.line).filter(|&line| line > 0)
    }

    /// Puts a text at a key, in place of what stands there.
    pub fn put(&mut self, key: &str, text: &str) {
        self.take(key);
        let value = Value { line: 0, kind: Kind::Scalar(text.to_owned(), Meaning::Text) };
        self.0.push(Entry { key: key.to_owned(), line: 0, value });
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.0.iter().position(|entry| entry.key == key)?;
        Some(self.0.remove(at))
    }
}

impl Kind {
    /// What it is, in a sentence.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Scalar(..) => "a single value",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

/// A value as the YAML reader gives it: places, but no text of numbers.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Node(Spanned<Shape>);

#[derive(Debug)]
enum Shape {
    Null,
    Scalar(Option<String>, Meaning),
    Sequence(Vec<Node>),
    Mapping(Vec<(Spanned<String>, Node)>),
}

impl Node {
    /// The value, with the texts that stand in the source.
    fn value(self, source: &str) -> Value {
        let Spanned { value, referenced, defined } = self.0;
        let kind = match value {
            Shape::Null => Kind::Null,
            Shape::Scalar(text, meaning) => {
                Kind::Scalar(text.unwrap_or_else(|| written(source, defined, meaning)), meaning)
            }
            Shape::Sequence(nodes) => Kind::Sequence(nodes.into_iter().map(|node| node.value(source)).collect()),
            Shape::Mapping(entries) => Kind::Mapping(Mapping(
                entries
                    .into_iter()
                    .map(|(key, node)| Entry { line: key.referenced.line(), key: key.value, value: node.value(source) })
                    .collect(),
            )),
        };
        Value { line: referenced.line(), kind }
    }
}

/// The text of a plain scalar: what stands in the source at its place, or the value written anew where the source cannot
/// be what was meant.
fn written(source: &str, place: Location, meaning: Meaning) -> String {
    let slice = || {
        let begin = usize::try_from(place.span().byte_offset()?).ok()?;
        let length = usize::try_from(place.span().byte_len()?).ok()?;
        let text = source.get(begin..begin.checked_add(length)?)?.trim();
        let is_plain = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "\"'&*!{}[],#".contains(c));
        is_plain.then(|| text.to_owned())
    };
    slice().unwrap_or_else(|| match meaning {
        Meaning::Text => String::new(),
        Meaning::Flag(flag) => flag.to_string(),
        Meaning::Unsigned(number) => number.to_string(),
        Meaning::Signed(number) => number.to_string(),
        Meaning::Float(number) => number.to_string(),
    })
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyShape)
    }
}

struct AnyShape;

impl<'de> Visitor<'de> for AnyShape {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Shape, E> {
        Ok(Shape::Scalar(None, Meaning::Flag(flag)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Shape, E> {
        Ok(Shape::Scalar(None, Meaning::Unsigned(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Shape, E> {
        Ok(Shape::Scalar(None, u64::try_from(number).map_or(Meaning::Signed(number), Meaning::Unsigned)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Shape, E> {
        Ok(Shape::Scalar(None, Meaning::Float(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Scalar(Some(text.to_owned()), Meaning::Text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Shape, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = sequence.next_element()? {
            nodes.push(node);
        }
        Ok(Shape::Sequence(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Shape, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = mapping.next_entry()? {
            entries.push(entry);
        }
        Ok(Shape::Mapping(entries))
    }
}
