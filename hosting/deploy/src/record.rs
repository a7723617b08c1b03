//! What is known of a service, in one file that is always whole.

use std::io::{self, BufReader};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::home::{RECORD, RECORD_COPY, ServiceHome, UNREADABLE};
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
        let scheme = if self.active().is_some_and(|active| active.order.tls) { "https" } else { "http" };
        self.address.map(|address| format!("{scheme}://{address}"))
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
        // What answers, what a rollback goes back to and what is about to start are needed, however old they are.
        let kept = [self.active, self.previous().map(|previous| previous.number), Some(number)];
        while self.revisions.len() > REVISIONS {
            let Some(oldest) = self.revisions.iter().position(|old| !kept.contains(&Some(old.number))) else { break };
            self.revisions.remove(oldest);
        }
        number
    }

    /// Whether a process is one of its workers.
    pub(crate) fn names(&self, process: Identity) -> bool {
        self.workers.iter().any(|worker| worker.identity == process)
    }

    /// Notes that a deployment will not be.
    pub(crate) fn forget(&mut self, number: u64) {
        self.revisions.retain(|revision| revision.number != number);
    }

    /// Reads a service's record; `None` when it has none.
    ///
    /// # Errors
    /// The file cannot be read, or is no record.
    pub fn read(home: &ServiceHome) -> io::Result<Option<Self>> {
        Self::read_from(home, RECORD)
    }

    fn read_from(home: &ServiceHome, name: &str) -> io::Result<Option<Self>> {
        let folder = match home.private() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            folder => folder?,
        };
        let Some(file) = folder.read(name)? else { return Ok(None) };
        Ok(Some(serde_json::from_reader(BufReader::new(file))?))
    }

    /// As [`read`](Self::read); of a file that is no record, its copy.
    ///
    /// # Errors
    /// The file cannot be read, or is no record and has no copy that is one.
    pub(crate) fn read_or_copy(home: &ServiceHome) -> io::Result<Option<Self>> {
        match Self::read(home) {
            Err(error) if is_no_record(&error) => {
                Self::read_from(home, RECORD_COPY).ok().flatten().map_or(Err(error), |copy| Ok(Some(copy)))
            }
            read => read,
        }
    }

    /// As [`read`](Self::read); a file that is no record is set aside, and its copy takes its place if it is one.
    ///
    /// # Errors
    /// The file cannot be read, or not be set aside.
    pub(crate) fn read_or_set_aside(home: &ServiceHome) -> io::Result<Option<Self>> {
        match Self::read(home) {
            Err(error) if is_no_record(&error) => {
                let aside = home.folder().join(UNREADABLE);
                let Some(copy) = Self::read_from(home, RECORD_COPY).ok().flatten() else {
                    std::fs::rename(home.record(), aside)?;
                    return Ok(None);
                };
                // There is a record at every instant, for those who read it meanwhile.
                home.private()?.remove(UNREADABLE)?;
                std::fs::hard_link(home.record(), aside)?;
                copy.write(home)?;
                Ok(Some(copy))
            }
            read => read,
        }
    }

    /// Writes it whole or not at all, for its owner alone: the environment of a service may hold secrets. A copy is kept for
    /// the case that the file is damaged later; where there is no room for one there is none.
    pub(crate) fn write(&self, home: &ServiceHome) -> io::Result<()> {
        let bytes = serde_json::to_vec_pretty(self)?;
        let folder = home.private()?;
        folder.write(RECORD, &bytes)?;
        // One of an earlier state would be worse than none.
        folder.write(RECORD_COPY, &bytes).or_else(|_| folder.remove(RECORD_COPY))
    }
}

/// Whether a file was read, and is no record.
fn is_no_record(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<serde_json::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    fn order(port: u16) -> Order {
        Order {
            source: "films.yaml".to_owned(),
            command: vec!["foretaste".to_owned()],
            directory: "/".into(),
            environment: [("TOKEN".to_owned(), "secret".to_owned())].into(),
            cpu: "1".parse().unwrap(),
            memory: "64MB".parse().unwrap(),
            port: Some(port),
            replicas: 1,
            tls: false,
            patience: Duration::from_secs(1),
        }
    }

    /// A service with one deployment for each word: `+` worked and took over, `-` never got ready.
    fn after(story: &str) -> Record {
        let mut record = Record::new("films");
        for (at, word) in story.chars().enumerate() {
            let number = record.begin(order(8000 + at as u16));
            if word == '+' {
                record
                    .revisions
                    .iter_mut()
                    .filter(|known| known.number == number)
                    .for_each(|known| known.worked = true);
                record.active = Some(number);
            }
        }
        record
    }

    fn port_before(record: &Record) -> Option<u16> {
        record.previous().and_then(|previous| previous.order.port)
    }

    #[test]
    fn a_rollback_passes_over_deployments_that_never_worked() {
        assert_eq!(port_before(&after("+--+")), Some(8000), "back to the first, over two that failed");
        assert_eq!(port_before(&after("++--")), Some(8000), "what failed later is no way back");
        assert_eq!(port_before(&after("-+")), None, "what never worked is no way back");
        assert_eq!(port_before(&after("+-")), None, "what answers is not gone back to");
        assert_eq!(port_before(&after("---")), None);
    }

    #[test]
    fn the_active_deployment_and_the_one_before_it_are_remembered_however_many_fail() {
        let record = after(&format!("++{}", "-".repeat(3 * REVISIONS)));
        assert_eq!(record.revisions.len(), REVISIONS);
        assert_eq!(record.active().map(|active| active.order.port), Some(Some(8001)), "the active one is forgotten");
        assert_eq!(port_before(&record), Some(8000), "the way back is forgotten");
        assert_eq!(record.revisions.last().map(|last| last.number), Some(2 + 3 * REVISIONS as u64));
    }

    #[test]
    fn old_deployments_are_forgotten_oldest_first() {
        let record = after(&"+".repeat(REVISIONS + 3));
        let numbers: Vec<u64> = record.revisions.iter().map(|known| known.number).collect();
        assert_eq!(numbers, (4..=REVISIONS as u64 + 3).collect::<Vec<_>>());
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let home = ServiceHome::at(folder.path().to_owned());
        assert_eq!(Record::read(&home).unwrap(), None);
        for story in ["+", "+-+"] {
            let record = after(story);
            record.write(&home).unwrap();
            assert_eq!(Record::read(&home).unwrap(), Some(record));
        }
        assert_eq!(fs::metadata(home.record()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "the record and its copy, no temporary file is left"
        );
    }

    #[test]
    fn a_damaged_record_is_set_aside_and_its_copy_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let home = ServiceHome::at(folder.path().to_owned());
        let record = after("+-+");
        record.write(&home).unwrap();
        for junk in ["", "{", "[]", "{\"name\": 7}"] {
            fs::write(home.record(), junk).unwrap();
            assert!(Record::read(&home).is_err());
            assert_eq!(Record::read_or_copy(&home).unwrap().as_ref(), Some(&record));
            assert_eq!(Record::read_or_set_aside(&home).unwrap().as_ref(), Some(&record));
            assert_eq!(fs::read_to_string(folder.path().join(UNREADABLE)).unwrap(), junk);
            assert_eq!(Record::read(&home).unwrap().as_ref(), Some(&record));
        }
        for name in [RECORD, RECORD_COPY] {
            fs::write(folder.path().join(name), "{").unwrap();
        }
        assert!(Record::read_or_copy(&home).is_err());
        assert_eq!(Record::read_or_set_aside(&home).unwrap(), None);
        assert_eq!(Record::read(&home).unwrap(), None);
    }
}
