//! The service's log: structured events on stderr.

use std::io::{self, IsTerminal};

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;
use crate::exit::{Exit, coded};

/// Says what is logged.
const VARIABLE: &str = "FORETASTE_LOG";
/// The sockets to a kernel announce each loss of it, which is told already.
const DEFAULT: &str = "info,zeromq=warn";

/// Starts the log. Text has colours on a terminal.
pub(in crate::commands) fn start(format: LogFormat) -> Result<()> {
    let wanted = std::env::var(VARIABLE).ok().filter(|wanted| !wanted.is_empty());
    let filter = EnvFilter::try_new(wanted.as_deref().unwrap_or(DEFAULT))
        .map_err(|error| coded(Exit::Usage, anyhow!("{VARIABLE} cannot be understood: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("cannot start the log: {error}"))
}
