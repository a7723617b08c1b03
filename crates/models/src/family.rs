//! What a family of models brings to be one of foretaste's: a struct for its parameters and one for its model.

use std::fmt::Debug;

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fit::OnProgress;
use crate::params;
use crate::{Cheaper, Dimension, FitError, FitReport, Memory, Scorer, Shape};

/// A family of models. A new one is a folder that implements this, and a line in `families.rs`.
pub trait Family: Scorer + Clone + Debug + Sized {
    /// Its name, on the command line, in requests and in files.
    const NAME: &'static str;

    /// The sections of a model file that are its own.
    const SECTIONS: &'static [Section];

    /// Parameters that came after others: they are written only where they differ from their defaults, so that files without
    /// them stay what they were, and readable by what was before them.
    const LATER: &'static [&'static str] = &[];

    /// What a fit may choose: public fields with defaults, each optional in what is read; unknown fields are refused.
    type Params: Clone + Debug + PartialEq + Default + Serialize + DeserializeOwned;

    /// The defaults, with those lowered that data of this shape cannot have.
    fn defaults_for(_: &Shape) -> Self::Params {
        Self::Params::default()
    }

    /// The model and what its fit was asked for, in a few words. As it stands: the name, and what differs from the
    /// defaults.
    fn summary(params: &Self::Params) -> String {
        let defaults = params::to_map(&Self::Params::default());
        let differing = params::to_map(params).into_iter().filter(|(name, value)| defaults.get(name) != Some(value));
        let settings: Vec<String> = differing.map(|(name, value)| format!("{name} {value}")).collect();
        if settings.is_empty() { Self::NAME.to_owned() } else { format!("{} with {}", Self::NAME, settings.join(", ")) }
    }

    /// What of the parameters a search varies; the others stay as they are. As it stands: none.
    fn space() -> Vec<Dimension> {
        Vec::new()
    }

    /// Settings that a publication or these docs found good, such as `lambda=300`, which a search tries before others.
    fn published() -> &'static [&'static [&'static str]] {
        &[]
    }

    /// How a search makes fits cheap to sort out bad values first, for families whose fits take long. As it stands: not at all.
    fn cheaper() -> Option<Cheaper> {
        None
    }

    /// Checks the parameters against the shape, without work.
    ///
    /// # Errors
    /// The first parameter out of range.
    fn check(params: &Self::Params, shape: &Shape) -> Result<(), FitError>;

    /// What a fit takes, without work.
    fn memory(params: &Self::Params, shape: &Shape) -> Memory;

    /// Fits the model; `params` have been checked. Equal data and parameters give equal bits at any number of threads.
    ///
    /// # Errors
    /// When the data do not suit the model, when `progress` breaks off, or when the numerical work fails.
    fn fit(
        params: &Self::Params,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError>;

    /// Adds the model's sections to a file.
    ///
    /// # Errors
    /// When a section outgrows the format.
    fn save(&self, file: &mut Writer) -> Result<(), ContainerError>;

    /// Reads the model's sections; every rule is checked again.
    ///
    /// # Errors
    /// When a section is missing, of the wrong length, or holds a number that is not finite.
    fn load(params: &Self::Params, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError>;
}
