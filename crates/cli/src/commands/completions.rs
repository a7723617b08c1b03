//! `foretaste completions`: a script for a shell.

use std::io::Write;

use anyhow::Result;
use clap_complete::{Shell, generate};

use crate::args::shown;
use crate::output;

pub(super) fn run(shell: Shell) -> Result<()> {
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    generate(shell, &mut shown(), "foretaste", &mut script);
    let mut out = output::stdout();
    out.write_all(&script)?;
    Ok(out.flush()?)
}
