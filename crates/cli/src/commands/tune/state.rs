//! The file that keeps a search.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use foretaste_eval::tune::{Head, Line, State, StateError};
use foretaste_files::Journal;

use crate::args::TuneArgs;
use crate::exit::{Exit, coded};

/// A search on the disk.
pub(super) struct StateFile {
    pub(super) path: PathBuf,
    pub(super) known: State,
    journal: Journal,
}

impl StateFile {
    /// The file of a search, made where it is missing.
    pub(super) fn open(args: &TuneArgs, head: &Head) -> Result<Self> {
        let path = args.state.clone().unwrap_or_else(|| format!("tune-{}.jsonl", args.model()).into());
        let opened = Journal::open(&path).with_context(|| format!("cannot use the state {}", path.display()))?;
        let (journal, lines) = opened.ok_or_else(|| {
            coded(Exit::Usage, anyhow!("another process tunes with {}; --state names another file", path.display()))
        })?;
        let known = State::read(&lines, head).map_err(|error| {
            let exit = if matches!(error, StateError::Other { .. }) { Exit::Usage } else { Exit::Data };
            coded(exit, anyhow::Error::new(error).context(format!("cannot go on with {}", path.display())))
        })?;
        let mut file = Self { path, known, journal };
        if lines.is_empty() {
            file.add(&Line::Search(head.clone()))?;
        }
        Ok(file)
    }

    /// Adds a line, and returns when it is on the disk.
    pub(super) fn add(&mut self, line: &Line) -> Result<()> {
        self.journal.add(&line.text()).with_context(|| format!("cannot write the state {}", self.path.display()))
    }
}
