//! The workers of a service: starting, watching, ending them, and when each is due.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use super::Event;
use super::liveness::{HUNG, Looks, Pulse};
use super::restarts::{delay_after, has_worked};
use crate::home::{LOG, ServiceHome};
use crate::launch::Launch;
use crate::limits::{Cgroups, Group, Holder};
use crate::order::Order;
use crate::process::{self, Identity};
use crate::record::{Record, State, WorkerRecord};
use crate::worker::{HOME, NOTIFY, OWN_PROGRAM, WORKER};

/// How long a worker that was asked to end may take. It drains for up to 10 s itself.
const DRAIN: Duration = Duration::from_secs(15);
/// How often the loop looks at the clock at least.
const IDLE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting {
        until: Instant,
    },
    Ready {
        since: Instant,
    },
    /// Told to end.
    Ending {
        until: Instant,
    },
    /// Killed; its end is a matter of moments.
    Killed {
        /// Whether it should have lived.
        unasked: bool,
    },
}

#[derive(Debug)]
struct Worker {
    id: u64,
    identity: Identity,
    revision: u64,
    replica: u32,
    phase: Phase,
    pulse: Pulse,
    /// Why it was killed.
    fault: Option<Fault>,
    /// Whether it was started with a memory limit that shows as a failed allocation.
    rlimit: bool,
    memory: String,
    group: Option<Group>,
    /// `None` for one that another supervisor started.
    child: Option<Child>,
}

impl Worker {
    fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. })
    }
}

/// Why a worker is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It was not ready, or not at its end, in time.
    Late,
    /// It was ready, and has said nothing since.
    Hung,
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => to.write_str("it was not in time and was ended"),
            Self::Hung => write!(to, "it was hung: it said nothing for {} s and was ended", HUNG.as_secs()),
        }
    }
}

/// How a worker came to its end.
#[derive(Debug)]
pub(super) struct End {
    pub(super) pid: u32,
    pub(super) revision: u64,
    pub(super) replica: u32,
    /// Whether it was not asked for.
    pub(super) unasked: bool,
    /// In words.
    pub(super) how: String,
}

/// All workers, and the socket that they share.
#[derive(Debug)]
pub(super) struct Fleet {
    home: ServiceHome,
    groups: Cgroups,
    socket: Option<TcpListener>,
    tell: Sender<Event>,
    workers: Vec<Worker>,
    next: u64,
    /// How often each replica ended in a row, and when it is started again.
    failures: HashMap<u32, u32>,
    due: Vec<(Instant, u32)>,
    looks: Looks,
}

impl Fleet {
    pub(super) fn new(home: &ServiceHome, groups: Cgroups, socket: Option<TcpListener>, tell: Sender<Event>) -> Self {
        Self {
            home: home.clone(),
            groups,
            socket,
            tell,
            workers: Vec::new(),
            next: 1,
            failures: HashMap::new(),
            due: Vec::new(),
            looks: Looks::new(Instant::now()),
        }
    }

    /// Takes over the workers of the active deployment that still answer and those that were told to end, and ends all
    /// others that a supervisor before this one has left. What is missing is due at once.
    pub(super) fn adopt(&mut self, record: &mut Record) -> io::Result<()> {
        self.groups.sweep(&format!("{}.", self.home.label()));
        let now = Instant::now();
        for left in std::mem::take(&mut record.workers) {
            self.next = self.next.max(left.id + 1);
            let order = record.revision(left.revision).map(|revision| &revision.order);
            let group = order.and_then(|order| self.group(left.id, order).ok());
            let wanted = left.ready && self.socket.is_some() && record.active == Some(left.revision);
            if (wanted || left.ending) && left.identity.is_alive() {
                self.watch(left.id, left.identity)?;
                self.workers.push(Worker {
                    id: left.id,
                    identity: left.identity,
                    revision: left.revision,
                    replica: left.replica,
                    phase: if left.ending { Phase::Ending { until: now + DRAIN } } else { Phase::Ready { since: now } },
                    pulse: Pulse::default(),
                    fault: None,
                    rlimit: self.groups.enforcement().memory == Holder::Rlimit,
                    memory: order.map(|order| order.memory.to_string()).unwrap_or_default(),
                    group,
                    child: None,
                });
                continue;
            }
            if left.identity.is_alive() {
                left.identity.kill();
            }
            if let Some(group) = group {
                group.remove();
            }
        }
        self.end_strangers();
        if let Some(active) = record.active()
            && !matches!(record.state, State::Stopping | State::Stopped)
            && self.socket.is_some()
        {
            let is_there = |replica| self.workers.iter().any(|worker| worker.is_ready() && worker.replica == replica);
            let missing = (0..active.order.replicas).filter(|&replica| !is_there(replica));
            self.due.extend(missing.map(|replica| (now, replica)));
        }
        Ok(())
    }

    /// Ends every process of the service that belongs to none of its workers.
    pub(super) fn end_strangers(&self) {
        for (process, worker) in process::with_variable(HOME, self.home.folder(), WORKER) {
            let worker = worker.and_then(|worker| worker.parse::<u64>().ok());
            if !self.workers.iter().any(|own| Some(own.id) == worker) {
                process.kill();
            }
        }
    }

    /// Listens where the order says, unless that is where it listens already.
    pub(super) fn listen(&mut self, order: &Order, before: Option<SocketAddr>) -> io::Result<()> {
        let there = self.address();
        if order.port.is_none_or(|port| there.is_some_and(|there| there.port() == port)) && there.is_some() {
            return Ok(());
        }
        let mut asked = order.address();
        if let Some(before) = before.filter(|_| order.port.is_none()) {
            asked = before;
        }
        let opened = match TcpListener::bind(asked) {
            // The port that the service had once is taken: any other will do.
            Err(_) if order.port.is_none() => TcpListener::bind(order.address())?,
            other => other.map_err(|error| {
                let way_out =
                    "`port` of the specification or --port can name another, and without one a free one is taken";
                io::Error::new(error.kind(), format!("cannot listen on {asked}: {error}; {way_out}"))
            })?,
        };
        rustix::net::listen(&opened, 1024)?;
        self.socket = Some(opened);
        Ok(())
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.socket.as_ref()?.local_addr().ok()
    }

    fn group(&self, id: u64, order: &Order) -> io::Result<Group> {
        self.groups.make(&format!("{}.{id}", self.home.label()), order.cpu, order.memory)
    }

    /// Starts one replica of a deployment, which runs once the record names it.
    pub(super) fn start(&mut self, revision: u64, replica: u32, order: &Order) -> io::Result<()> {
        let Some(socket) = &self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        let id = self.next;
        self.next += 1;
        let group = self.group(id, order)?;
        let held = self.groups.enforcement();
        let rlimit = held.memory == Holder::Rlimit;
        let launch = Launch {
            cgroup_files: group.cgroup_files(),
            cpus: (held.cpu == Holder::Affinity).then(|| order.cpu.threads()),
            bytes: rlimit.then(|| order.memory.bytes()),
            supervisor: std::process::id(),
            service: self.home.folder().to_owned(),
            command: order.command.clone(),
        };
        let log = self.home.private()?.append(LOG)?;
        let spawned = Command::new(OWN_PROGRAM)
            .arg("launch")
            .arg(serde_json::to_string(&launch)?)
            .current_dir(&order.directory)
            .env_clear()
            .envs(&order.environment)
            .env(HOME, self.home.folder())
            .env(WORKER, id.to_string())
            .env(NOTIFY, self.home.notify())
            .stdin(Stdio::from(OwnedFd::from(socket.try_clone()?)))
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) => {
                group.remove();
                return Err(error);
            }
        };
        let identity = Identity::of(child.id()).unwrap_or(Identity { pid: child.id(), started: 0 });
        self.watch(id, identity)?;
        self.workers.push(Worker {
            id,
            identity,
            revision,
            replica,
            phase: Phase::Starting { until: Instant::now() + order.patience },
            pulse: Pulse::default(),
            fault: None,
            rlimit,
            memory: order.memory.to_string(),
            group: Some(group),
            child: Some(child),
        });
        Ok(())
    }

    /// Tells when the process has ended.
    fn watch(&self, id: u64, identity: Identity) -> io::Result<()> {
        let tell = self.tell.clone();
        thread::Builder::new().name(format!("worker-{id}")).spawn(move || {
            identity.wait();
            let _ = tell.send(Event::Gone(id));
        })?;
        Ok(())
    }

    /// How long nothing needs to be done.
    pub(super) fn patience(&self) -> Duration {
        let ends = self.workers.iter().filter_map(|worker| match worker.phase {
            Phase::Starting { until } | Phase::Ending { until } => Some(until),
            Phase::Ready { .. } => Some(self.looks.next()),
            Phase::Killed { .. } => None,
        });
        let next = ends.chain(self.due.iter().map(|&(at, _)| at)).min();
        next.map_or(IDLE, |at| at.saturating_duration_since(Instant::now()).min(IDLE))
    }

    /// Workers whose time is up.
    pub(super) fn late(&self, now: Instant) -> Vec<u64> {
        let late = |worker: &&Worker| matches!(worker.phase, Phase::Starting { until } | Phase::Ending { until } if until <= now);
        self.workers.iter().filter(late).map(|worker| worker.id).collect()
    }

    /// Notes that a worker makes progress.
    pub(super) fn alive(&mut self, id: u64) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id) {
            worker.pulse.hear();
        }
    }

    /// Workers that answered once and are hung.
    pub(super) fn hung(&mut self, now: Instant) -> Vec<u64> {
        let Some(look) = self.looks.due(now) else { return Vec::new() };
        let ready = self.workers.iter_mut().filter(|worker| worker.is_ready());
        ready.filter_map(|worker| worker.pulse.look(look).then_some(worker.id)).collect()
    }

    /// Replicas that are to be started now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<u32> {
        let due = self.due.extract_if(.., |(at, _)| *at <= now);
        due.map(|(_, replica)| replica).collect()
    }

    /// Has a replica started again after a while, longer each time; returns how long.
    pub(super) fn put_off(&mut self, replica: u32) -> Duration {
        let failures = self.failures.entry(replica).or_default();
        let delay = delay_after(*failures);
        *failures += 1;
        self.due.push((Instant::now() + delay, replica));
        delay
    }

    pub(super) fn ready(&mut self, id: u64) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id)
            && let Phase::Starting { .. } = worker.phase
        {
            worker.phase = Phase::Ready { since: Instant::now() };
            worker.pulse.hear();
        }
    }

    /// Workers of a deployment that answer.
    pub(super) fn answering(&self, revision: u64) -> u32 {
        let answers = |worker: &&Worker| worker.revision == revision && worker.is_ready();
        self.workers.iter().filter(answers).map(|_| 1).sum()
    }

    /// Ends a worker now.
    pub(super) fn kill(&mut self, id: u64, fault: Option<Fault>) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id) {
            let before = worker.phase;
            let lived = matches!(before, Phase::Starting { .. } | Phase::Ready { .. });
            worker.phase = Phase::Killed { unasked: lived && fault.is_some() };
            worker.fault = fault;
            worker.identity.kill();
            if let Phase::Ready { since } = before {
                let replica = worker.replica;
                self.forgive(replica, since);
            }
        }
    }

    /// Ends every worker of a deployment now.
    pub(super) fn kill_all_of(&mut self, revision: u64) {
        let ids: Vec<u64> = self.workers.iter().filter(|w| w.revision == revision).map(|w| w.id).collect();
        ids.into_iter().for_each(|id| self.kill(id, None));
    }

    /// Asks every worker but those of one deployment to finish what it does and end.
    pub(super) fn drain_all_but(&mut self, revision: Option<u64>) {
        self.due.clear();
        self.failures.clear();
        for worker in self.workers.iter_mut().filter(|worker| Some(worker.revision) != revision) {
            if matches!(worker.phase, Phase::Starting { .. } | Phase::Ready { .. }) {
                worker.phase = Phase::Ending { until: Instant::now() + DRAIN };
                worker.identity.terminate();
            }
        }
    }

    /// Asks every worker to end; new connections are refused.
    pub(super) fn stop(&mut self) {
        self.drain_all_but(None);
        self.socket = None;
    }

    /// Whether nothing runs and nothing is due.
    pub(super) fn is_idle(&self) -> bool {
        self.workers.is_empty() && self.due.is_empty()
    }

    /// Whether a deployment runs, or will again.
    pub(super) fn keeps(&self, revision: u64) -> bool {
        !self.due.is_empty() || self.workers.iter().any(|worker| worker.revision == revision)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    pub(super) fn records(&self) -> Vec<WorkerRecord> {
        let record = |worker: &Worker| WorkerRecord {
            id: worker.id,
            identity: worker.identity,
            revision: worker.revision,
            replica: worker.replica,
            ready: worker.is_ready(),
            ending: matches!(worker.phase, Phase::Ending { .. }),
        };
        self.workers.iter().map(record).collect()
    }

    /// Forgets a worker whose process has ended, with all that it left behind.
    pub(super) fn take(&mut self, id: u64) -> Option<End> {
        let at = self.workers.iter().position(|worker| worker.id == id)?;
        let mut worker = self.workers.remove(at);
        // Kernels of a notebook, for one, are processes of its group. The number is its own until it is waited for.
        worker.identity.kill();
        let status = worker.child.as_mut().and_then(|child| child.wait().ok());
        let out_of_memory = worker.group.as_ref().is_some_and(Group::ran_out_of_memory);
        let how = how(&worker, status, out_of_memory);
        // What left the group, and the group of a worker that was no child of this process.
        self.end_strangers();
        if let Some(group) = &worker.group {
            group.remove();
        }
        let unasked =
            matches!(worker.phase, Phase::Starting { .. } | Phase::Ready { .. } | Phase::Killed { unasked: true });
        if let Phase::Ready { since } = worker.phase {
            self.forgive(worker.replica, since);
        }
        Some(End { pid: worker.identity.pid, revision: worker.revision, replica: worker.replica, unasked, how })
    }

    /// A replica that has worked since then is no longer one that keeps ending.
    fn forgive(&mut self, replica: u32, since: Instant) {
        if self.failures.get(&replica).is_some_and(|&failures| has_worked(since.elapsed(), failures)) {
            self.failures.remove(&replica);
        }
    }
}

fn how(worker: &Worker, status: Option<ExitStatus>, out_of_memory: bool) -> String {
    if out_of_memory {
        return format!("its memory limit of {} was hit", worker.memory);
    }
    if let Some(fault) = worker.fault {
        return fault.to_string();
    }
    match (status.and_then(|status| status.code()), status.and_then(|status| status.signal())) {
        (Some(0), _) => "it ended by itself".to_owned(),
        (Some(code), _) => format!("it ended with code {code}"),
        (None, Some(6)) if worker.rlimit => {
            format!("it was refused memory, most likely at its limit of {}", worker.memory)
        }
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it ended".to_owned(),
    }
}
