//! Ids and values of filters that the data does not have.

use std::io::Write;

use anyhow::Result;
use foretaste::recommend::UnknownValue;
use serde::Serialize;

use crate::output::printable;

/// What a request named and nothing has; left out of an answer where there is none.
#[derive(Debug, Serialize)]
pub(super) struct Unknown {
    /// Ids, in the order in which they were named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unknown_items: Vec<String>,
    /// Values of filters, in the order in which they were named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unknown_values: Vec<UnknownValue>,
}

impl Unknown {
    /// One line each, for people.
    pub(super) fn write(&self, out: &mut impl Write) -> Result<()> {
        for item in &self.unknown_items {
            writeln!(out, "item `{}` is not known", printable(item))?;
        }
        for UnknownValue { parameter, value } in &self.unknown_values {
            writeln!(out, "no item has {} `{}`", parameter.replace('_', " "), printable(value))?;
        }
        Ok(())
    }
}
