//! When a worker counts as hung: it has said nothing at several looks in a row, and it was not we who did not look.

use std::time::{Duration, Instant};

/// Between two looks; a worker says that it is alive three times in it.
const LOOK: Duration = Duration::from_secs(3);
/// Looks in a row at which a worker that is hung has said nothing.
const MISSES: u32 = 3;

/// How long a worker has said nothing when it counts as hung.
pub(super) const HUNG: Duration = LOOK.saturating_mul(MISSES);

/// The looks at all workers.
#[derive(Debug)]
pub(super) struct Looks {
    last: Instant,
}

/// What was heard of one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pulse {
    heard: bool,
    missed: u32,
}

/// Whether a look counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// What was not heard was missed.
    Counts,
    /// It comes late: this process did not run, because it or the machine was stopped. What the workers would have said is not known.
    Late,
}

impl Looks {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now }
    }

    /// When the next look is due.
    pub(super) fn next(&self) -> Instant {
        self.last + LOOK
    }

    /// A look, if one is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<Look> {
        let since = now.saturating_duration_since(self.last);
        if since < LOOK {
            return None;
        }
        self.last = now;
        Some(if since < LOOK * 3 / 2 { Look::Counts } else { Look::Late })
    }
}

impl Pulse {
    /// The worker has said that it is alive.
    pub(super) fn hear(&mut self) {
        self.heard = true;
    }

    /// Notes a look; whether the worker is hung.
    pub(super) fn look(&mut self, look: Look) -> bool {
        if self.heard {
            self.missed = 0;
        } else if look == Look::Counts {
            self.missed += 1;
        }
        self.heard = false;
        self.missed >= MISSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which a worker that speaks at some is found hung by a supervisor that runs at others.
    fn hung(speaks: impl Fn(u64) -> bool, runs: impl Fn(u64) -> bool, seconds: u64) -> Vec<u64> {
        let begin = Instant::now();
        let (mut looks, mut pulse, mut found) = (Looks::new(begin), Pulse::default(), Vec::new());
        for second in 1..=seconds {
            if speaks(second) {
                pulse.hear();
            }
            if runs(second)
                && let Some(look) = looks.due(begin + Duration::from_secs(second))
                && pulse.look(look)
            {
                found.push(second);
            }
        }
        found
    }

    #[test]
    fn three_looks_without_a_word_are_a_hang() {
        assert_eq!(hung(|_| false, |_| true, 9), [9]);
        assert_eq!(hung(|second| second <= 4, |_| true, 15), [15], "the look after the last word counts it");
        assert!(hung(|_| true, |_| true, 100).is_empty());
        assert!(hung(|second| second % 8 == 0, |_| true, 100).is_empty(), "a worker that is slow is not hung");
    }

    #[test]
    fn a_pause_of_the_supervisor_or_of_the_machine_is_not_the_workers() {
        let paused = |second| (10..40).contains(&second);
        assert!(hung(|second| !paused(second), |second| !paused(second), 100).is_empty(), "the machine stood still");
        assert!(
            hung(|second| second < 10, |second| !paused(second), 45).is_empty(),
            "the supervisor alone has to look again"
        );
        assert!(hung(|_| false, |second| second % 5 == 0, 100).is_empty(), "it never looks in time");
    }
}
