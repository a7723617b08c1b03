//! The step between the supervisor and a worker: takes the limits on, waits until the record names it, then becomes the worker.

use std::convert::Infallible;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getppid, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::home::ServiceHome;
use crate::process::Identity;
use crate::record::Record;

/// Between two looks at the record.
const LOOK: Duration = Duration::from_millis(2);

/// What is taken on. One argument of a hidden command of the binary, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// Files of control groups to write the own number to.
    pub(crate) cgroup_files: Vec<PathBuf>,
    /// CPUs to run on, where no control group bounds their time.
    pub(crate) cpus: Option<usize>,
    /// Bytes of private memory, where no control group bounds them.
    pub(crate) bytes: Option<u64>,
    /// The process that started this one and is about to write the record.
    pub(crate) supervisor: u32,
    /// The folder of the service.
    pub(crate) service: PathBuf,
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
    /// A worker that no record names would be found by no supervisor.
    #[error("the supervisor ended before it recorded this worker")]
    Unrecorded,
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
    let Launch { cgroup_files, cpus, bytes, supervisor, service, command } = serde_json::from_str(order)?;
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
    if !is_recorded(&ServiceHome::at(service), supervisor) {
        return Err(LaunchError::Unrecorded);
    }
    let program = command.first().cloned().unwrap_or_default();
    let source = Command::new(&program).args(command.iter().skip(1)).exec();
    Err(LaunchError::Exec { program, source })
}

/// Waits until the record on disk names this process; false when its supervisor ended before.
fn is_recorded(home: &ServiceHome, supervisor: u32) -> bool {
    let own = Identity::own();
    loop {
        // Looked at first: what a supervisor wrote before its end is read after it.
        let parent = getppid().map(|pid| pid.as_raw_nonzero().get());
        let lives = parent.map(i64::from) == Some(i64::from(supervisor));
        if Record::read(home).is_ok_and(|record| record.is_some_and(|record| record.names(own))) {
            return true;
        }
        if !lives {
            return false;
        }
        std::thread::sleep(LOOK);
    }
}
