//! What a build without the feature `notebooks` says of a notebook: that it leaves them out.

use std::path::Path;

use anyhow::Result;
use foretaste_deploy::spec::Specification;

use super::work::{Planned, usage};

/// Refuses the notebook.
pub(super) fn specification(path: &Path) -> Result<String> {
    Err(usage(&format!(
        "{} is a notebook, and this build leaves notebooks out; build with the feature `notebooks`, or deploy a \
         specification in YAML",
        path.display()
    )))
}

/// Refuses the notebook.
pub(super) fn work(_: &Specification, path: &Path) -> Result<Planned> {
    specification(path).and_then(|_| Err(usage("this build leaves notebooks out")))
}
