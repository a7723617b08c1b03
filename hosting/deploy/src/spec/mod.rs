//! What a service is and may use, as its owner states it.

mod images;
mod quantity;
mod yaml;

use std::collections::BTreeMap;

pub use images::Images;
pub use quantity::{Cpu, Memory, QuantityError};
pub use yaml::SpecError;

/// A service as stated: every key that was there.
///
/// Two shapes are read, under `titan: v1` or `foretaste: v1`: flat, and with `service:` holding the keys, and `machine:` in
/// it holding `cpu` and `memory`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specification {
    /// What the service is called; by default the file's name.
    pub name: Option<String>,
    /// What runs it: `foretaste` is the native engine, anything else a Python environment for a notebook.
    pub image: Option<String>,
    /// CPUs for each replica.
    pub cpu: Option<Cpu>,
    /// Memory for each replica.
    pub memory: Option<Memory>,
    /// What the native engine serves: a file, a folder, or the name of a data set.
    pub data: Option<String>,
    /// A file with the titles of items.
    pub items: Option<String>,
    /// Take only so many ratings.
    pub rows: Option<u64>,
    /// The model to fit. `svd` is the only one.
    pub model: Option<String>,
    /// Rank of the model.
    pub rank: Option<usize>,
    /// Port on 127.0.0.1; by default a free one, kept from one deployment to the next.
    pub port: Option<u16>,
    /// Environment of the service.
    pub env: BTreeMap<String, String>,
    /// Processes that answer side by side; by default 1.
    pub replicas: Option<u32>,
    /// Kernels of a notebook: 1 (the default) shares one state, more answer in parallel, each with its own.
    pub kernels: Option<usize>,
}

impl Specification {
    /// Reads YAML.
    ///
    /// # Errors
    /// [`SpecError`]: no YAML, a key that is not known, one that is stated twice, a quantity out of range.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        yaml::parse(text)
    }
}
