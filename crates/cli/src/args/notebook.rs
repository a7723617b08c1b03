//! `notebook`, and the hidden command that its kernels are started by.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{AccessArgs, InheritArg, LogFormat, ThreadArgs, size, time};

/// Which notebook to serve, on what, and where.
#[derive(Debug, Args)]
pub(crate) struct NotebookArgs {
    /// Notebook whose cells begin with lines such as `# GET /path/:parameter`
    pub(crate) file: PathBuf,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", env = "FORETASTE_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) inherit: InheritArg,
    /// Python with ipykernel that runs the notebook [default: the kernel that the notebook names, else python3]
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// Kernels to run; one shares its state among all requests, several run in parallel, each with its own state
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) kernels: u16,
    /// Requests that may wait for a kernel; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) queue: usize,
    /// Longest run of a request's cells; then the answer is 504 and the kernel is interrupted
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = time)]
    pub(crate) time_out: Duration,
    /// Largest body of a request; a larger one is answered 413
    #[arg(long, value_name = "SIZE", default_value = "100MB", value_parser = size)]
    pub(crate) max_body: u64,
    /// Most that the cells of a request may print, display and return; then the answer is 500
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = size)]
    pub(crate) max_output: u64,
    /// Let the notebook be downloaded from /_api/source
    #[arg(long)]
    pub(crate) source: bool,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// How the log on stderr looks
    #[arg(long, value_enum, env = "FORETASTE_LOG_FORMAT", default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

/// `kernel`
#[derive(Debug, Args)]
pub(crate) struct KernelArgs {
    /// Process with which the kernel ends
    pub(crate) parent: u32,
    /// Kernel's program and arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) program: Vec<OsString>,
}
