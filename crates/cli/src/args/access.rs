//! By which names a service may be called, and by pages of which origins.

use anyhow::Result;
use clap::Args;
use foretaste_net::Access;
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, ExitWith};

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
pub(crate) struct AccessArgs {
    /// Name by which the service may be called, besides those of the loopback; can be given again
    #[arg(long, value_name = "NAME", env = "FORETASTE_HOST", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) host: Vec<String>,
    /// Origin whose pages may call it from a browser, such as https://shop.example; can be given again
    #[arg(long, value_name = "ORIGIN", env = "FORETASTE_CORS_ORIGIN", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cors_origin: Vec<String>,
}

impl AccessArgs {
    /// The same, checked.
    pub(crate) fn access(&self) -> Result<Access> {
        Access::new(&self.host, &self.cors_origin).exit_with(Exit::Usage)
    }

    /// The same as flags.
    pub(crate) fn flags(&self) -> Vec<String> {
        let named = |flag: &str, values: &[String]| -> Vec<String> {
            values.iter().flat_map(|value| [flag.to_owned(), value.clone()]).collect()
        };
        [named("--host", &self.host), named("--cors-origin", &self.cors_origin)].concat()
    }
}
