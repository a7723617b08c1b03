//! `serve`

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{AccessArgs, DataArgs, FitArgs, ListenArgs, ThreadArgs, time};

/// What to serve, and where.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) fit: FitArgs,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Folder of the service's store, which DATA is imported into once and where events are kept for good; `none`: events are
    /// refused [default: none]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Fit anew this long after the last fit, such as 6h, where the data have changed
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) refit_every: Option<Duration>,
    /// Fit anew after this number of events that the model does not hold
    #[arg(long, value_name = "EVENTS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) refit_after: Option<u64>,
    #[command(flatten)]
    pub(crate) inherit: InheritArg,
    /// Refuse fits for which the process would need more than this amount
    #[arg(long, hide = true, value_name = "BYTES")]
    pub(crate) memory: Option<u64>,
    /// Longest wait for a scoring thread, such as 20ms; a request that would wait longer is answered 503 at once
    #[arg(long, value_name = "TIME", env = "FORETASTE_WAIT", default_value = "20ms", value_parser = time)]
    pub(crate) wait: Duration,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// How the log on stderr looks
    #[arg(long, value_enum, env = "FORETASTE_LOG_FORMAT", default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

impl ServeArgs {
    /// The folder of the store, where there is to be one.
    pub(crate) fn store(&self) -> Option<&Path> {
        self.data_dir.as_deref().filter(|folder| !folder.as_os_str().is_empty() && *folder != Path::new("none"))
    }
}

/// `--inherit`
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct InheritArg {
    /// Answer on the listening socket that is standard input, as `foretaste deploy` passes it on
    #[cfg(target_os = "linux")]
    #[arg(long, hide = true)]
    pub(crate) inherit: bool,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}
