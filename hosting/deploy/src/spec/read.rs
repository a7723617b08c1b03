//! Values of a specification, read as the types that they are for.

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::SpecError;
use super::value::{Entry, Kind, Mapping, Meaning, Value};

impl Mapping {
    /// Reads all keys as one type; a key that it does not know is refused, with its line and the known key that is near.
    ///
    /// # Errors
    /// [`SpecError::Unknown`], [`SpecError::Value`]
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SpecError> {
        T::deserialize(MapAccessDeserializer::new(Entries { left: self.0.iter(), value: None }))
    }
}

impl Entry {
    /// Reads the value as a type.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, SpecError> {
        T::deserialize(&self.value).map_err(|error| error.below(&self.key, self.value.line))
    }
}

struct Entries<'a> {
    left: std::slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = SpecError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, SpecError> {
        let Some(entry) = self.left.next() else { return Ok(None) };
        self.value = Some(entry);
        let key: StrDeserializer<'_, SpecError> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| error.on(entry.line))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, SpecError> {
        let entry = self.value.take().ok_or_else(|| SpecError::custom("a value was asked for before its key"))?;
        seed.deserialize(&entry.value).map_err(|error| error.below(&entry.key, entry.value.line))
    }
}

struct Elements<'a>(std::slice::Iter<'a, Value>);

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = SpecError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, SpecError> {
        let Some(value) = self.0.next() else { return Ok(None) };
        seed.deserialize(value).map(Some).map_err(|error| error.on(value.line))
    }
}

impl Value {
    /// The text of a single value.
    pub(super) fn text(&self) -> Result<&str, SpecError> {
        match &self.kind {
            Kind::Scalar(text, _) => Ok(text),
            other => Err(SpecError::custom(format!("expected a text, found {}", other.name())).on(self.line)),
        }
    }

    /// A whole number, also one that stands in quotes or has `_` between its digits.
    fn whole(&self) -> Result<u64, SpecError> {
        let refused = |found: &str| {
            SpecError::custom(format!("expected a whole number of at least 0, found {found}")).on(self.line)
        };
        match &self.kind {
            Kind::Scalar(_, Meaning::Unsigned(number)) => Ok(*number),
            Kind::Scalar(text, _) => text.replace('_', "").parse().map_err(|_| refused(&format!("`{text}`"))),
            other => Err(refused(other.name())),
        }
    }

    fn number(&self) -> Result<f64, SpecError> {
        let refused = |found: &str| SpecError::custom(format!("expected a number, found {found}")).on(self.line);
        match &self.kind {
            Kind::Scalar(_, Meaning::Unsigned(number)) => Ok(*number as f64),
            Kind::Scalar(_, Meaning::Signed(number)) => Ok(*number as f64),
            Kind::Scalar(_, Meaning::Float(number)) if number.is_finite() => Ok(*number),
            Kind::Scalar(text, _) => {
                let number = text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite());
                number.ok_or_else(|| refused(&format!("`{text}`")))
            }
            other => Err(refused(other.name())),
        }
    }
}

macro_rules! as_whole {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SpecError> {
            visitor.visit_u64(self.whole()?)
        })*
    };
}

macro_rules! as_text {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SpecError> {
            visitor.visit_str(self.text()?)
        })*
    };
}

impl<'de> Deserializer<'de> for &Value {
    type Error = SpecError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SpecError> {
        match &self.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Scalar(text, meaning) => match *meaning {
                Meaning::Flag(flag) => visitor.visit_bool(flag),
                Meaning::Unsigned(number) => visitor.visit_u64(number),
                Meaning::Signed(number) => visitor.visit_i64(number),
                Meaning::Float(number) if number.is_finite() => visitor.visit_f64(number),
                // A type that takes any value may have no way to keep one that is not finite, and would lose it.
                Meaning::Float(_) | Meaning::Text => visitor.visit_str(text),
            },
            Kind::Sequence(values) => visitor.visit_seq(Elements(values.iter())),
            Kind::Mapping(mapping) => visitor.visit_map(Entries { left: mapping.0.iter(), value: None }),
        }
        .map_err(|error: SpecError| error.on(self.line))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SpecError> {
        if self.kind == Kind::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, SpecError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SpecError> {
        visitor.visit_f64(self.number()?)
    }

    as_whole! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }
    as_text! { deserialize_str deserialize_string }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SpecError> {
        visitor.visit_enum(de::value::StrDeserializer::<SpecError>::new(self.text()?))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u128 f32 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Work {
        data: Option<String>,
        rows: Option<u64>,
        tolerance: Option<f64>,
        kernels: Option<u8>,
        model: Option<serde_json::Value>,
    }

    fn read(text: &str) -> Result<Work, SpecError> {
        Mapping::parse(text).unwrap().read()
    }

    #[test]
    fn a_text_is_what_was_written_whatever_yaml_takes_it_for() {
        for written in [
            "007",
            "1.10",
            "yes",
            "true",
            "1_000",
            "0x1F",
            "-5",
            "1e3",
            ".nan",
            "2026-01-01",
            "1e999",
            "-.inf",
            "a b",
            "日本.csv",
        ] {
            assert_eq!(read(&format!("data: {written}")).unwrap().data.as_deref(), Some(written));
            assert_eq!(read(&format!("data: \"{written}\"")).unwrap().data.as_deref(), Some(written));
            assert_eq!(
                read(&format!("x: &a {written}\ndata: *a").replace("x: ", "model: ")).unwrap().data.as_deref(),
                Some(written)
            );
        }
        for (text, data) in [
            ("data: !!str 5", "5"),
            ("data: |\n  a\n  b\n", "a\nb\n"),
            ("{data: 007, rows: 2}", "007"),
            ("data: 007 # a remark", "007"),
            ("data: 'it''s'", "it's"),
            ("# 日本\ndata: 1.10", "1.10"),
        ] {
            assert_eq!(read(text).unwrap().data.as_deref(), Some(data), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_in_every_notation_of_yaml() {
        for (written, rows) in
            [("5", 5), ("\"5\"", 5), ("5_000", 5000), ("0x10", 16), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(read(&format!("rows: {written}")).unwrap().rows, Some(rows), "{written}");
        }
        for (written, tolerance) in [("1e-6", 1e-6), ("1", 1.0), ("-2", -2.0), ("'0.5'", 0.5)] {
            assert_eq!(read(&format!("tolerance: {written}")).unwrap().tolerance, Some(tolerance), "{written}");
        }
    }

    #[test]
    fn what_is_passed_on_unread_keeps_its_types_at_every_depth() {
        let text = "model:\n  model: blend\n  parts: [{model: ease, lambda: 500}, {model: knn, k: 20, on: true, x: 1.5, n: -3, s: '7', e: }]\n";
        let expected = serde_json::json!({"model": "blend", "parts": [
            {"model": "ease", "lambda": 500},
            {"model": "knn", "k": 20, "on": true, "x": 1.5, "n": -3, "s": "7", "e": null},
        ]});
        assert_eq!(read(text).unwrap().model, Some(expected));
        assert_eq!(read("model: .nan").unwrap().model, Some(serde_json::json!(".nan")), "not lost as null");
        assert_eq!(read("model: &m {k: 1}\n").unwrap().model, Some(serde_json::json!({"k": 1})));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, says) in [
            ("rows: 1\ndta: x\n", "line 2: unknown key `dta` (did you mean `data`?), expected one of data, rows"),
            ("rows: 1\nxyz: x\n", "line 2: unknown key `xyz`, expected one of"),
            ("data: a\nrows: 5.0\n", "line 2: `rows`: expected a whole number of at least 0, found `5.0`"),
            ("rows: -3", "line 1: `rows`: expected a whole number of at least 0, found `-3`"),
            ("rows: [1]", "found a list"),
            ("data:\n  a: 1\n", "`data`: expected a text, found a mapping"),
            ("tolerance: many", "line 1: `tolerance`: expected a number, found `many`"),
            ("tolerance: .inf", "line 1: `tolerance`: expected a number, found `.inf`"),
            ("tolerance: nan", "line 1: `tolerance`: expected a number, found `nan`"),
            ("tolerance: 1e999", "line 1: `tolerance`: expected a number, found `1e999`"),
            ("kernels: 256", "line 1: `kernels`: invalid value: integer `256`"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
