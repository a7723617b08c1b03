//! The supervisor's two sockets: one for requests, one for the news of its workers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use foretaste_files::PrivateFolder;
use rustix::net::RecvFlags;
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
    /// It is being done: a line every [`SIGN`].
    Working,
}

/// How often a client that waits is told so.
pub(super) const SIGN: Duration = Duration::from_secs(1);

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

    /// Tells that its request is being carried out.
    pub(super) fn wait(&self) {
        if let Ok(mut line) = serde_json::to_vec(&Reply::Working) {
            line.push(b'\n');
            // One that is gone is told of when the answer is there.
            let _ = (&self.0).write_all(&line);
        }
    }

    /// Whether the client has closed its end.
    pub(super) fn is_gone(&self) -> bool {
        let mut byte = [0];
        let peeked = rustix::net::recv(&self.0, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT);
        !matches!(peeked, Ok((1.., _)) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR))
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
            if let Some(event) = told(&buffer[..length])
                && ready.send(event).is_err()
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

/// What a worker says of itself, in a message of `NAME=value` lines.
fn told(message: &[u8]) -> Option<Event> {
    let text = std::str::from_utf8(message).ok()?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let worker = value(WORKER)?.parse().ok()?;
    match (value("READY"), value("WATCHDOG")) {
        (Some("1"), _) => Some(Event::Ready(worker)),
        (_, Some("1")) => Some(Event::Alive(worker)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_worker_is_ready_or_alive() {
        assert!(matches!(told(b"READY=1\nFORETASTE_WORKER=7\n"), Some(Event::Ready(7))));
        assert!(matches!(told(b"STATUS=x\nFORETASTE_WORKER=7\nREADY=1"), Some(Event::Ready(7))));
        assert!(matches!(told(b"WATCHDOG=1\nFORETASTE_WORKER=7\n"), Some(Event::Alive(7))));
        for message in [
            &b"READY=1\n"[..],
            b"WATCHDOG=1\n",
            b"READY=0\nFORETASTE_WORKER=7",
            b"WATCHDOG=trigger\nFORETASTE_WORKER=7",
            b"FORETASTE_WORKER=7",
            b"\xff\xfe",
        ] {
            assert!(told(message).is_none());
        }
    }

    #[test]
    fn a_client_is_gone_when_it_has_closed_its_end() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let client = Client(ours);
        assert!(!client.is_gone(), "it waits");
        client.wait();
        assert!(!client.is_gone(), "it has not read yet");
        drop(theirs);
        assert!(client.is_gone());
    }
}
