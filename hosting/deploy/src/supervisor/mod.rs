//! Keeps one service running: rolls deployments out, starts again what ended, drains what is replaced.
//!
//! One loop takes events from threads that only wait: for requests, for "ready", for the end of a process. What it decides
//! is written to the record before it is reported, so that a supervisor that is killed can be followed by another.

mod control;
mod fleet;
mod liveness;
mod restarts;
mod rollout;

use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

pub(crate) use control::{Reply, Request};

use crate::home::{CONTROL, HomeError, LOCK, NOTIFY, ServiceHome};
use crate::limits::Cgroups;
use crate::log::Cutter;
use crate::process::{self, Identity};
use crate::record::{Record, State};
use control::{Client, SIGN};
use fleet::{Fault, Fleet};
use rollout::Rollout;

/// Why a supervisor ended.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    /// The service's folder cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The system refuses what every supervisor needs.
    #[error("cannot supervise {name}")]
    Io {
        /// The service.
        name: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// After a record that could not be written.
const AGAIN: Duration = Duration::from_secs(1);

/// A supervisor that has nothing to supervise for so long ends.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// Of a service whose processes are known by nothing but their environment.
const LOST: &str = "the record of the service could not be read: it was set aside, and its processes were ended";

/// What happens to a supervisor.
#[derive(Debug)]
enum Event {
    /// A client asks for something.
    Asked(Request, Client),
    /// A worker answers.
    Ready(u64),
    /// A worker makes progress.
    Alive(u64),
    /// A worker's process has ended.
    Gone(u64),
}

/// A service, as its supervisor sees it.
#[derive(Debug)]
struct Supervisor {
    home: ServiceHome,
    record: Record,
    fleet: Fleet,
    log: Cutter,
    rollout: Option<Rollout>,
    /// The clients that wait for the end of everything, while the state is [`State::Stopping`].
    stoppers: Vec<Client>,
    /// Why the record on disk is behind, and when it is written again.
    behind: Option<(String, Instant)>,
    /// When clients that wait are told so.
    sign: Instant,
    begun: Instant,
}

/// Supervises the service of a folder until it is stopped. A socket that the service listens on already may come as
/// standard input: then its workers are taken over. Returns at once when the service has a supervisor.
///
/// # Errors
/// [`SuperviseError`]
pub fn supervise(folder: PathBuf) -> Result<(), SuperviseError> {
    let home = ServiceHome::at(folder);
    home.create()?;
    run(&home).map_err(|source| SuperviseError::Io { name: home.name().to_owned(), source })
}

fn run(home: &ServiceHome) -> io::Result<()> {
    process::leave_terminal()?;
    let folder = home.private()?;
    let Some(lock) = folder.lock(LOCK)? else { return Ok(()) };
    let socket = inherited();
    if socket.is_some() {
        process::shed_limits();
    }
    let record = Record::read_or_set_aside(home)?.unwrap_or_else(|| match &socket {
        None => Record::new(home.name()),
        // Of workers that serve and of which nothing is known, none is left.
        Some(_) => Record { state: State::Failed, message: Some(LOST.to_owned()), ..Record::new(home.name()) },
    });
    let (tell, events) = channel();
    control::listen(&folder, &tell)?;
    let mut supervisor = Supervisor::new(home, record, socket, &tell)?;
    let asked = supervisor.run(&events);
    let _ = folder.remove(CONTROL);
    let _ = folder.remove(NOTIFY);
    // The client that asked for the end hears of it when nothing is left, and may deploy again at once.
    drop(lock);
    let reply = Reply::Done(Box::new(supervisor.record));
    asked.iter().for_each(|client| client.reply(&reply));
    Ok(())
}

/// The listening socket that came as standard input, if one did.
fn inherited() -> Option<TcpListener> {
    let socket = TcpListener::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    socket.local_addr().is_ok().then_some(socket)
}

/// Says something in the service's log.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{} supervisor: {text}", jiff::Timestamp::now());
}

impl Supervisor {
    fn new(
        home: &ServiceHome,
        mut record: Record,
        socket: Option<TcpListener>,
        tell: &Sender<Event>,
    ) -> io::Result<Self> {
        let groups = Cgroups::find();
        record.supervisor = Some(Identity::own());
        record.enforcement = Some(groups.enforcement());
        let follows = socket.is_some();
        let mut fleet = Fleet::new(home, groups, socket, tell.clone());
        fleet.adopt(&mut record)?;
        let mut supervisor = Self {
            home: home.clone(),
            record,
            fleet,
            log: Cutter::start(home)?,
            rollout: None,
            stoppers: Vec::new(),
            behind: None,
            sign: Instant::now(),
            begun: Instant::now(),
        };
        if supervisor.is_stopping() && !supervisor.fleet.is_empty() {
            supervisor.fleet.stop();
        } else if !follows && !matches!(supervisor.record.state, State::Running | State::Restarting) {
            // It was started for a deployment, which it is about to be asked for.
            supervisor.record.state = State::Starting;
        } else if supervisor.fleet.is_idle() && supervisor.record.state == State::Starting {
            supervisor.record.state = State::Failed;
            supervisor.record.message.get_or_insert_with(|| "its supervisor was killed before it was ready".to_owned());
        }
        supervisor.keep();
        Ok(supervisor)
    }

    /// Returns the clients that asked for the end.
    fn run(&mut self, events: &Receiver<Event>) -> Vec<Client> {
        while !self.is_at_end() {
            match events.recv_timeout(self.patience()) {
                Ok(Event::Asked(request, client)) => self.asked(request, client),
                Ok(Event::Ready(worker)) => self.ready(worker),
                Ok(Event::Alive(worker)) => self.fleet.alive(worker),
                Ok(Event::Gone(worker)) => self.gone(worker),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Vec::new(),
            }
            self.on_time(Instant::now());
        }
        self.record.supervisor = None;
        self.fleet.end_strangers();
        self.keep();
        std::mem::take(&mut self.stoppers)
    }

    /// Does what is due.
    fn on_time(&mut self, now: Instant) {
        if self.behind.as_ref().is_some_and(|&(_, again)| again <= now) {
            self.keep();
        }
        for late in self.fleet.late(now) {
            say(&format!("worker {late} was not in time and is ended"));
            self.fleet.kill(late, Some(Fault::Late));
        }
        for hung in self.fleet.hung(now) {
            say(&format!("worker {hung} is hung and is ended"));
            self.fleet.kill(hung, Some(Fault::Hung));
        }
        if self.sign <= now {
            self.waiting().for_each(Client::wait);
            self.sign = now + SIGN;
        }
        for replica in self.fleet.due(now) {
            self.start_again(replica);
        }
    }

    /// Whether there is nothing left to supervise.
    fn is_at_end(&mut self) -> bool {
        if self.is_stopping() && self.fleet.is_empty() {
            self.record.state = State::Stopped;
            self.record.message = None;
            say("stopped");
            return true;
        }
        if !self.fleet.is_idle() || self.rollout.is_some() {
            return false;
        }
        // The client that started it may have been killed before it asked.
        if self.begun.elapsed() > FORGOTTEN {
            self.record.state = State::Failed;
        }
        matches!(self.record.state, State::Failed | State::Stopped)
    }

    fn is_stopping(&self) -> bool {
        self.record.state == State::Stopping
    }

    /// The clients whose requests are being carried out.
    fn waiting(&self) -> impl Iterator<Item = &Client> {
        self.rollout.as_ref().map(|rollout| &rollout.client).into_iter().chain(&self.stoppers)
    }

    /// How long nothing needs to be done.
    fn patience(&self) -> Duration {
        let again = self.behind.as_ref().map(|&(_, again)| again);
        let sign = self.waiting().next().map(|_| self.sign);
        let left = |at: Instant| at.saturating_duration_since(Instant::now());
        [again, sign].into_iter().flatten().map(left).chain([self.fleet.patience()]).min().unwrap_or_default()
    }

    /// Writes down how things are; whether that went well. Where it does not, on a full disk say, it is tried again.
    fn keep(&mut self) -> bool {
        self.look();
        match self.record.write(&self.home) {
            Ok(()) => {
                if self.behind.take().is_some() {
                    say("the record is up to date again");
                }
                true
            }
            Err(error) => {
                let why = format!("the record cannot be written: {error}");
                if self.behind.is_none() {
                    say(&why);
                }
                self.behind = Some((why, Instant::now() + AGAIN));
                false
            }
        }
    }

    /// The record as it is told to clients.
    fn told(&mut self) -> Box<Record> {
        self.look();
        let mut record = Box::new(self.record.clone());
        if let Some((why, _)) = &self.behind {
            record.message = Some(why.clone());
        }
        record
    }

    /// Brings the record up to date, for readers; what matters to a follower is written by then.
    fn look(&mut self) {
        self.record.workers = self.fleet.records();
        self.record.address = self.fleet.address().or(self.record.address);
    }

    fn asked(&mut self, request: Request, client: Client) {
        // It waited too long for us, and takes what it asked for to be undone.
        if client.is_gone() {
            say("a request was dropped, because its client is gone");
            return;
        }
        let order = match request {
            Request::Status => {
                client.reply(&Reply::Done(self.told()));
                return;
            }
            Request::Stop => {
                say("is told to stop");
                if let Some(rollout) = self.rollout.take() {
                    rollout.client.reply(&Reply::Refused("the service was stopped meanwhile".to_owned()));
                }
                // First, so that a supervisor that follows this one goes on with it.
                self.record.state = State::Stopping;
                self.keep();
                self.fleet.stop();
                self.stoppers.push(client);
                self.keep();
                return;
            }
            Request::Deploy(order) => *order,
            Request::Rollback => match self.record.previous() {
                Some(previous) => previous.order.clone(),
                None => {
                    client.reply(&Reply::Refused("there is no earlier deployment that worked".to_owned()));
                    return;
                }
            },
        };
        if self.is_stopping() || self.rollout.is_some() {
            let what = if self.is_stopping() { "stopping" } else { "being deployed" };
            client.reply(&Reply::Refused(format!("the service is {what}, try again later")));
            return;
        }
        self.roll_out(order, client);
    }

    /// Starts one replica of the active deployment after one ended.
    fn start_again(&mut self, replica: u32) {
        let Some(active) = self.record.active().cloned() else { return };
        if !self.is_stopping() && replica < active.order.replicas {
            if let Err(error) = self.fleet.start(active.number, replica, &active.order) {
                say(&format!("replica {replica} cannot be started: {error}"));
                self.fleet.put_off(replica);
            }
            self.keep();
        }
    }

    fn ready(&mut self, worker: u64) {
        self.fleet.ready(worker);
        say(&format!("worker {worker} is ready"));
        if self.rollout.is_some() {
            return self.roll_over();
        }
        if let Some(active) = self.record.active()
            && self.fleet.answering(active.number) == active.order.replicas
            && !self.is_stopping()
        {
            self.record.state = State::Running;
        }
        self.keep();
    }

    fn gone(&mut self, worker: u64) {
        let Some(end) = self.fleet.take(worker) else { return };
        say(&format!("worker {worker} (pid {}): {}", end.pid, end.how));
        if self.rollout.as_ref().is_some_and(|rollout| rollout.revision == end.revision) {
            return self.roll_back(&end.how);
        }
        if end.unasked && !self.is_stopping() && self.record.active == Some(end.revision) {
            self.record.restarts += 1;
            self.record.message = Some(end.how);
            if self.fleet.answering(end.revision) == 0 {
                self.record.state = State::Restarting;
            }
            let delay = self.fleet.put_off(end.replica);
            say(&format!("replica {} is started again in {} ms", end.replica, delay.as_millis()));
        }
        self.keep();
    }
}
