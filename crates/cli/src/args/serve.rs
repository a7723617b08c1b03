//! `serve`

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};

use crate::exit::{Exit, coded};

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
    /// Postgres database in place of a folder, such as postgres:///shop?host=/run/postgresql; with a password only as FORETASTE_STORE
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    pub(crate) store: Option<String>,
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

/// Where a service keeps events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StorePlace {
    /// In a folder.
    Folder(PathBuf),
    /// In a database.
    Database(String),
}

/// Names the database, with its password.
const STORE: &str = "FORETASTE_STORE";

impl ServeArgs {
    /// Where the store is, if there is to be one: what a flag says, else the variable.
    pub(crate) fn store(&self) -> Result<Option<StorePlace>> {
        if let Some(folder) = &self.data_dir {
            let is_one = !folder.as_os_str().is_empty() && folder != Path::new("none");
            return Ok(is_one.then(|| StorePlace::Folder(folder.clone())));
        }
        if let Some(url) = &self.store {
            if has_password(url) {
                let way_out = format!("give it by the variable {STORE}");
                return Err(coded(Exit::Usage, anyhow!("--store has a password, which others could read; {way_out}")));
            }
            return Ok(Some(StorePlace::Database(url.clone())));
        }
        // A service that is deployed has several workers at a time, of which one alone could have it.
        #[cfg(target_os = "linux")]
        if self.inherit.inherit {
            return Ok(None);
        }
        let named = std::env::var(STORE).ok().filter(|url| !url.is_empty());
        Ok(named.map(StorePlace::Database))
    }
}

/// Whether a URL holds a password, in front of its host or among its parameters.
fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_a_url_has_it() {
        for url in ["postgres://a:b@host/db", "postgres:///db?password=b", "host=h password=b"] {
            assert!(has_password(url), "{url}");
        }
        for url in ["postgres://a@host:5432/db", "postgres:///db?host=/run/postgresql", "postgres://host/a:b@c"] {
            assert!(!has_password(url), "{url}");
        }
    }
}
