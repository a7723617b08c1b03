//! What is common to the workers of a service: their share of the machine, and the places of their files.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use directories::BaseDirs;
use foretaste_deploy::plan::Worker;
use foretaste_deploy::spec::{Mapping, Specification};

use crate::exit::{Exit, coded};

/// The most threads that a flag can name.
const MOST_THREADS: usize = 1024;

/// A worker, and what the user should know of it.
pub(super) struct Planned {
    pub(super) worker: Worker,
    pub(super) notes: Vec<String>,
}

/// How much of the machine a worker may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Threads that compute; `None` where the specification states them.
    threads: Option<usize>,
    /// Bytes of memory.
    memory: u64,
}

impl Limits {
    /// The limits of one replica: a thread for each CPU, if none are stated.
    pub(super) fn of(specification: &Specification, flags: &Mapping) -> Self {
        let threads = specification.cpu.unwrap_or_default().threads().min(MOST_THREADS);
        Self {
            threads: Some(threads).filter(|_| !flags.states("threads")),
            memory: specification.memory.unwrap_or_default().bytes(),
        }
    }

    /// The flags for them.
    pub(super) fn flags(self) -> Vec<String> {
        let threads = self.threads.map(|threads| ["--threads".to_owned(), threads.to_string()]);
        let memory = ["--memory".to_owned(), self.memory.to_string()];
        threads.into_iter().chain([memory]).flatten().collect()
    }
}

/// An error in what was asked for.
pub(super) fn usage(message: &str) -> anyhow::Error {
    coded(Exit::Usage, anyhow!("{message}"))
}

pub(super) fn text_of(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("the path {} is not UTF-8", path.display()))
}

/// A path from the specification's folder where there is such a file, else what it says: the name of a data set.
pub(super) fn beside(folder: &Path, stated: &str) -> Result<String> {
    let path = folder.join(stated);
    if path.exists() { text_of(&path) } else { Ok(stated.to_owned()) }
}

/// A path whose `~` is the user's home folder, as a shell has it.
pub(super) fn home_expanded(stated: &str) -> String {
    let below = if stated == "~" { Some("") } else { stated.strip_prefix("~/") };
    let home = below.and_then(|below| Some(BaseDirs::new()?.home_dir().join(below)));
    home.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| stated.to_owned())
}

/// A path that no command takes for a flag.
pub(super) fn operand(path: String) -> String {
    if path.starts_with('-') { format!("./{path}") } else { path }
}
