//! What is common to the workers of a service: their keys, and the places of their files.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use foretaste_deploy::plan::Worker;
use foretaste_deploy::spec::{Mapping, SpecError, Specification};
use serde::de::DeserializeOwned;

use crate::exit::{Exit, coded};

/// A worker, and what the user should know of it.
pub(super) struct Planned {
    pub(super) worker: Worker,
    pub(super) notes: Vec<String>,
}

/// An error in what was asked for.
pub(super) fn usage(message: &str) -> anyhow::Error {
    coded(Exit::Usage, anyhow!("{message}"))
}

/// The keys of one kind of worker. A key of the other kind is refused with its name, `others`.
pub(super) fn keys<Mine: DeserializeOwned, Theirs: DeserializeOwned>(
    specification: &Specification,
    others: &str,
) -> Result<Mine> {
    specification.work().map_err(|error| match &error {
        SpecError::Unknown { key, within, .. } if within.is_empty() && knows::<Theirs>(key) => {
            usage(&format!("`{key}` is for {others}"))
        }
        _ => coded(Exit::Data, error),
    })
}

fn knows<Keys: DeserializeOwned>(key: &str) -> bool {
    let mut one = Mapping::default();
    one.put(key, "");
    !matches!(one.read::<Keys>(), Err(SpecError::Unknown { .. }))
}

/// A number of a key, within bounds.
pub(super) fn within(key: &'static str, found: u64, least: u64, most: u64) -> Result<u64> {
    if (least..=most).contains(&found) {
        return Ok(found);
    }
    Err(coded(Exit::Data, SpecError::Range { key, found, least, most }))
}

pub(super) fn text_of(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("the path {} is not UTF-8", path.display()))
}

/// A path from the specification's folder where there is such a file, else what it says: the name of a data set.
pub(super) fn beside(folder: &Path, stated: &str) -> Result<String> {
    let path = folder.join(stated);
    if path.exists() { text_of(&path) } else { Ok(stated.to_owned()) }
}
