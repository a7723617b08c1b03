//! Asks the supervisor of a service, and starts one where there is none.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::home::{HomeError, LOCK, ServiceHome};
use crate::order::Order;
use crate::process;
use crate::record::{Record, State};
use crate::supervisor::{Reply, Request};
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
        let stream = match connect(home) {
            Some(stream) => stream,
            None => start(home)?,
        };
        match ask(home, &stream, &request) {
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
    ask(home, &running(home)?, &Request::Rollback)
}

/// Stops the service and its supervisor; requests in flight are answered first. What is left of one that has failed is ended.
///
/// # Errors
/// [`ClientError`]
pub fn stop(home: &ServiceHome) -> Result<Record, ClientError> {
    match running(home) {
        Ok(stream) => ask(home, &stream, &Request::Stop),
        Err(ClientError::NotRunning { name }) if home.record().exists() => {
            let silent = |source| ClientError::Silent { name: name.clone(), source };
            let _lock = locked(home)?;
            let record = Record::read_or_set_aside(home).map_err(silent)?.unwrap_or_else(|| Record::new(home.name()));
            if record.state == State::Stopped {
                return Err(ClientError::NotRunning { name });
            }
            end_all(home);
            let record =
                Record { state: State::Stopped, supervisor: None, message: None, workers: Vec::new(), ..record };
            record.write(home).map_err(silent)?;
            Ok(record)
        }
        Err(error) => Err(error),
    }
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
    if running(home).is_ok() {
        return Err(ClientError::Running { name: name() });
    }
    let _lock = locked(home)?;
    end_all(home);
    std::fs::remove_dir_all(home.folder()).map_err(silent)
}

/// The lock of a service that no supervisor has.
fn locked(home: &ServiceHome) -> Result<File, ClientError> {
    let name = || home.name().to_owned();
    let lock = home.private().and_then(|folder| folder.lock(LOCK));
    lock.map_err(|source| ClientError::Silent { name: name(), source })?
        .ok_or_else(|| ClientError::Starting { name: name() })
}

/// Ends whatever process belongs to the service.
fn end_all(home: &ServiceHome) {
    for (process, _) in process::with_variable(worker::HOME, home.folder(), worker::WORKER) {
        process.kill();
    }
}

/// How the service is. Without a supervisor, how it was last, with its processes that still live.
///
/// # Errors
/// [`ClientError`]: the record cannot be read.
pub fn status(home: &ServiceHome) -> Result<Record, ClientError> {
    // A supervisor that ends just now leaves the question unanswered; what it knew stands in the record.
    if let Some(Ok(record)) = connect(home).map(|stream| ask(home, &stream, &Request::Status)) {
        return Ok(record);
    }
    let silent = |source| ClientError::Silent { name: home.name().to_owned(), source };
    let record = Record::read(home).map_err(silent)?;
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
    Ok(record)
}

fn connect(home: &ServiceHome) -> Option<UnixStream> {
    UnixStream::connect(home.control()).ok()
}

/// A connection to a service that runs; after a kill, to the supervisor that follows.
fn running(home: &ServiceHome) -> Result<UnixStream, ClientError> {
    let not_running = || ClientError::NotRunning { name: home.name().to_owned() };
    if !home.record().exists() {
        return Err(not_running());
    }
    let begun = Instant::now();
    loop {
        if let Some(stream) = connect(home) {
            return Ok(stream);
        }
        let lives = status(home).is_ok_and(|record| !record.workers.is_empty());
        if !lives || begun.elapsed() > PATIENCE {
            return Err(not_running());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn start(home: &ServiceHome) -> Result<UnixStream, ClientError> {
    let silent = |source| ClientError::Silent { name: home.name().to_owned(), source };
    // Workers that live will have a supervisor in a moment; a second one would not get the lock.
    if let Ok(stream) = running(home) {
        return Ok(stream);
    }
    let mut child = worker::supervisor(home, None).map_err(silent)?;
    let begun = Instant::now();
    loop {
        if let Some(stream) = connect(home) {
            return Ok(stream);
        }
        let ended = child.try_wait().map_err(silent)?;
        if ended.is_some() || begun.elapsed() > PATIENCE {
            let kind = if ended.is_some() { io::ErrorKind::BrokenPipe } else { io::ErrorKind::TimedOut };
            return Err(silent(io::Error::new(kind, format!("see {}", home.log().display()))));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn ask(home: &ServiceHome, mut stream: &UnixStream, request: &Request) -> Result<Record, ClientError> {
    let silent = |source| ClientError::Silent { name: home.name().to_owned(), source };
    let mut line = serde_json::to_vec(request).map_err(|error| silent(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(silent)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(silent)?;
    if answer.is_empty() {
        return Err(silent(io::ErrorKind::UnexpectedEof.into()));
    }
    match serde_json::from_str(&answer).map_err(|error| silent(error.into()))? {
        Reply::Done(record) => Ok(*record),
        Reply::Refused(message) => Err(ClientError::Refused { message }),
    }
}
