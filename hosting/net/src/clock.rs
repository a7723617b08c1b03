//! When a connection has had its time: idle, sending a head, or not reading an answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::limits::{Limits, WRITE_RATE};

/// How long a client that has just come may take to send something, however many others wait for its place.
const NEW: Duration = Duration::from_secs(1);

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first byte of the next request.
    Idle(Instant),
    /// The rest of a request's head.
    Head(Instant),
    /// The service; it has its own time-outs.
    Busy,
    /// The socket, to take the answer that the service gave.
    Answered,
    /// Nothing: it makes room for another connection.
    GivenWay,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    blocked: Option<Blocked>,
}

/// A write that the socket would not take whole.
#[derive(Debug)]
struct Blocked {
    since: Instant,
    written: usize,
}

/// The state of one connection's time-outs. Shared by its stream, its service and its driver, which all run in one
/// task, so that the lock is never contended.
#[derive(Debug)]
pub(crate) struct Clock {
    header: Duration,
    idle: Duration,
    write: Duration,
    state: Mutex<State>,
    way: Notify,
}

impl Clock {
    /// A connection that was just accepted: its first head is due.
    pub(crate) fn new(limits: &Limits) -> Self {
        let state = State { phase: Phase::Head(Instant::now()), blocked: None };
        Self {
            header: limits.header,
            idle: limits.idle,
            write: limits.write,
            state: Mutex::new(state),
            way: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes arrived: an idle connection begins a head.
    pub(crate) fn received(&self) {
        let mut state = self.state();
        if let Phase::Idle(_) = state.phase {
            state.phase = Phase::Head(Instant::now());
        }
    }

    /// A whole head arrived and went to the service.
    pub(crate) fn busy(&self) {
        self.turn(Phase::Busy);
    }

    /// The service answered; the bytes are still to be written.
    pub(crate) fn answered(&self) {
        self.turn(Phase::Answered);
    }

    fn turn(&self, phase: Phase) {
        let mut state = self.state();
        if state.phase != Phase::GivenWay {
            state.phase = phase;
        }
    }

    /// The socket took `bytes` of an answer.
    pub(crate) fn wrote(&self, bytes: usize) {
        if let Some(blocked) = &mut self.state().blocked {
            blocked.written = blocked.written.saturating_add(bytes);
        }
    }

    /// The socket took nothing: the client does not read.
    pub(crate) fn blocked(&self) {
        self.state().blocked.get_or_insert_with(|| Blocked { since: Instant::now(), written: 0 });
    }

    /// Whether the socket holds what the client does not read.
    pub(crate) fn is_blocked(&self) -> bool {
        self.state().blocked.is_some()
    }

    /// Everything written so far is with the system.
    pub(crate) fn flushed(&self) {
        let mut state = self.state();
        state.blocked = None;
        if state.phase == Phase::Answered {
            state.phase = Phase::Idle(Instant::now());
        }
    }

    /// Since when the connection waits for its client, which would lose nothing but time if it were closed; a client that has
    /// just come, or has begun to send, is not given up at once.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        match self.state().phase {
            Phase::Idle(since) => Some(since),
            Phase::Head(since) => Some(since).filter(|since| since.elapsed() >= NEW),
            Phase::Busy | Phase::Answered | Phase::GivenWay => None,
        }
    }

    /// Closes the connection if it still waits for its client. Whether it did.
    pub(crate) fn give_way(&self) -> bool {
        let mut state = self.state();
        let waits = matches!(state.phase, Phase::Idle(_) | Phase::Head(_));
        if waits {
            state.phase = Phase::GivenWay;
            self.way.notify_one();
        }
        waits
    }

    /// Resolves when the connection has to make room for another.
    pub(crate) async fn given_way(&self) {
        while self.state().phase != Phase::GivenWay {
            self.way.notified().await;
        }
    }

    /// When to close the connection, as things stand; `None` while the service works.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        if let Some(blocked) = &state.blocked {
            let allowance = blocked.written as f64 / f64::from(WRITE_RATE);
            return Some(blocked.since + self.write + Duration::from_secs_f64(allowance));
        }
        match state.phase {
            Phase::Idle(since) => Some(since + self.idle),
            Phase::Head(since) => Some(since + self.header),
            Phase::Busy | Phase::Answered | Phase::GivenWay => None,
        }
    }

    /// The longest that the driver may sleep before it looks again.
    pub(crate) fn longest(&self) -> Duration {
        self.idle.max(self.header).max(self.write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            header: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(7),
            ..Limits::default()
        }
    }

    fn seconds_left(clock: &Clock) -> Option<u64> {
        clock.deadline().map(|at| (at - Instant::now()).as_secs_f64().round() as u64)
    }

    #[test]
    fn each_phase_has_its_own_deadline() {
        let clock = Clock::new(&limits());
        assert_eq!(seconds_left(&clock), Some(5));
        clock.busy();
        assert_eq!(seconds_left(&clock), None);
        clock.received();
        assert_eq!(seconds_left(&clock), None, "bytes of a body are not a head");
        clock.flushed();
        assert_eq!(seconds_left(&clock), None, "an interim response is not the answer");
        clock.answered();
        clock.flushed();
        assert_eq!(seconds_left(&clock), Some(30));
        clock.received();
        assert_eq!(seconds_left(&clock), Some(5));
    }

    #[test]
    fn a_blocked_answer_is_due_by_its_size() {
        let clock = Clock::new(&limits());
        clock.busy();
        clock.answered();
        clock.blocked();
        assert_eq!(seconds_left(&clock), Some(7));
        clock.wrote(3 * WRITE_RATE as usize);
        clock.blocked();
        assert_eq!(seconds_left(&clock), Some(10));
        clock.flushed();
        assert_eq!(seconds_left(&clock), Some(30));
    }
}
