//! The service's log: structured events on stderr.

use std::io::{self, IsTerminal, Stderr};

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

use super::repeats::Repeats;
use crate::args::LogFormat;
use crate::exit::{Exit, coded};

/// Says what is logged.
const VARIABLE: &str = "FORETASTE_LOG";
/// The sockets to a kernel announce each loss of it, which is told already.
const DEFAULT: &str = "info,zeromq=warn";

/// The log; when it is dropped, everything was told.
pub(in crate::commands) struct Log(Repeats<Stderr>);

impl Drop for Log {
    fn drop(&mut self) {
        // There is no other place to say that the log cannot be written to.
        let _ = self.0.tell();
    }
}

/// Starts the log. Text has colours on a terminal; lines that repeat the one before are counted.
pub(in crate::commands) fn start(format: LogFormat) -> Result<Log> {
    let wanted = std::env::var(VARIABLE).ok().filter(|wanted| !wanted.is_empty());
    let wanted = wanted.as_deref().unwrap_or(DEFAULT);
    let refused = |what: &str| {
        let allowed = "a level (off, error, warn, info, debug, trace) or part of the program with one, such as \
                       `foretaste_server=debug`, several with commas between";
        coded(Exit::Usage, anyhow!("{VARIABLE} cannot be understood: `{what}`, expected {allowed}"))
    };
    if let Some(directive) = unclear(wanted) {
        return Err(refused(directive));
    }
    let filter = EnvFilter::try_new(wanted).map_err(|_| refused(wanted))?;
    let repeats = Repeats::start(io::stderr())?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(repeats.clone());
    let started = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("cannot start the log: {error}"))?;
    Ok(Log(repeats))
}

/// The first directive that the filter would take for the name of a part of the program, though it is none: a level
/// misspelt, or no name at all. Directives about spans (`[request]`) are left to the filter.
fn unclear(filter: &str) -> Option<&str> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_clear = |directive: &&str| {
        let (part, level) = directive.split_once('=').map_or((*directive, None), |(part, level)| (part, Some(level)));
        let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
        let is_name = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-'));
        match level {
            Some(level) => is_name && is_level(level),
            None => is_level(part) || is_name && part.starts_with("foretaste"),
        }
    };
    if filter.contains('[') {
        return None;
    }
    filter.split(',').map(str::trim).filter(|directive| !directive.is_empty()).find(|directive| !is_clear(directive))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_would_silence_the_log_by_mistake_is_told() {
        for filter in ["info", "WARN", "info,zeromq=warn", "foretaste_server", "foretaste_server=debug, hyper=off", ""]
        {
            assert_eq!(unclear(filter), None, "{filter}");
        }
        assert_eq!(unclear(DEFAULT), None);
        for (filter, named) in [("???", "???"), ("inof", "inof"), ("info,=!", "=!"), ("hyper=loud", "hyper=loud")] {
            assert_eq!(unclear(filter), Some(named));
        }
    }
}
