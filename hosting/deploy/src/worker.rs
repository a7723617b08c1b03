//! What a worker owes its supervisor: a word when it is ready, and a new supervisor when the old one is gone.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};

use crate::home::{LOG, ServiceHome};
use crate::process::Identity;
use crate::record::Record;

/// The folder of the service, for its workers.
pub(crate) const HOME: &str = "FORETASTE_SERVICE";
/// Which worker this is.
pub(crate) const WORKER: &str = "FORETASTE_WORKER";
/// Where a service manager listens for news, by the protocol of systemd's sd_notify(3).
pub(crate) const NOTIFY: &str = "NOTIFY_SOCKET";
/// The hidden command of the binary that supervises.
pub(crate) const SUPERVISE: &str = "supervise";

/// The program that runs, even after its file was replaced.
pub(crate) const OWN_PROGRAM: &str = "/proc/self/exe";

/// A supervisor that ended sooner than this is not started again at once, but after a pause that doubles.
const SHORT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often a worker says that it lives.
pub const BEAT: Duration = Duration::from_secs(1);

/// Reports to the process that started this one that it answers: systemd by its protocol, and our supervisor by the same. Nothing
/// happens where no process listens.
///
/// # Errors
/// The socket that was named cannot be written to.
pub fn ready() -> io::Result<()> {
    let name = std::env::var(WORKER).unwrap_or_default();
    tell(&UnixDatagram::unbound()?, &format!("READY=1\n{WORKER}={name}\n"))
}

/// Whether a supervisor wants to hear every [`BEAT`] that this process is [`alive`].
#[must_use]
pub fn is_watched() -> bool {
    std::env::var_os(WORKER).is_some()
}

/// Tells the supervisor that this process makes progress. It must be called by what answers requests, and by no thread that
/// would go on when that does not. A supervisor that does not listen delays nothing.
pub fn alive() {
    let name = std::env::var(WORKER).unwrap_or_default();
    let told = UnixDatagram::unbound().and_then(|sender| {
        sender.set_nonblocking(true)?;
        tell(&sender, &format!("WATCHDOG=1\n{WORKER}={name}\n"))
    });
    // Where there is no supervisor, `attend` sees to it; the next beat is a second away.
    drop(told);
}

fn tell(sender: &UnixDatagram, message: &str) -> io::Result<()> {
    let Some(socket) = std::env::var_os(NOTIFY) else { return Ok(()) };
    match socket.to_str().and_then(|socket| socket.strip_prefix('@')) {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            sender.send_to_addr(message.as_bytes(), &address)?;
        }
        _ => {
            sender.send_to(message.as_bytes(), PathBuf::from(socket))?;
        }
    }
    Ok(())
}

/// Sees to it, in a thread of its own, that the service has a supervisor: one that is killed is followed by a new one,
/// which takes over this worker, the others and the socket. A worker that the record does not name, or that has none, ends.
/// Nothing happens in a process that no supervisor started.
///
/// # Errors
/// The thread cannot be started.
pub fn attend(socket: &impl AsFd) -> io::Result<()> {
    let Some(folder) = std::env::var_os(HOME) else { return Ok(()) };
    let (home, socket) = (ServiceHome::at(folder.into()), socket.as_fd().try_clone_to_owned()?);
    thread::Builder::new().name("attend".to_owned()).spawn(move || {
        let own = Identity::own();
        let mut pause = PAUSE;
        loop {
            match Record::read(&home) {
                Ok(Some(record)) if record.names(own) => {
                    let Some(supervisor) = record.supervisor else { return end() };
                    if supervisor.is_alive() {
                        supervisor.wait();
                        pause = PAUSE;
                        continue;
                    }
                }
                Ok(_) => return end(),
                // A supervisor that can read it again, in a moment, needs this worker.
                Err(_) => {}
            }
            let begun = Instant::now();
            // It ends at once when another worker was faster.
            let _ = followed(&home, &socket);
            if begun.elapsed() < SHORT {
                thread::sleep(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    })?;
    Ok(())
}

/// Asks this process to end, as its supervisor would.
fn end() {
    let _ = kill_process(getpid(), Signal::TERM);
}

/// Starts a supervisor with the socket and waits for its end.
fn followed(home: &ServiceHome, socket: &OwnedFd) -> io::Result<()> {
    supervisor(home, Some(socket.try_clone()?))?.wait().map(drop)
}

/// A new supervisor process.
pub(crate) fn supervisor(home: &ServiceHome, socket: Option<OwnedFd>) -> io::Result<std::process::Child> {
    let log = home.private()?.append(LOG)?;
    Command::new(OWN_PROGRAM)
        .arg(SUPERVISE)
        .arg(home.folder())
        .stdin(socket.map_or_else(Stdio::null, Stdio::from))
        .stdout(log.try_clone()?)
        .stderr(log)
        .env_remove(WORKER)
        .env_remove(HOME)
        .env_remove(NOTIFY)
        .spawn()
}
