//! What stands in the table: a model to fit, a fitted one, or what others made.

use std::path::PathBuf;

use foretaste::models::{ModelParams, ParamsError, Shape};

use crate::Outside;
use crate::spread::SEED;

/// A model as it is asked for: its parameters may depend on the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The family.
    pub model: String,
    /// Settings such as `lambda=500`; the others have the family's defaults.
    pub settings: Vec<String>,
}

impl Asked {
    /// Its parameters for data of this shape.
    ///
    /// # Errors
    /// The model or a parameter does not exist.
    pub fn params(&self, shape: &Shape) -> Result<ModelParams, ParamsError> {
        ModelParams::for_shape(&self.model, shape)?.with(&self.settings)
    }

    /// The model once for each of so many seeds from `first` on, where it has a seed and none is set; else the model as it is.
    ///
    /// # Errors
    /// The model does not exist.
    pub fn seeded(self, first: u64, count: u64) -> Result<Vec<Self>, ParamsError> {
        let names = |setting: &String| setting.split_once('=').is_some_and(|(name, _)| name.trim() == SEED);
        let params = ModelParams::of(&self.model)?;
        let is_random = params.settings().iter().any(|setting| setting.split(' ').next() == Some(SEED));
        if count < 2 || !is_random || self.settings.iter().any(names) {
            return Ok(vec![self]);
        }
        let with = |seed: u64| {
            let settings = self.settings.iter().cloned().chain([format!("{SEED}={seed}")]).collect();
            Self { model: self.model.clone(), settings }
        };
        Ok((0..count).map(|more| with(first.wrapping_add(more))).collect())
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contender {
    /// A model that is fitted to each fold.
    Model(Asked),
    /// A model file; it must have been fitted to what the only fold fits to.
    File(PathBuf),
    /// Lists or scores that another program made.
    Outside(Outside),
}

impl From<Asked> for Contender {
    fn from(asked: Asked) -> Self {
        Self::Model(asked)
    }
}

impl Contender {
    /// Whether it is read and not fitted.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::File(_) | Self::Outside(_))
    }
}
