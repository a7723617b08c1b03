//! `notebook`, and the hidden command that its kernels are started by.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::Args;

use crate::exit::{Exit, coded};

use super::{AccessArgs, InheritArg, ListenArgs, LogFormat, ThreadArgs, size, time};

/// Which notebook to serve, on what, and where.
#[derive(Debug, Args)]
pub(crate) struct NotebookArgs {
    /// Notebook whose cells begin with lines such as `# GET /path/:parameter`
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) inherit: InheritArg,
    /// Amount of memory that gateway and kernels have together
    #[arg(long, hide = true, value_name = "BYTES")]
    pub(crate) memory: Option<u64>,
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
    /// Largest body of a request; a larger one is answered 413 [default: 100MB, and in a service a 32nd of its memory]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_body: Option<u64>,
    /// Most that the cells of a request may print, display and return; then the answer is 500 [default: 16MiB, and in a
    /// service a 32nd of its memory]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_output: Option<u64>,
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

/// The part of a service's memory that a body or a reply may be: gateway and kernel hold each several times.
const PART: u64 = 32;
/// What a body or a reply may have however little memory there is.
const LEAST: u64 = 1 << 20;
/// What they may have where memory is not short.
const BODY: u64 = 100_000_000;
const OUTPUT: u64 = 16 << 20;

impl NotebookArgs {
    /// Bytes of a body.
    pub(crate) fn body_bytes(&self) -> Result<usize> {
        self.within_memory("max_body", self.max_body, BODY)
    }

    /// Bytes of a reply.
    pub(crate) fn output_bytes(&self) -> Result<usize> {
        self.within_memory("max_output", self.max_output, OUTPUT)
    }

    fn within_memory(&self, key: &str, stated: Option<u64>, default: u64) -> Result<usize> {
        let most = self.memory.map_or(u64::MAX, |memory| (memory / PART).max(LEAST));
        let bytes = stated.unwrap_or_else(|| default.min(most));
        if bytes > most {
            let allowed = format!("allowed is a 32nd of the memory, {most} bytes");
            let way_out = format!("state more `memory` or a smaller `{key}`");
            return Err(coded(Exit::Data, anyhow!("`{key}` is {bytes} bytes, {allowed}; {way_out}")));
        }
        Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
    }
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
