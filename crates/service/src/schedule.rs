//! When a service fits anew without being asked: after a time, or after a number of events.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After a fit that came to nothing, the next one begins no sooner.
const LEAST: Duration = Duration::from_secs(60);

/// When to fit anew; only ever to data that have changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Schedule {
    /// So long after the last fit.
    pub every: Option<Duration>,
    /// After so many events that the model does not hold.
    pub after: Option<u64>,
}

/// A schedule, and when it was last followed.
#[derive(Debug, Default)]
pub(crate) struct Scheduled {
    schedule: Schedule,
    last: Mutex<Option<Last>>,
}

/// A fit that the schedule asked for.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: Instant,
    /// The version that served then: where it still does, the fit came to nothing.
    serving: u64,
}

impl Scheduled {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self { schedule, last: Mutex::new(None) }
    }

    /// Whether to fit now: the version of that number serves, was fitted so long ago, and lacks that many events.
    pub(crate) fn is_due(&self, now: Instant, serving: u64, age: Duration, events: u64) -> bool {
        let Schedule { every, after } = self.schedule;
        let is_old = every.is_some_and(|every| age >= every);
        let is_behind = after.is_some_and(|after| events >= after);
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let came_to_nothing = last.is_some_and(|last| last.serving == serving && now.duration_since(last.at) < LEAST);
        !came_to_nothing && (is_old || is_behind)
    }

    /// A fit was asked for, while the version of that number served.
    pub(crate) fn followed(&self, now: Instant, serving: u64) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Last { at: now, serving });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_after_a_time_or_a_number_of_events_and_waits_after_a_failure() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let schedule = Scheduled::new(Schedule { every: Some(second * 3600), after: Some(100) });
        assert!(!schedule.is_due(now, 1, second, 99));
        assert!(schedule.is_due(now, 1, second, 100));
        assert!(schedule.is_due(now, 1, second, 100), "nothing was asked for yet");
        schedule.followed(now, 1);
        // It still serves: the fit runs, or came to nothing.
        assert!(!schedule.is_due(now + second * 59, 1, second, 200));
        assert!(schedule.is_due(now + second * 60, 1, second, 200));
        assert!(schedule.is_due(now + second * 61, 2, second * 3600, 0), "another version serves, and is old");
        assert!(!Scheduled::default().is_due(now, 1, second * 1_000_000, u64::MAX));
    }
}
