//! One value of a property, and the types that a value may have.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::time;

/// Most properties of the items, and of the users, of a data set.
pub const MAX_PROPERTIES: usize = 128;
/// Longest name of a property, in bytes.
pub const MAX_NAME_BYTES: usize = 255;
/// Longest `string`, and longest value of a `set`, in bytes.
pub const MAX_STRING_BYTES: usize = 512;
/// Most values of one `set`.
pub const MAX_SET_VALUES: usize = 256;
/// Longest `text`, in bytes: 32 KiB.
pub const MAX_TEXT_BYTES: usize = 1 << 15;
/// Most different strings of one property.
pub const MAX_DISTINCT: usize = 1_000_000;

/// The type of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    /// A word out of a dictionary, for filters; at most [`MAX_STRING_BYTES`].
    String,
    /// Text that is stored and returned; at most [`MAX_TEXT_BYTES`].
    Text,
    /// A finite number, f64.
    Number,
    /// True or false.
    Bool,
    /// A point in time, milliseconds since 1970 in UTC.
    Time,
    /// At most [`MAX_SET_VALUES`] strings, each once, in the order in which they came; never missing, at least empty.
    Set,
}

impl PropertyType {
    /// All types.
    pub const ALL: [Self; 6] = [Self::String, Self::Text, Self::Number, Self::Bool, Self::Time, Self::Set];

    /// The name, as in `--property year:number`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Text => "text",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Time => "time",
            Self::Set => "set",
        }
    }
}

impl fmt::Display for PropertyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A property whose type is stated, not inferred: `year:number`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Name of the column or the property.
    pub name: String,
    /// The type of every value.
    pub kind: PropertyType,
}

impl FromStr for Declared {
    type Err = String;

    /// Reads `NAME:TYPE`; the name may hold colons.
    fn from_str(text: &str) -> Result<Self, String> {
        let types = || PropertyType::ALL.map(PropertyType::name).join(", ");
        let (name, kind) = text
            .rsplit_once(':')
            .ok_or_else(|| format!("expected NAME:TYPE, such as year:number; types are {}", types()))?;
        let found = PropertyType::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(kind.trim()));
        let kind = found.ok_or_else(|| format!("`{kind}` is not a type, allowed are {}", types()))?;
        let name = name.trim().to_owned();
        if name.is_empty() {
            Err("the property has no name, expected NAME:TYPE".to_owned())
        } else {
            Ok(Self { name, kind })
        }
    }
}

/// One value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A word out of a dictionary.
    String(&'a str),
    /// Text.
    Text(&'a str),
    /// A finite number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// Milliseconds since 1970 in UTC.
    Time(i64),
    /// Strings, each once.
    Set(Vec<&'a str>),
}

impl Value<'_> {
    /// The type of the value.
    #[must_use]
    pub fn kind(&self) -> PropertyType {
        match self {
            Self::String(_) => PropertyType::String,
            Self::Text(_) => PropertyType::Text,
            Self::Number(_) => PropertyType::Number,
            Self::Bool(_) => PropertyType::Bool,
            Self::Time(_) => PropertyType::Time,
            Self::Set(_) => PropertyType::Set,
        }
    }
}

/// For people: text as it is, a time as RFC 3339, a set with `|` between its values.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) | Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Bool(truth) => truth.fmt(f),
            Self::Time(millis) => f.write_str(&time::format(*millis)),
            Self::Set(values) => f.write_str(&values.join("|")),
        }
    }
}

/// In JSON: a string, a number (whole ones without a point), true or false, a time as RFC 3339, an array of strings.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(text) | Self::Text(text) => to.serialize_str(text),
            Self::Number(number) => match whole(*number) {
                Some(whole) => to.serialize_i64(whole),
                None => to.serialize_f64(*number),
            },
            Self::Bool(truth) => to.serialize_bool(*truth),
            Self::Time(millis) => to.serialize_str(&time::format(*millis)),
            Self::Set(values) => values.serialize(to),
        }
    }
}

/// A number as a whole one, where it is one that f64 holds exactly.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.trunc().to_bits() == number.to_bits() && number.abs() <= EXACT;
    let negative_zero = number.to_bits() == (-0.0f64).to_bits();
    (is_whole && !negative_zero).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_as_a_reader_expects() {
        let json = |value: Value<'_>| serde_json::to_string(&value).unwrap();
        assert_eq!(json(Value::Number(1995.0)), "1995");
        assert_eq!(json(Value::Number(19.99)), "19.99");
        assert_eq!(json(Value::Number(1e300)), "1e+300");
        assert_eq!(json(Value::Number(-0.0)), "-0.0");
        assert_eq!(json(Value::Time(0)), "\"1970-01-01T00:00:00Z\"");
        assert_eq!(json(Value::Set(vec!["a", "b"])), "[\"a\",\"b\"]");
        assert_eq!(json(Value::Bool(true)), "true");
        assert_eq!(json(Value::Text("é")), "\"é\"");
    }

    #[test]
    fn a_declaration_names_a_property_and_a_type() {
        let declared = "Release Year: Number".parse::<Declared>().unwrap();
        assert_eq!(declared, Declared { name: "Release Year".into(), kind: PropertyType::Number });
        assert_eq!("a:b:set".parse::<Declared>().unwrap().name, "a:b");
        let error = "year:integer".parse::<Declared>().unwrap_err();
        assert_eq!(error, "`integer` is not a type, allowed are string, text, number, bool, time, set");
        assert!("year".parse::<Declared>().unwrap_err().starts_with("expected NAME:TYPE, such as year:number"));
        assert!(":text".parse::<Declared>().is_err());
    }
}
