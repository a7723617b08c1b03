//! What the user sees: data on stdout, everything about the run on stderr.

mod numbers;
mod progress;
mod table;

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use serde::Serialize;

pub(crate) use numbers::{bytes, count, decimal, seconds};
pub(crate) use progress::Progress;
pub(crate) use table::{Align, Table};

/// Whether data is printed for people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Tables and sentences.
    Text,
    /// JSON, one document.
    Json,
}

/// stdout, buffered; every write can fail, and a closed pipe ends the run quietly.
pub(crate) fn stdout() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

/// Writes one JSON document, indented, and a line feed.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let mut out = stdout();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Writes one JSON document on one line, at once.
pub(crate) fn json_line(value: &impl Serialize) -> Result<()> {
    let mut out = stdout();
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Says something about the run, on stderr. There is nobody to tell when that fails.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "foretaste: {text}");
}
