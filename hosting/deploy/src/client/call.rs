//! One request to a supervisor and its answer, neither of which is waited for without end.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};

use super::ClientError;
use crate::home::ServiceHome;
use crate::record::Record;
use crate::supervisor::{Reply, Request};

/// How long a supervisor may say nothing. While it carries a request out, it says so every second.
const SILENCE: Duration = Duration::from_secs(5);

/// A connection to a supervisor.
#[derive(Debug)]
pub(super) struct Call {
    stream: UnixStream,
    name: String,
    /// The process that listens.
    pid: u32,
}

impl Call {
    /// Connects; `None` where no supervisor listens.
    pub(super) fn open(home: &ServiceHome) -> Result<Option<Self>, ClientError> {
        let name = home.name().to_owned();
        let silent = |source: io::Error| ClientError::Silent { name: name.clone(), source };
        let address = SocketAddrUnix::new(home.control()).map_err(|error| silent(error.into()))?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(|error| silent(error.into()))?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) => {}
            // It listens, and has not taken the connections before this one.
            Err(Errno::AGAIN) => return Err(hung(&name, supervisor(home))),
            Err(_) => return Ok(None),
        }
        let pid = peer(&socket).unwrap_or_else(|| supervisor(home));
        let stream = UnixStream::from(socket);
        let set = stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(SILENCE)));
        set.and_then(|()| stream.set_write_timeout(Some(SILENCE))).map_err(silent)?;
        Ok(Some(Self { stream, name, pid }))
    }

    /// Asks, and waits for the answer as long as the supervisor says that it is at work. A request that is given up is not
    /// carried out later: the supervisor sees that its client is gone.
    pub(super) fn ask(self, request: &Request) -> Result<Record, ClientError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => hung(&self.name, self.pid),
            _ => ClientError::Silent { name: self.name.clone(), source: error },
        };
        let mut line = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        (&self.stream).write_all(&line).map_err(failed)?;
        let mut answers = BufReader::new(&self.stream);
        loop {
            let mut answer = String::new();
            if answers.read_line(&mut answer).map_err(failed)? == 0 {
                return Err(failed(io::ErrorKind::UnexpectedEof.into()));
            }
            match serde_json::from_str(&answer).map_err(|error| failed(error.into()))? {
                Reply::Done(record) => return Ok(*record),
                Reply::Refused(message) => return Err(ClientError::Refused { message }),
                Reply::Working => {}
            }
        }
    }
}

fn hung(name: &str, pid: u32) -> ClientError {
    ClientError::Hung { name: name.to_owned(), pid, seconds: SILENCE.as_secs() }
}

/// The process at the other end.
fn peer(socket: &impl AsFd) -> Option<u32> {
    let credentials = sockopt::socket_peercred(socket).ok()?;
    u32::try_from(credentials.pid.as_raw_nonzero().get()).ok()
}

/// The supervisor that the record names; 0 where it names none.
fn supervisor(home: &ServiceHome) -> u32 {
    let record = Record::read(home).ok().flatten();
    record.and_then(|record| record.supervisor).map_or(0, |supervisor| supervisor.pid)
}
