//! What the user sees: data on stdout, everything about the run on stderr.

mod csv;
mod numbers;
mod progress;
mod table;
mod width;

use std::fmt;
use std::io::{self, BufWriter, Write};

use anyhow::Result;
use serde::Serialize;

pub(crate) use csv::csv_field;
pub(crate) use numbers::{bytes, count, counted, decimal, seconds};
pub(crate) use progress::Progress;
pub(crate) use table::{Align, Table};
#[cfg(target_os = "linux")]
pub(crate) use width::wrapped;
pub(crate) use width::{shortened, width};

/// Whether data is printed for people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Tables and sentences.
    Text,
    /// JSON, one document.
    Json,
}

/// stdout; a write fails with [`ReaderGone`] when its reader is gone.
pub(crate) struct Stdout(io::StdoutLock<'static>);

/// The reader of the output has closed the pipe: a reason to stop, but no failure.
#[derive(Debug)]
pub(crate) struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("the reader of the output is gone")
    }
}

impl std::error::Error for ReaderGone {}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(gone)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(gone)
    }
}

fn gone(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe { io::Error::new(error.kind(), ReaderGone) } else { error }
}

/// stdout, buffered; every write can fail, and a closed pipe ends the run quietly.
pub(crate) fn stdout() -> BufWriter<Stdout> {
    BufWriter::new(Stdout(io::stdout().lock()))
}

/// A text on one line that cannot move the cursor: control characters are replaced.
pub(crate) fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// Writes one JSON document, indented, and a line feed.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let mut out = stdout();
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Writes one JSON document on one line, at once.
pub(crate) fn json_line(value: &impl Serialize) -> Result<()> {
    let mut out = stdout();
    serde_json::to_writer(&mut out, value).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Says something about the run, on stderr. A failure of this cannot be reported.
pub(crate) fn note(text: &str) {
    // What a file or a flag said may stand in it; lines of our own stay.
    let text = text.replace(|c: char| c.is_control() && c != '\n' && c != '\t', "\u{fffd}");
    let _ = writeln!(io::stderr().lock(), "foretaste: {text}");
}
