//! What a service is and may use, as its owner states it.

mod error;
mod images;
mod own;
mod quantity;
mod read;
mod stated;
mod value;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

pub use error::SpecError;
pub use images::Images;
pub use quantity::{Cpu, Memory, QuantityError};
pub use stated::Stated;
pub use value::Mapping;

/// A service as stated: the keys that every service has, and what its worker alone understands.
///
/// Two shapes are read, under `titan: v1` or `foretaste: v1`: flat, and with `service:` holding the keys, and `machine:` in
/// it holding `cpu` and `memory`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specification {
    /// What the service is called; by default the file's name.
    pub name: Option<String>,
    /// What runs it; what that means is the worker's.
    pub image: Option<String>,
    /// CPUs for each replica.
    pub cpu: Option<Cpu>,
    /// Memory for each replica.
    pub memory: Option<Memory>,
    /// Port on 127.0.0.1; by default a free one, kept from one deployment to the next.
    pub port: Option<u16>,
    /// Environment of the service, each value as it was written.
    pub env: BTreeMap<String, String>,
    /// Processes that answer side by side; by default 1.
    pub replicas: Option<u32>,
    /// All other keys, unread.
    pub work: Mapping,
}

impl Specification {
    /// Reads YAML.
    ///
    /// # Errors
    /// [`SpecError`]: no YAML, a key that is stated twice, a quantity out of range.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        own::parse(text)
    }

    /// What the worker is told, read as its type.
    ///
    /// # Errors
    /// [`SpecError::Unknown`] for a key that neither every service nor this worker has, [`SpecError::Value`].
    pub fn work<T: DeserializeOwned>(&self) -> Result<T, SpecError> {
        self.work.read().map_err(|error| error.also_known(own::KEYS))
    }
}
