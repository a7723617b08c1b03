//! Exit codes: what a script may rely on, and how an error becomes one.

use std::fmt;
use std::io;
use std::process::ExitCode;

use anyhow::Error;

use crate::output;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command did what it says.
    Success = 0,
    /// Anything without a code of its own: a disk, a port, a fit that did not converge.
    Failure = 1,
    /// The command line asks for what cannot be; clap uses the same code.
    Usage = 2,
    /// Ratings, titles or a model file that cannot be read, or were refused by `--strict`.
    Data = 3,
    /// A data set, user or item that does not exist.
    NotFound = 4,
    /// A download that failed or did not match its checksum.
    Download = 5,
}

/// The codes as `--help` shows them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  failed: a disk, a taken port, a fit that did not converge
  2  usage: an unknown flag, a parameter or limit out of range
  3  bad data: a file or notebook that cannot be read, is damaged, or was refused by --strict
  4  not found: no such data set, user or item
  5  download: no network, no such file, or a wrong checksum

Environment:
  FORETASTE_LOG    what is logged, as `info` (the default) or `foretaste_server=debug`
  FORETASTE_CACHE  where downloads are kept, instead of the user's cache folder
  FORETASTE_STATE  where services keep their records, logs and sockets
  FORETASTE_IMAGES the table from images to Python interpreters
  FORETASTE_STORE  the database in which a service keeps events, as `serve --store`
  FORETASTE_KEYS_FILE the file that keeps the keys of services";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that says with which code the process ends.
#[derive(Debug)]
struct Coded {
    exit: Exit,
    error: Error,
}

impl fmt::Display for Coded {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(to)
    }
}

impl std::error::Error for Coded {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// Gives an error its exit code.
pub(crate) trait ExitWith<T> {
    /// The same outcome; an error ends the process with `exit`.
    fn exit_with(self, exit: Exit) -> Result<T, Error>;
}

impl<T, E: Into<Error>> ExitWith<T> for Result<T, E> {
    fn exit_with(self, exit: Exit) -> Result<T, Error> {
        self.map_err(|error| coded(exit, error))
    }
}

/// An error with its exit code.
pub(crate) fn coded(exit: Exit, error: impl Into<Error>) -> Error {
    Error::new(Coded { exit, error: error.into() })
}

/// The code with which the process ends after this error.
pub(crate) fn code_of(error: &Error) -> Exit {
    error.chain().find_map(|cause| cause.downcast_ref::<Coded>()).map_or(Exit::Failure, |coded| coded.exit)
}

/// Tells the user on stderr, and gives the exit code. A reader that closed its end of the pipe is not an error.
pub(crate) fn report(error: &Error) -> ExitCode {
    if error.chain().any(is_reader_gone) {
        return Exit::Success.into();
    }
    output::note(&format!("error: {}", sentence(error)));
    code_of(error).into()
}

fn is_reader_gone(cause: &(dyn std::error::Error + 'static)) -> bool {
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.is_some_and(|inner| inner.is::<output::ReaderGone>())
}

/// The chain of causes as one line; a cause that the text before it already tells is left out.
fn sentence(error: &Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn an_exit_code_survives_context_added_later() {
        let error = coded(Exit::Data, anyhow!("row 3 is broken")).context("cannot read x.csv");
        assert_eq!(code_of(&error), Exit::Data);
        assert_eq!(sentence(&error), "cannot read x.csv: row 3 is broken");
        assert_eq!(code_of(&anyhow!("anything")), Exit::Failure);
    }

    #[test]
    fn only_our_own_reader_may_close_a_pipe() {
        let ours = io::Error::new(io::ErrorKind::BrokenPipe, output::ReaderGone);
        assert!(Error::new(ours).context("printing").chain().any(is_reader_gone));
        let theirs = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(!Error::new(theirs).chain().any(is_reader_gone));
    }

    #[test]
    fn a_cause_is_told_once() {
        let inner = io::Error::other("no space");
        let error = Err::<(), _>(inner).context("cannot write: no space").unwrap_err();
        assert_eq!(sentence(&error), "cannot write: no space");
    }
}
