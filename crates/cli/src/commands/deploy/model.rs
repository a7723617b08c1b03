//! The model that a specification states: the one place where its mapping becomes the parameters of a fit, and where those
//! become flags.

use anyhow::{Result, anyhow};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::work::within;
use crate::args::FitArgs;
use crate::exit::{Exit, ExitWith, coded};

/// The key that names the model.
const MODEL: &str = "model";

/// The keys about a model, in every way in which they can be stated.
#[derive(Debug, Default)]
pub(super) struct Stated {
    /// A name, or a mapping that may hold a name and parameters.
    pub(super) model: Option<Value>,
    /// Parameters by themselves.
    pub(super) params: Option<Map<String, Value>>,
    /// Parameters of the svd, without a mapping.
    pub(super) short: [(&'static str, Option<Value>); 3],
}

impl Stated {
    /// One mapping of all that is stated; the name, if there is one, stands at `model`.
    pub(super) fn mapping(self) -> Result<Map<String, Value>> {
        let mut mapping = match self.model {
            None => Map::new(),
            Some(Value::String(name)) => Map::from_iter([(MODEL.to_owned(), name.into())]),
            Some(Value::Object(mapping)) => mapping,
            Some(other) => {
                let expected = "a name such as `svd` or a mapping such as `{model: svd, rank: 50}`";
                return Err(coded(Exit::Data, anyhow!("`{MODEL}` is `{other}`, expected {expected}")));
            }
        };
        let short = self.short.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        for (name, value) in self.params.into_iter().flatten().chain(short) {
            if mapping.contains_key(&name) {
                return Err(coded(Exit::Data, anyhow!("`{name}` of the model is stated twice")));
            }
            mapping.insert(name, value);
        }
        Ok(mapping)
    }
}

/// The parameters that a mapping states.
///
/// # Errors
/// A model or a parameter that does not exist, or a value that it cannot have.
pub(super) fn model_params(mapping: &Map<String, Value>) -> Result<FitArgs> {
    #[derive(Deserialize)]
    #[serde(tag = "model", rename_all = "lowercase", deny_unknown_fields)]
    enum Model {
        Svd { rank: Option<u64>, tolerance: Option<f64>, seed: Option<u64> },
    }

    let mut tagged = mapping.clone();
    tagged.entry(MODEL).or_insert_with(|| "svd".into());
    let model = serde_json::from_value(tagged.into());
    let Model::Svd { rank, tolerance, seed } =
        model.map_err(|error| anyhow!("`{MODEL}`: {error}")).exit_with(Exit::Data)?;
    let rank = rank.map(|rank| within("rank", rank, 1, 1 << 20)).transpose()?;
    Ok(FitArgs { rank: rank.and_then(|rank| usize::try_from(rank).ok()), tolerance, seed })
}

/// The flags of `foretaste serve` that say the same.
pub(super) fn flags(params: FitArgs) -> Vec<String> {
    let flags = [
        ("--rank", params.rank.map(|rank| rank.to_string())),
        ("--tolerance", params.tolerance.map(|tolerance| tolerance.to_string())),
        ("--seed", params.seed.map(|seed| seed.to_string())),
    ];
    flags.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten().collect()
}
