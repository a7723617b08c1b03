//! `deploy`, `services`, `logs`, `stop`, `rollback`, and what they start

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::JsonArg;
use super::examples;

/// The commands about services.
#[derive(Debug, Subcommand)]
pub(crate) enum DeployCommand {
    /// Start what a specification states as a service on this machine, or replace it
    #[command(after_help = examples::DEPLOY)]
    Deploy(DeployArgs),
    /// List the services of this machine
    #[command(after_help = examples::SERVICES)]
    Services(ServicesArgs),
    /// Print what a service has logged
    #[command(after_help = examples::LOGS)]
    Logs(LogsArgs),
    /// Stop a service, or all of them
    #[command(after_help = examples::STOP)]
    Stop(StopArgs),
    /// Remove a service that does not run, with its record and logs
    #[command(after_help = examples::REMOVE)]
    Remove(RemoveArgs),
    /// Deploy again what a service was before
    #[command(after_help = examples::ROLLBACK)]
    Rollback(RollbackArgs),
    /// Supervise a service
    #[command(hide = true)]
    Supervise(SuperviseArgs),
    /// Take limits on and become a worker
    #[command(hide = true)]
    Launch(LaunchArgs),
}

/// Where services keep their records, logs and sockets.
#[derive(Clone, Debug, Args)]
pub(crate) struct StateArg {
    /// Folder for the records and logs of services [default: the user's state folder]
    #[arg(long, value_name = "FOLDER", env = "FORETASTE_STATE")]
    pub(crate) state: Option<PathBuf>,
}

/// What to deploy.
#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// A specification in YAML, a notebook that holds one, or the name of a built-in data set such as demo
    #[arg(value_name = "SPEC|NOTEBOOK")]
    pub(crate) source: PathBuf,
    /// Name of the service [default: as stated, or the file's name]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// CPUs, instead of those stated, such as 2 or 0.5
    #[arg(long, value_name = "CPUS")]
    pub(crate) cpu: Option<String>,
    /// Memory, instead of that stated, such as 512MB or 1GiB
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) memory: Option<String>,
    /// Data, instead of those stated: a file, a folder, or a name that `foretaste serve` takes
    #[arg(long)]
    pub(crate) data: Option<String>,
    /// Port on 127.0.0.1, instead of that stated
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Seconds until the service must be ready
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) patience: u64,
    /// Write what deploys the same elsewhere to stdout, and deploy nothing here
    #[arg(long, value_enum, value_name = "ARTEFACT", conflicts_with = "json")]
    pub(crate) emit: Option<Artefact>,
    #[command(flatten)]
    pub(crate) state: StateArg,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// What deploys a service elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Artefact {
    /// A Dockerfile
    Dockerfile,
    /// A compose file
    Compose,
    /// A Kubernetes Deployment and Service
    Kubernetes,
    /// A systemd unit
    Systemd,
}

/// `services`
#[derive(Debug, Args)]
pub(crate) struct ServicesArgs {
    #[command(flatten)]
    pub(crate) state: StateArg,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `logs`
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The service
    pub(crate) name: String,
    /// The last lines to print
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    pub(crate) lines: usize,
    /// Print what is added, until interrupted
    #[arg(long, short, conflicts_with = "json")]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) state: StateArg,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `stop`
#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false, args = ["name", "all"])]
pub(crate) struct StopArgs {
    /// The service
    pub(crate) name: Option<String>,
    /// Every service
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) state: StateArg,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `remove`
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The service
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) state: StateArg,
}

/// `rollback`
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// The service
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) state: StateArg,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `supervise`
#[derive(Debug, Args)]
pub(crate) struct SuperviseArgs {
    /// The service's folder
    pub(crate) folder: PathBuf,
}

/// `launch`
#[derive(Debug, Args)]
pub(crate) struct LaunchArgs {
    /// What to take on, as JSON
    pub(crate) order: String,
}
