//! What answers in a service, and what it needs: on this machine and in a container.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::exit::{Exit, coded};

/// What answers, and what it needs.
pub(super) struct Work {
    /// Arguments of this program, with paths of this machine.
    pub(super) here: Vec<String>,
    /// The same with the paths inside a container.
    pub(super) inside: Vec<String>,
    /// What has to be in the container, by paths from the specification's folder.
    pub(super) files: Vec<PathBuf>,
    /// What it is told about a container, and about this machine.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) environment_here: BTreeMap<String, String>,
    /// Python packages, where Python runs it.
    pub(super) python: Option<Vec<String>>,
    /// Paths that answer 200 while the process works, and while it is ready.
    pub(super) probes: (&'static str, &'static str),
    pub(super) notes: Vec<String>,
}

/// An error in what was asked for.
pub(super) fn usage(message: &str) -> anyhow::Error {
    coded(Exit::Usage, anyhow!("{message}"))
}

pub(super) fn text_of(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("the path {} is not UTF-8", path.display()))
}

/// A path from the specification's folder where there is such a file, else what it says: the name of a data set.
pub(super) fn beside(folder: &Path, stated: &str) -> String {
    let path = folder.join(stated);
    if path.exists() { path.to_string_lossy().into_owned() } else { stated.to_owned() }
}
