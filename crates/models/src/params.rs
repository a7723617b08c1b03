//! Parameters of models from mappings and from the words of a command line.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::ModelParams;

/// A parameter of the default model that can be set by its name alone, where no model is named: by a flag of a command
/// line, or by a key of a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Its name.
    pub name: &'static str,
    /// What its value is called in a help text.
    pub value: &'static str,
    /// What numbers it takes.
    pub number: Number,
    /// What it is for, in one line.
    pub about: &'static str,
}

/// The kind of number that a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// 0, 1, 2 and so on.
    Whole,
    /// Any finite one.
    Real,
}

/// Why a mapping or a setting is no parameters of a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// There is no such model.
    #[error("there is no model `{found}`{}; there are {}", meant(near), known.join(", "))]
    Model {
        /// The name found.
        found: String,
        /// The name that was probably meant.
        near: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// The model has no such parameter.
    #[error("the model `{model}` has no parameter `{found}`{}; it has {}", meant(near), known.join(", "))]
    Parameter {
        /// The model.
        model: String,
        /// The name found.
        found: String,
        /// The name that was probably meant.
        near: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// A value is not of the parameter's type.
    #[error("parameter `{parameter}` of the model `{model}`: {why}")]
    Value {
        /// The model.
        model: String,
        /// The parameter.
        parameter: String,
        /// What was found and what is expected.
        why: String,
    },
    /// A setting is not of the form `NAME=VALUE`.
    #[error("`{found}` is no setting, expected NAME=VALUE such as `lambda=500`")]
    Setting {
        /// What was found.
        found: String,
    },
}

impl ParamsError {
    pub(crate) fn model(found: &str) -> Self {
        let known: Vec<String> = ModelParams::MODELS.iter().map(|&(name, _)| name.to_owned()).collect();
        Self::Model { found: found.to_owned(), near: nearest(found, &known), known }
    }
}

impl ModelParams {
    /// The model that a mapping asks for where this one serves: the named model with its defaults; without a name the svd,
    /// with the parameters of this one where it is an svd too.
    ///
    /// # Errors
    /// A model or parameter that does not exist, or a value of the wrong type.
    pub fn refit(&self, mut mapping: Map<String, Value>) -> Result<Self, ParamsError> {
        let default = Self::default().name();
        if mapping.contains_key("model") || self.name() != default {
            return from_tagged(mapping);
        }
        let mut whole = self.to_map();
        whole.append(&mut mapping);
        Self::from_map(default, whole)
    }

    /// All parameters, as `name value`, in the order of their names.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        self.to_map().into_iter().map(|(name, value)| format!("{name} {value}")).collect()
    }

    /// The value of a parameter, if there is one of that name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value> {
        self.to_map().remove(name)
    }

    /// The same model with other values: `NAME=VALUE` each, in the order given, a later one over an earlier one. A value
    /// is read as JSON where it is JSON (`500`, `0.5`, `true`, `null`), as a number where it is one in another form (`.5`), else
    /// as a word.
    ///
    /// # Errors
    /// A setting that is none, a parameter that the model lacks, or a value of the wrong type.
    pub fn with<S: AsRef<str>>(self, settings: &[S]) -> Result<Self, ParamsError> {
        let mut map = self.to_map();
        for setting in settings.iter().map(AsRef::as_ref) {
            let parts = setting.split_once('=').filter(|(name, _)| !name.trim().is_empty());
            let Some((name, value)) = parts else { return Err(ParamsError::Setting { found: setting.to_owned() }) };
            let value = value.trim();
            let value = serde_json::from_str(value).unwrap_or_else(|_| word_or_number(value));
            map.insert(name.trim().replace('-', "_"), value);
        }
        Self::from_map(self.name(), map)
    }
}

fn word_or_number(text: &str) -> Value {
    let number = text.parse().ok().and_then(serde_json::Number::from_f64);
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// The parameters of the model that the mapping names under `model`, of the svd where it names none.
pub(crate) fn from_tagged(mut map: Map<String, Value>) -> Result<ModelParams, ParamsError> {
    match map.remove("model") {
        None => ModelParams::from_map(ModelParams::default().name(), map),
        Some(Value::String(name)) => ModelParams::from_map(&name, map),
        Some(other) => Err(ParamsError::model(&other.to_string())),
    }
}

pub(crate) fn to_map<P: Serialize>(params: &P) -> Map<String, Value> {
    match serde_json::to_value(params) {
        Ok(Value::Object(map)) => map,
        // Parameters are structs of numbers and words.
        _ => Map::new(),
    }
}

/// The parameters without those of `names` that have their defaults.
pub(crate) fn without_defaults<P: Default + Serialize>(params: &P, names: &[&str]) -> Map<String, Value> {
    let mut map = to_map(params);
    if !names.is_empty() {
        let defaults = to_map(&P::default());
        map.retain(|name, value| !names.contains(&name.as_str()) || defaults.get(name) != Some(value));
    }
    map
}

pub(crate) fn from_map<P>(model: &str, map: Map<String, Value>) -> Result<P, ParamsError>
where
    P: Default + Serialize + DeserializeOwned,
{
    let defaults = to_map(&P::default());
    let known: Vec<String> = defaults.keys().cloned().collect();
    if let Some(found) = map.keys().find(|key| !defaults.contains_key(*key)) {
        let near = nearest(found, &known);
        return Err(ParamsError::Parameter { model: model.to_owned(), found: found.clone(), near, known });
    }
    // One at a time on top of what is valid, so that an error can name its parameter.
    let mut whole = defaults;
    for (parameter, value) in map {
        whole.insert(parameter.clone(), without_fraction(value));
        if let Err(error) = serde_json::from_value::<P>(Value::Object(whole.clone())) {
            return Err(ParamsError::Value { model: model.to_owned(), parameter, why: plain(&error.to_string()) });
        }
    }
    serde_json::from_value(Value::Object(whole)).map_err(|error| ParamsError::Value {
        model: model.to_owned(),
        parameter: known.join(", "),
        why: plain(&error.to_string()),
    })
}

/// The same value, in which every number that is whole is one without a fraction: `5.0` is 5, as JSON and its writers in other
/// languages have it.
fn without_fraction(value: Value) -> Value {
    /// All whole numbers up to it are numbers of 64 bits in either form.
    const MOST: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Array(values) => values.into_iter().map(without_fraction).collect(),
        Value::Object(map) => map.into_iter().map(|(name, value)| (name, without_fraction(value))).collect(),
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() <= MOST);
            Value::Number(whole.and_then(|whole| format!("{:.0}", whole + 0.0).parse().ok()).unwrap_or(number))
        }
        other => other,
    }
}

/// An error of a value in words that do not name types of Rust.
fn plain(error: &str) -> String {
    let named = [
        ("expected usize", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
        ("expected a boolean", "expected true or false"),
        ("expected unit", "expected null"),
        ("invalid type: sequence", "found an array"),
        ("invalid type: map", "found an object"),
        ("unknown variant ", "found "),
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
        ("floating point `", "`"),
        ("integer `", "`"),
    ];
    named.iter().fold(error.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn meant(near: &Option<String>) -> String {
    near.as_ref().map_or_else(String::new, |near| format!(", did you mean `{near}`?"))
}

/// The name that was meant, if one is near enough to ask.
fn nearest(found: &str, known: &[String]) -> Option<String> {
    let near = known.iter().map(|name| (strsim::jaro_winkler(&found.to_ascii_lowercase(), name), name));
    let (likeness, name) = near.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness > 0.8).then(|| name.clone())
}
