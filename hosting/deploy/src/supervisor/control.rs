//! The supervisor's two sockets: one for requests, one for the news of its workers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use foretaste_files::PrivateFolder;
use serde::{Deserialize, Serialize};

use super::{Event, say};
use crate::home::{CONTROL, NOTIFY};
use crate::order::Order;
use crate::record::Record;
use crate::worker::WORKER;

/// The longest request, in bytes.
const MOST: u64 = 1 << 20;

/// What can be asked of a supervisor: one line of JSON a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Replace what runs, if anything does.
    Deploy(Box<Order>),
    /// Back to the deployment before.
    Rollback,
    /// End everything, then the supervisor.
    Stop,
    /// Tell how things are.
    Status,
}

/// What it answers: one line as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// It is done, and this is how things are.
    Done(Box<Record>),
    /// It is not done, and this is why.
    Refused(String),
}

/// The client that asked.
#[derive(Debug)]
pub(super) struct Client(UnixStream);

impl Client {
    /// Answers. The client may be gone; the work is done all the same.
    pub(super) fn reply(&self, reply: &Reply) {
        let written = serde_json::to_vec(reply).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            (&self.0).write_all(&line)
        });
        if let Err(error) = written {
            say(&format!("the client did not wait for the answer: {error}"));
        }
    }
}

/// Opens both sockets and passes on what comes.
pub(super) fn listen(folder: &PrivateFolder, tell: &Sender<Event>) -> io::Result<()> {
    let (control, news) = (folder.listen(CONTROL)?, folder.receive(NOTIFY)?);
    let asked = tell.clone();
    thread::Builder::new().name("control".to_owned()).spawn(move || {
        for stream in control.incoming().flatten() {
            let asked = asked.clone();
            // A silent client delays no other.
            let _ = thread::Builder::new().name("client".to_owned()).spawn(move || hear(stream, &asked));
        }
    })?;
    let ready = tell.clone();
    thread::Builder::new().name("news".to_owned()).spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = news.recv(&mut buffer) {
            if let Some(worker) = ready_worker(&buffer[..length])
                && ready.send(Event::Ready(worker)).is_err()
            {
                return;
            }
        }
    })?;
    Ok(())
}

fn hear(stream: UnixStream, tell: &Sender<Event>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let _ = stream.set_write_timeout(Some(Duration::from_secs(5)));
    let mut line = String::new();
    let read = BufReader::new((&stream).take(MOST)).read_line(&mut line);
    let client = Client(stream);
    match read.map_err(serde_json::Error::io).and_then(|_| serde_json::from_str(&line)) {
        Ok(request) => {
            let _ = tell.send(Event::Asked(request, client));
        }
        Err(error) => client.reply(&Reply::Refused(format!("the request cannot be read: {error}"))),
    }
}

/// Which worker says that it is ready, in a message of `NAME=value` lines.
fn ready_worker(message: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(message).ok()?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    (value("READY")? == "1").then(|| value(WORKER)?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_worker_is_ready() {
        assert_eq!(ready_worker(b"READY=1\nFORETASTE_WORKER=7\n"), Some(7));
        assert_eq!(ready_worker(b"STATUS=x\nFORETASTE_WORKER=7\nREADY=1"), Some(7));
        for message in [&b"READY=1\n"[..], b"READY=0\nFORETASTE_WORKER=7", b"FORETASTE_WORKER=7", b"\xff\xfe"] {
            assert_eq!(ready_worker(message), None);
        }
    }
}
