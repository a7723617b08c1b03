//! The model that a specification states: the one place where its mapping becomes the flags of a fit.

use anyhow::{Result, anyhow};
use foretaste::models::ModelParams;
use serde_json::{Map, Value};

use crate::args::FitArgs;
use crate::exit::{Exit, coded};

/// The key that names the model.
const MODEL: &str = "model";

/// The keys about a model, in every way in which they can be stated.
#[derive(Debug, Default)]
pub(super) struct Stated {
    /// A name, or a mapping that may hold a name and parameters.
    pub(super) model: Option<Value>,
    /// Parameters by themselves.
    pub(super) params: Option<Map<String, Value>>,
    /// Parameters of the default model, without a mapping.
    pub(super) short: Map<String, Value>,
}

impl Stated {
    /// One mapping of all that is stated; the name, if there is one, stands at `model`.
    pub(super) fn mapping(self) -> Result<Map<String, Value>> {
        let mut mapping = match self.model {
            None => Map::new(),
            Some(Value::String(name)) => Map::from_iter([(MODEL.to_owned(), name.into())]),
            Some(Value::Object(mapping)) => mapping,
            Some(other) => {
                let expected = "a name such as `svd` or a mapping such as `{model: ease, lambda: 500}`";
                return Err(coded(Exit::Data, anyhow!("`{MODEL}` is `{other}`, expected {expected}")));
            }
        };
        for (name, value) in self.params.into_iter().flatten().chain(self.short) {
            if mapping.contains_key(&name) {
                return Err(coded(Exit::Data, anyhow!("`{name}` of the model is stated twice")));
            }
            mapping.insert(name, value);
        }
        Ok(mapping)
    }
}

/// The flags that a mapping stands for.
///
/// # Errors
/// A model or a parameter that does not exist, or a value that it cannot have whatever the data.
pub(super) fn model_params(mapping: &Map<String, Value>) -> Result<FitArgs> {
    let refused = |error: &dyn std::fmt::Display| coded(Exit::Data, anyhow!("`{MODEL}`: {error}"));
    let params: ModelParams = serde_json::from_value(mapping.clone().into()).map_err(|error| refused(&error))?;
    params.check_for_any_data().map_err(|error| refused(&error))?;
    Ok(FitArgs::of(mapping))
}
