//! The fields of a request, from the query or from a JSON object, taken by one type after the other until none is left.

use axum::http::Uri;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::decode::{Entries, refuse_twice};
use super::tree::{Tree, cut};
use super::wire_error::{WireError, object_with, unknown_field};

/// A type that is read from the fields of a request: one struct that derives `Deserialize`, or several of them, each
/// taking its own fields.
pub(crate) trait Wire: Sized {
    /// Takes the fields.
    ///
    /// # Errors
    /// One is missing or has the wrong shape.
    fn read(fields: &mut Fields) -> Result<Self, WireError>;
}

impl<T: DeserializeOwned> Wire for T {
    fn read(fields: &mut Fields) -> Result<Self, WireError> {
        T::deserialize(Taker(fields))
    }
}

/// The names and values of a query, decoded.
pub(super) fn pairs(uri: &Uri) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

/// Two types, each taking its own fields.
pub(crate) struct Both<A, B>(pub(crate) A, pub(crate) B);

impl<A: Wire, B: Wire> Wire for Both<A, B> {
    fn read(fields: &mut Fields) -> Result<Self, WireError> {
        Ok(Self(A::read(fields)?, B::read(fields)?))
    }
}

/// The fields that no type has taken yet, in their order.
#[derive(Debug)]
pub(crate) struct Fields {
    from: Place,
    left: Vec<(String, Tree)>,
    known: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Query,
    Body,
}

impl Fields {
    /// Those of the query.
    pub(crate) fn of_query(uri: &Uri) -> Self {
        let mut left: Vec<(String, Tree)> = Vec::new();
        for (name, value) in pairs(uri) {
            match left.iter_mut().find(|(found, _)| *found == name) {
                Some((_, Tree::Values(values))) => values.push(value.into_owned()),
                _ => left.push((name.into_owned(), Tree::Values(vec![value.into_owned()]))),
            }
        }
        Self { from: Place::Query, left, known: Vec::new() }
    }

    /// Those of a JSON body.
    ///
    /// # Errors
    /// It is not an object, or has a field twice.
    pub(crate) fn of_body(tree: Tree) -> Result<Self, WireError> {
        match tree {
            Tree::Object(left) => {
                refuse_twice("the body", &left)?;
                Ok(Self { from: Place::Body, left, known: Vec::new() })
            }
            other => Err(WireError::Said(format!("the body is {other}, expected an object"))),
        }
    }

    /// Reads the fields that an older name had.
    ///
    /// # Errors
    /// Both names are given.
    pub(crate) fn rename(&mut self, old: &str, new: &str) -> Result<(), WireError> {
        let has_new = self.left.iter().any(|(name, _)| name == new);
        match self.left.iter_mut().find(|(name, _)| name == old) {
            Some(_) if has_new => Err(WireError::Said(format!("`{new}` and `{old}` are one field, give one of them"))),
            Some((name, _)) => {
                new.clone_into(name);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Reads all fields as one type.
    ///
    /// # Errors
    /// A field is missing, has the wrong shape, or is not known.
    pub(crate) fn all<T: Wire>(mut self) -> Result<T, WireError> {
        let read = T::read(&mut self)?;
        let Some((name, _)) = self.left.first() else { return Ok(read) };
        Err(WireError::Said(match self.from {
            Place::Body => unknown_field("the body", name, &self.known),
            Place::Query => {
                let known = self.known.join(", ");
                let known = if known.is_empty() { "none is known".to_owned() } else { format!("known are {known}") };
                format!("the query has a parameter `{}`, {known}", cut(name))
            }
        }))
    }
}

/// Gives a struct the fields that it names.
struct Taker<'a>(&'a mut Fields);

impl<'de> Deserializer<'de> for Taker<'_> {
    type Error = WireError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        let all = std::mem::take(&mut self.0.left);
        visitor.visit_map(Entries::of(all, String::new())).map_err(|error: WireError| error.inside("the body"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WireError> {
        let all = std::mem::take(&mut self.0.left);
        let (mine, left) = all.into_iter().partition(|(name, _)| fields.contains(&name.as_str()));
        self.0.left = left;
        self.0.known.extend(fields);
        let place = if self.0.from == Place::Query { "the query" } else { "the body" };
        let read = visitor.visit_map(Entries::of(mine, String::new()));
        read.map_err(|error: WireError| error.at(place, &object_with(fields)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
