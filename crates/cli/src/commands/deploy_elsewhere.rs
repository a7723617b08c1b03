//! The commands about services where the system is not Linux: they say what they need.

#[cfg(feature = "notebooks")]
use std::path::Path;

use anyhow::{Result, anyhow};
#[cfg(feature = "notebooks")]
use foretaste_notebook::Notebook;

use crate::args::DeployCommand;
use crate::exit::{Exit, coded};

/// Refuses: supervisors need the control groups and the process descriptors of Linux.
pub(super) fn run(_: DeployCommand) -> Result<()> {
    Err(coded(Exit::Failure, anyhow!("services need Linux; `foretaste serve` and `foretaste notebook` run here")))
}

/// No data: only a deployment reads the specification in a notebook.
#[cfg(feature = "notebooks")]
pub(in crate::commands) fn data_by_hand(_: &Notebook, _: &Path) -> Result<Option<(String, String)>> {
    Ok(None)
}
