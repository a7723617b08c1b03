//! What is known of a service, in one file that is always whole.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::home::ServiceHome;
use crate::limits::Enforcement;
use crate::order::Order;
use crate::process::Identity;

/// Deployments that are remembered.
const REVISIONS: usize = 10;

/// How a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its first deployment is not ready yet.
    Starting,
    /// It answers.
    Running,
    /// It ended, and is started again after a while.
    Restarting,
    /// Nothing of it was ever ready.
    Failed,
    /// It was told to stop, and answers what it has accepted.
    Stopping,
    /// It was told to stop, and has.
    Stopped,
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Counts from 1.
    pub number: u64,
    /// When it was asked for.
    pub at: jiff::Timestamp,
    /// Whether it was ever ready.
    pub worked: bool,
    /// What was asked.
    pub order: Order,
}

/// One process that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerRecord {
    /// Counts all workers of the service.
    pub id: u64,
    /// Which process.
    #[serde(flatten)]
    pub identity: Identity,
    /// The deployment it belongs to.
    pub revision: u64,
    /// Which of the replicas.
    pub replica: u32,
    /// Whether it answers.
    pub ready: bool,
    /// Whether it was told to end, which it does when it has answered what it accepted.
    #[serde(default)]
    pub ending: bool,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// What went wrong last, if anything did.
    pub message: Option<String>,
    /// Where it listens.
    pub address: Option<SocketAddr>,
    /// The deployment that answers.
    pub active: Option<u64>,
    /// How its limits are held; `None` before the first start.
    pub enforcement: Option<Enforcement>,
    /// Times that a worker ended without being asked to.
    pub restarts: u64,
    /// Its supervisor.
    pub supervisor: Option<Identity>,
    /// Its processes.
    pub workers: Vec<WorkerRecord>,
    /// The last deployments, oldest first.
    pub revisions: Vec<Revision>,
}

impl Record {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: State::Starting,
            message: None,
            address: None,
            active: None,
            enforcement: None,
            restarts: 0,
            supervisor: None,
            workers: Vec::new(),
            revisions: Vec::new(),
        }
    }

    /// Where the service answers.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.address.map(|address| format!("http://{address}"))
    }

    /// The deployment that answers.
    #[must_use]
    pub fn active(&self) -> Option<&Revision> {
        self.revision(self.active?)
    }

    /// A deployment.
    pub(crate) fn revision(&self, number: u64) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.number == number)
    }

    /// The last deployment that worked before the active one.
    pub(crate) fn previous(&self) -> Option<&Revision> {
        let active = self.active?;
        self.revisions.iter().rev().find(|revision| revision.worked && revision.number < active)
    }

    /// Notes a new deployment and returns its number.
    pub(crate) fn begin(&mut self, order: Order) -> u64 {
        let number = self.revisions.last().map_or(1, |last| last.number + 1);
        self.revisions.push(Revision { number, at: jiff::Timestamp::now(), worked: false, order });
        let active = self.active;
        while self.revisions.len() > REVISIONS {
            let oldest = usize::from(self.revisions.first().map(|first| first.number) == active);
            self.revisions.remove(oldest);
        }
        number
    }

    /// Reads a service's record; `None` when it has none.
    ///
    /// # Errors
    /// The file cannot be read, or is no record.
    pub fn read(home: &ServiceHome) -> io::Result<Option<Self>> {
        let bytes = match fs::read(home.record()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(serde_json::from_slice(&bytes)?))
    }

    /// Writes it whole or not at all.
    pub(crate) fn write(&self, home: &ServiceHome) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(home.folder())?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.as_file().sync_all()?;
        file.persist(home.record())?;
        Ok(())
    }
}
