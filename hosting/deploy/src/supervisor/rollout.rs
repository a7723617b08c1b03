//! One deployment on its way: what runs goes on until the new one is ready, or for good if it never is.

use super::control::{Client, Reply};
use super::{Supervisor, say};
use crate::log;
use crate::order::Order;
use crate::record::State;

/// Lines of the log that explain a failure.
const LINES: usize = 30;
/// Bytes of the log that are looked at for them.
const BYTES: u64 = 64 * 1024;

/// A deployment that is not ready yet.
#[derive(Debug)]
pub(super) struct Rollout {
    pub(super) revision: u64,
    pub(super) client: Client,
    /// Bytes that were printed before it.
    log: u64,
}

impl Supervisor {
    /// Starts the workers of a new deployment beside those that run. They wait until the record names them.
    pub(super) fn roll_out(&mut self, order: Order, client: Client) {
        let log = self.log.printed();
        let before = self.record.address;
        let revision = self.record.begin(order.clone());
        say(&format!("deployment {revision}: {}", order.source));
        let started = self
            .fleet
            .listen(&order, before)
            .and_then(|()| (0..order.replicas).try_for_each(|replica| self.fleet.start(revision, replica, &order)));
        self.rollout = Some(Rollout { revision, client, log });
        match started {
            Ok(()) if self.keep() => {}
            Ok(()) => self.give_up(),
            Err(error) => self.roll_back(&format!("it cannot be started: {error}")),
        }
    }

    /// Once every new worker answers and that is written down, the old ones are asked to end.
    pub(super) fn roll_over(&mut self) {
        let Some(rollout) = &self.rollout else { return };
        let revision = rollout.revision;
        let replicas = self.record.revision(revision).map_or(0, |revision| revision.order.replicas);
        if self.fleet.answering(revision) < replicas {
            self.keep();
            return;
        }
        let before = (self.record.active, self.record.state, self.record.message.take());
        self.mark(revision, true);
        (self.record.active, self.record.state) = (Some(revision), State::Running);
        if !self.keep() {
            self.mark(revision, false);
            (self.record.active, self.record.state, self.record.message) = before;
            return self.give_up();
        }
        self.fleet.drain_all_but(Some(revision));
        self.keep();
        say(&format!("deployment {revision} answers"));
        if let Some(rollout) = self.rollout.take() {
            rollout.client.reply(&Reply::Done(self.told()));
        }
    }

    fn mark(&mut self, revision: u64, worked: bool) {
        self.record
            .revisions
            .iter_mut()
            .filter(|known| known.number == revision)
            .for_each(|known| known.worked = worked);
    }

    /// Gives a deployment up and writes that down; what ran before goes on.
    pub(super) fn roll_back(&mut self, why: &str) {
        let Some(rollout) = self.rollout.take() else { return };
        self.fleet.kill_all_of(rollout.revision);
        let message = format!("deployment {} did not get ready: {why}", rollout.revision);
        say(&message);
        self.nothing_new();
        self.record.message = Some(message.clone());
        self.keep();
        let said = self.said_since(rollout.log);
        rollout.client.reply(&Reply::Refused(format!("{message}\n{said}")));
    }

    /// Gives a deployment up that cannot be written down, as if it had not been asked for.
    fn give_up(&mut self) {
        let Some(rollout) = self.rollout.take() else { return };
        self.fleet.kill_all_of(rollout.revision);
        self.record.forget(rollout.revision);
        self.nothing_new();
        let why = self.behind.as_ref().map(|(why, _)| why.clone()).unwrap_or_default();
        rollout.client.reply(&Reply::Refused(format!("deployment {} is refused: {why}", rollout.revision)));
    }

    /// What ran before goes on; where nothing did, the service has failed.
    fn nothing_new(&mut self) {
        if !self.record.active.is_some_and(|active| self.fleet.keeps(active)) {
            self.record.state = State::Failed;
        }
    }

    /// The last lines that were printed since then by others, with nothing in them that could command a terminal.
    fn said_since(&self, begin: u64) -> String {
        let bytes = self.log.printed().saturating_sub(begin).min(BYTES);
        let tail = log::last(&self.home, bytes).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&tail.bytes);
        let lines: Vec<String> = text.lines().filter(|line| !line.contains(" supervisor: ")).map(plain).collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

/// A line with a sign in place of each character that is none to be printed.
fn plain(line: &str) -> String {
    let printed = |character: char| if character.is_control() && character != '\t' { '\u{fffd}' } else { character };
    line.chars().map(printed).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_a_failed_deployment_has_printed_commands_no_terminal() {
        assert_eq!(plain("a\tb \u{1b}[2J\u{7} \u{9b}31m é"), "a\tb \u{fffd}[2J\u{fffd} \u{fffd}31m é");
    }
}
