//! What a specification may state about the model of an engine.

use std::fmt;
use std::sync::LazyLock;

use foretaste::models::{ModelParams, Number};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The keys about a model that are not parameters.
const OF_THE_MODEL: [&str; 2] = ["model", "params"];

/// All keys about a model: with them the parameters that a specification may state without a mapping.
static KNOWN: LazyLock<Vec<&'static str>> = LazyLock::new(|| Keys::of_the_model().collect());

/// The keys about a model, as stated.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The model's name, or a mapping of its name and parameters.
    pub(super) model: Option<Value>,
    /// Parameters of the model.
    pub(super) params: Option<Map<String, Value>>,
    /// Parameters of the default model, each by itself.
    pub(super) short: Map<String, Value>,
}

impl Keys {
    /// Whether a key is one of them.
    pub(super) fn are_of_the_model(key: &str) -> bool {
        KNOWN.contains(&key)
    }

    /// The keys that say which model is fitted, and how.
    pub(super) fn of_the_model() -> impl Iterator<Item = &'static str> {
        OF_THE_MODEL.into_iter().chain(ModelParams::SHORT.iter().map(|short| short.name))
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Keys", &KNOWN, KeysVisitor)
    }
}

/// One of the keys that are known; any other is refused where it stands.
struct Key(&'static str);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let known = KNOWN.iter().find(|&&known| known == found);
        known.map(|known| Self(known)).ok_or_else(|| Error::unknown_field(&found, &KNOWN))
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Keys, A::Error> {
        let mut keys = Keys::default();
        while let Some(Key(key)) = entries.next_key()? {
            match key {
                "model" => keys.model = entries.next_value()?,
                "params" => keys.params = entries.next_value()?,
                _ => {
                    let short = ModelParams::SHORT.iter().find(|short| short.name == key);
                    let value = match short.ok_or_else(|| Error::unknown_field(key, &KNOWN))?.number {
                        Number::Whole => entries.next_value::<Option<u64>>()?.map(Value::from),
                        Number::Real => entries.next_value::<Option<f64>>()?.map(Value::from),
                    };
                    keys.short.extend(value.map(|value| (key.to_owned(), value)));
                }
            }
        }
        Ok(keys)
    }
}
