//! The step between the supervisor and a worker: takes the limits on, then becomes the worker.

use std::convert::Infallible;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// What is taken on. One argument of a hidden command of the binary, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// Files of control groups to write the own number to.
    pub(crate) cgroup_files: Vec<PathBuf>,
    /// CPUs to run on, where no control group bounds their time.
    pub(crate) cpus: Option<usize>,
    /// Bytes of private memory, where no control group bounds them.
    pub(crate) bytes: Option<u64>,
    /// The worker.
    pub(crate) command: Vec<String>,
}

/// Why there is no worker.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Not what the supervisor wrote.
    #[error("the launch order cannot be read")]
    Order(#[from] serde_json::Error),
    /// The kernel refuses a limit.
    #[error("{limit} was refused")]
    Limit {
        /// Which.
        limit: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The program cannot be run.
    #[error("cannot run `{program}`")]
    Exec {
        /// The program.
        program: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// Takes the limits on and becomes the worker; returns only to say why not. `restrict` bounds this process to a given number of CPUs.
///
/// # Errors
/// [`LaunchError`]
pub fn run(order: &str, restrict: impl FnOnce(usize)) -> Result<Infallible, LaunchError> {
    let Launch { cgroup_files, cpus, bytes, command } = serde_json::from_str(order)?;
    let refused = |limit: String| move |source: io::Error| LaunchError::Limit { limit, source };
    // The worker leads a group of its own: it can be ended with all that it started.
    rustix::process::setpgid(None, None).map_err(|error| refused("a process group".to_owned())(error.into()))?;
    let pid = std::process::id().to_string();
    for file in cgroup_files {
        std::fs::write(&file, &pid).map_err(refused(format!("control group {}", file.display())))?;
    }
    if let Some(cpus) = cpus {
        restrict(cpus);
    }
    if let Some(bytes) = bytes {
        // What is allowed at most stays: a supervisor that this worker starts has to get out of the limit.
        let limit = Rlimit { current: Some(bytes), maximum: getrlimit(Resource::Data).maximum };
        setrlimit(Resource::Data, limit).map_err(|error| refused(format!("{bytes} bytes of memory"))(error.into()))?;
    }
    let program = command.first().cloned().unwrap_or_default();
    let source = Command::new(&program).args(command.iter().skip(1)).exec();
    Err(LaunchError::Exec { program, source })
}
