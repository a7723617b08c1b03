//! Asks the supervisor of a service, and starts one where there is none.

mod call;

use std::fs::File;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use call::Call;

use crate::home::{HomeError, LOCK, ServiceHome};
use crate::order::Order;
use crate::process::{self, Identity};
use crate::record::{Record, State};
use crate::supervisor::Request;
use crate::worker;

/// How long a new supervisor may take to answer; one that follows a killed one is there within half a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The service's folder cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// No such service, or not running.
    #[error("service `{name}` does not run")]
    NotRunning {
        /// Its name.
        name: String,
    },
    /// It runs, and should not.
    #[error("service `{name}` runs: `foretaste stop {name}` first")]
    Running {
        /// Its name.
        name: String,
    },
    /// A supervisor has it, but does not answer yet.
    #[error("service `{name}` is being started or ended, try again later")]
    Starting {
        /// Its name.
        name: String,
    },
    /// The supervisor says why not.
    #[error("{message}")]
    Refused {
        /// What it says; the last lines of the service's log may follow.
        message: String,
    },
    /// The supervisor cannot be reached, or ended meanwhile.
    #[error("the supervisor of `{name}` gives no answer")]
    Silent {
        /// The service.
        name: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The supervisor is there and says nothing.
    #[error(
        "the supervisor of `{name}`, process {pid}, has said nothing for {seconds} s: it is stopped or hung; `kill -9 {pid}` ends it, and the service goes on under another one"
    )]
    Hung {
        /// The service.
        name: String,
        /// The supervisor.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// Deploys, and returns when the new deployment answers. What ran before goes on until then, or for good if it never does.
///
/// # Errors
/// [`ClientError`]
pub fn deploy(home: &ServiceHome, order: Order) -> Result<Record, ClientError> {
    home.create()?;
    let request = Request::Deploy(Box::new(order));
    let begun = Instant::now();
    loop {
        let call = match Call::open(home)? {
            Some(call) => call,
            None => start(home)?,
        };
        match call.ask(&request) {
            // A supervisor that was about to end, after a deployment that failed say, is followed by one that answers. What it
            // began, if it did, ends with it.
            Err(ClientError::Silent { .. }) if begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(20)),
            answer => return answer,
        }
    }
}

/// Deploys again what was active before.
///
/// # Errors
/// [`ClientError`]
pub fn rollback(home: &ServiceHome) -> Result<Record, ClientError> {
    running(home)?.ask(&Request::Rollback)
}

/// Stops the service and its supervisor; requests in flight are answered first. What is left of one that has failed is ended.
///
/// # Errors
/// [`ClientError`]
pub fn stop(home: &ServiceHome) -> Result<Record, ClientError> {
    let (begun, mut was_asked) = (Instant::now(), false);
    loop {
        let asked = match running(home) {
            Err(ClientError::NotRunning { .. }) => match (end(home), Record::read(home)) {
                // One that follows a killed supervisor has gone on with the stop.
                (Err(ClientError::NotRunning { .. }), Ok(Some(record))) if was_asked => return Ok(record),
                (ended, _) => return ended,
            },
            call => call?.ask(&Request::Stop),
        };
        match asked {
            // It ended by itself, after a deployment that failed say, or was killed.
            Err(ClientError::Silent { .. }) if begun.elapsed() < PATIENCE => {
                was_asked = true;
                thread::sleep(Duration::from_millis(20));
            }
            answer => return answer,
        }
    }
}

/// Ends what is left of a service without a supervisor.
fn end(home: &ServiceHome) -> Result<Record, ClientError> {
    let name = || home.name().to_owned();
    let silent = |source| ClientError::Silent { name: name(), source };
    if !home.folder().exists() {
        return Err(ClientError::NotRunning { name: name() });
    }
    let _lock = locked(home)?;
    let record = Record::read_or_set_aside(home).map_err(silent)?;
    if record.as_ref().is_none_or(|record| record.state == State::Stopped) && own(home).is_empty() {
        return Err(ClientError::NotRunning { name: name() });
    }
    end_all(home);
    let record = record.unwrap_or_else(|| Record::new(home.name()));
    let record = Record { state: State::Stopped, supervisor: None, message: None, workers: Vec::new(), ..record };
    record.write(home).map_err(silent)?;
    Ok(record)
}

/// Removes a service that does not run, with its record and its logs.
///
/// # Errors
/// [`ClientError`]
pub fn remove(home: &ServiceHome) -> Result<(), ClientError> {
    let name = || home.name().to_owned();
    let silent = |source| ClientError::Silent { name: name(), source };
    if !home.folder().exists() {
        return Err(ClientError::NotRunning { name: name() });
    }
    match running(home) {
        Ok(_) => return Err(ClientError::Running { name: name() }),
        Err(ClientError::NotRunning { .. }) => {}
        Err(error) => return Err(error),
    }
    let _lock = locked(home)?;
    end_all(home);
    std::fs::remove_dir_all(home.folder()).map_err(silent)
}

/// The lock of a service that no supervisor has, or that one is about to give up.
fn locked(home: &ServiceHome) -> Result<File, ClientError> {
    let name = || home.name().to_owned();
    let begun = Instant::now();
    loop {
        let lock = home.private().and_then(|folder| folder.lock(LOCK));
        match lock.map_err(|source| ClientError::Silent { name: name(), source })? {
            Some(lock) => return Ok(lock),
            None if begun.elapsed() > PATIENCE => return Err(ClientError::Starting { name: name() }),
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The processes that belong to the service, whatever its record says.
fn own(home: &ServiceHome) -> Vec<Identity> {
    let found = process::with_variable(worker::HOME, home.folder(), worker::WORKER);
    found.into_iter().map(|(process, _)| process).collect()
}

/// Ends them.
fn end_all(home: &ServiceHome) {
    own(home).into_iter().for_each(Identity::kill);
}

/// How the service is. Without a supervisor that answers, how it was last, with its processes that still live.
///
/// # Errors
/// [`ClientError`]: the record cannot be read.
pub fn status(home: &ServiceHome) -> Result<Record, ClientError> {
    let asked = Call::open(home).and_then(|call| call.map(|call| call.ask(&Request::Status)).transpose());
    let hung = match asked {
        Ok(Some(record)) => return Ok(record),
        Err(error @ ClientError::Hung { .. }) => Some(error.to_string()),
        // A supervisor that ends just now leaves the question unanswered; what it knew stands in the record.
        Ok(None) | Err(_) => None,
    };
    let silent = |source| ClientError::Silent { name: home.name().to_owned(), source };
    let record = Record::read_or_copy(home).map_err(silent)?;
    let mut record = record.ok_or_else(|| ClientError::NotRunning { name: home.name().to_owned() })?;
    record.workers.retain(|worker| worker.identity.is_alive());
    if record.workers.is_empty() {
        if matches!(record.state, State::Stopping | State::Stopped) {
            record.state = State::Stopped;
        } else {
            record.message.get_or_insert_with(|| "its processes were ended from outside".to_owned());
            record.state = State::Failed;
        }
    }
    if hung.is_some() {
        record.message = hung;
    }
    Ok(record)
}

/// A connection to a service that runs; after a kill, to the supervisor that follows.
fn running(home: &ServiceHome) -> Result<Call, ClientError> {
    let not_running = || ClientError::NotRunning { name: home.name().to_owned() };
    if !home.record().exists() {
        return Err(not_running());
    }
    let begun = Instant::now();
    loop {
        if let Some(call) = Call::open(home)? {
            return Ok(call);
        }
        let lives = status(home).is_ok_and(|record| !record.workers.is_empty());
        if !lives || begun.elapsed() > PATIENCE {
            return Err(not_running());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn start(home: &ServiceHome) -> Result<Call, ClientError> {
    let silent = |source| ClientError::Silent { name: home.name().to_owned(), source };
    // Workers that live will have a supervisor in a moment; a second one would not get the lock.
    match running(home) {
        Err(ClientError::NotRunning { .. }) => {}
        answer => return answer,
    }
    let mut child = worker::supervisor(home, None).map_err(silent)?;
    let begun = Instant::now();
    loop {
        if let Some(call) = Call::open(home)? {
            return Ok(call);
        }
        let ended = child.try_wait().map_err(silent)?;
        if ended.is_some() || begun.elapsed() > PATIENCE {
            let kind = if ended.is_some() { io::ErrorKind::BrokenPipe } else { io::ErrorKind::TimedOut };
            return Err(silent(io::Error::new(kind, format!("see {}", home.log().display()))));
        }
        thread::sleep(Duration::from_millis(5));
    }
}
