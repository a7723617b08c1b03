//! Reads a type from a tree, strictly: an object where an object is stated, each field once and known. A whole number may
//! stand where a text is expected, since ids of users and items often are numbers.

use std::ops::RangeInclusive;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::tree::Tree;
use super::wire_error::{WireError, object_with, one_of, unknown_field};

/// Largest float below which every whole number is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value and the place where it stands, such as `` `history[3].item` ``.
pub(crate) struct Decoder {
    pub(crate) tree: Tree,
    pub(crate) path: String,
}

impl Decoder {
    fn place(&self) -> String {
        if self.path.is_empty() { "the body".to_owned() } else { format!("`{}`", self.path) }
    }

    fn expected(&self, expected: &str) -> WireError {
        WireError::Said(format!("{} is {}, expected {expected}", self.place(), self.tree))
    }

    /// Of several values of a parameter there must be one.
    fn once(&self) -> Result<(), WireError> {
        match &self.tree {
            Tree::Values(values) if values.len() > 1 => {
                Err(WireError::Said(format!("`{}` is given {} times, once is allowed", self.path, values.len())))
            }
            _ => Ok(()),
        }
    }

    /// A whole number within a range.
    fn whole(&self, range: RangeInclusive<i128>) -> Result<i128, WireError> {
        self.once()?;
        let number = match &self.tree {
            Tree::Number(number) => match (number.as_i128(), number.as_f64()) {
                (Some(whole), _) => Some(whole),
                // JSON Schema calls 42.0 an integer. Beyond the exact ones it is too large for any range but the widest.
                (None, Some(float)) if float.fract() == 0.0 && (float.abs() <= EXACT || *range.end() == i128::MAX) => {
                    Some(float as i128)
                }
                _ => None,
            },
            Tree::Values(values) => {
                let text = values.first().map_or("", String::as_str);
                let digits = text.strip_prefix('-').unwrap_or(text);
                let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                // What is too large for the type is too large for any range but the widest.
                is_whole.then(|| text.parse().unwrap_or(if text.len() > digits.len() { i128::MIN } else { i128::MAX }))
            }
            _ => None,
        };
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let kind = match (number, range.end()) {
                (None, _) => "a whole number".to_owned(),
                (Some(_), &i128::MAX) => format!("a whole number of at least {}", range.start()),
                (Some(_), end) => format!("a whole number from {} to {end}", range.start()),
            };
            self.expected(&kind)
        })
    }

    fn float(&self) -> Result<f64, WireError> {
        self.once()?;
        let number = match &self.tree {
            Tree::Number(number) => number.as_f64(),
            Tree::Values(values) => values.first().and_then(|text| text.parse().ok()).filter(|x: &f64| x.is_finite()),
            _ => None,
        };
        number.ok_or_else(|| self.expected("a number"))
    }

    fn text(self) -> Result<String, WireError> {
        self.once()?;
        match self.tree {
            Tree::Text(text) => Ok(text),
            Tree::Values(values) => Ok(values.into_iter().next().unwrap_or_default()),
            Tree::Number(ref number) if !number.is_f64() => Ok(number.to_string()),
            _ => Err(self.expected("a string")),
        }
    }
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
            let number = self.whole(i128::from(<$type>::MIN)..=i128::from(<$type>::MAX))?;
            let place = self.place();
            // It is in the range of the type.
            visitor.$visit::<WireError>(<$type>::try_from(number).unwrap_or_default()).map_err(|error| error.at(&place, "one"))
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder {
    type Error = WireError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        let place = self.place();
        let is_open = matches!(self.tree, Tree::Array(_) | Tree::Object(_));
        let value = match self.tree {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(value),
            Tree::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or_default()),
            },
            Tree::Text(text) => visitor.visit_string(text),
            Tree::Array(items) => visitor.visit_seq(Items::of(items.into_iter(), self.path)),
            Tree::Object(fields) => {
                refuse_twice(&place, &fields)?;
                visitor.visit_map(Entries::of(fields, self.path))
            }
            Tree::Values(_) => visitor.visit_string(self.text()?),
        };
        value.map_err(|error: WireError| if is_open { error.inside(&place) } else { error.at(&place, "one") })
    }

    whole_numbers! {
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
    }

    /// The widest range: a number that is too large for it counts as its largest.
    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        let number = self.whole(0..=i128::MAX)?;
        visitor.visit_u128(number.unsigned_abs())
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        self.once()?;
        match &self.tree {
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Values(values) if values[..] == ["true"] => visitor.visit_bool(true),
            Tree::Values(values) if values[..] == ["false"] => visitor.visit_bool(false),
            _ => Err(self.expected("true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        let place = self.place();
        visitor.visit_string(self.text()?).map_err(|error: WireError| error.at(&place, "one"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        if self.tree == Tree::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, WireError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        match self.tree {
            Tree::Array(items) => visitor.visit_seq(Items::of(items.into_iter(), self.path)),
            // Each value stands for itself, so that their number is not part of the place.
            Tree::Values(values) => {
                let items = values.into_iter().map(|value| Tree::Values(vec![value]));
                visitor.visit_seq(Items { items, path: self.path, at: None })
            }
            _ => Err(self.expected("an array")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WireError> {
        match &self.tree {
            Tree::Object(_) => self.deserialize_any(visitor),
            _ => Err(self.expected("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WireError> {
        let (place, expected) = (self.place(), object_with(fields));
        let Tree::Object(entries) = self.tree else { return Err(self.expected(&expected)) };
        refuse_twice(&place, &entries)?;
        if let Some((name, _)) = entries.iter().find(|(name, _)| !fields.contains(&name.as_str())) {
            return Err(WireError::Said(unknown_field(&place, name, fields)));
        }
        visitor.visit_map(Entries::of(entries, self.path)).map_err(|error: WireError| error.at(&place, &expected))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WireError> {
        self.once()?;
        let name = match &self.tree {
            Tree::Text(text) => Some(text.as_str()),
            Tree::Values(values) => values.first().map(String::as_str),
            _ => None,
        };
        match name.and_then(|name| variants.iter().find(|variant| **variant == name)) {
            Some(variant) => visitor.visit_enum(Name(variant)),
            None => Err(WireError::Said(format!("{} must be {}", self.place(), one_of(variants)))),
        }
    }

    forward_to_deserialize_any! { char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any }
}

/// Whether a field is named twice.
pub(crate) fn refuse_twice(place: &str, fields: &[(String, Tree)]) -> Result<(), WireError> {
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(WireError::Said(format!(
            "{place} has the field `{}` twice, once is allowed",
            super::tree::cut(pair[0])
        ))),
        None => Ok(()),
    }
}

/// The name of a variant without a value.
struct Name(&'static str);

impl<'de> EnumAccess<'de> for Name {
    type Error = WireError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), WireError> {
        let name: StrDeserializer<'_, WireError> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Name {
    type Error = WireError;

    fn unit_variant(self) -> Result<(), WireError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, WireError> {
        Err(WireError::Said(format!("`{}` needs a value", self.0)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, WireError> {
        Err(WireError::Said(format!("`{}` needs values", self.0)))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, WireError> {
        Err(WireError::Said(format!("`{}` needs fields", self.0)))
    }
}

/// The entries of an array, in their order.
struct Items<I> {
    items: I,
    path: String,
    /// The number of the next, where it is part of the place.
    at: Option<usize>,
}

impl<I> Items<I> {
    fn of(items: I, path: String) -> Self {
        Self { items, path, at: Some(0) }
    }
}

impl<'de, I: Iterator<Item = Tree>> SeqAccess<'de> for Items<I> {
    type Error = WireError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, WireError> {
        let Some(tree) = self.items.next() else { return Ok(None) };
        let path = match &mut self.at {
            Some(at) => {
                *at += 1;
                format!("{}[{}]", self.path, *at - 1)
            }
            None => self.path.clone(),
        };
        seed.deserialize(Decoder { tree, path }).map(Some)
    }
}

/// The fields of an object, in their order.
pub(crate) struct Entries {
    fields: std::vec::IntoIter<(String, Tree)>,
    path: String,
    next: Option<Decoder>,
}

impl Entries {
    pub(crate) fn of(fields: Vec<(String, Tree)>, path: String) -> Self {
        Self { fields: fields.into_iter(), path, next: None }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = WireError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, WireError> {
        let Some((name, tree)) = self.fields.next() else { return Ok(None) };
        let path = if self.path.is_empty() { name.clone() } else { format!("{}.{name}", self.path) };
        self.next = Some(Decoder { tree, path });
        let name: StrDeserializer<'_, WireError> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, WireError> {
        match self.next.take() {
            Some(value) => seed.deserialize(value),
            None => Err(WireError::Said("a field has no value".to_owned())),
        }
    }
}
