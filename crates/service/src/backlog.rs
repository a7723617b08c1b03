//! How long requests wait: foreseen for one that comes, and allowed for one that has waited.
//!
//! A request is refused only when what waits before it would make it late, by the mean run time of those before; a queue
//! that is bounded by a count alone refuses a burst that would be done in a moment. How long one may have waited follows Ben
//! Maurer, "Fail at Scale" (ACM Queue 13(8), 2015), section "Controlled Delay": a queue that was empty a moment ago is a burst
//! or a pause of the machine, and what waits in it is answered; a queue that stands is an overload, and what waited longer than
//! the limit is dropped, so that the rest is answered in time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many times the longest wait a queue must have stood for an overload, and the longest wait before that: one second by
/// default. The source has 100 ms to 5 ms.
const STANDS: u32 = 50;
/// The weight of the last run in the mean, as a divisor.
const LAST: u64 = 16;
/// One run counts at most this many times the mean: a thread that was not let run says nothing about the next.
const MOST: u64 = 2;

/// What waits for the scoring threads, in time.
#[derive(Debug)]
pub(crate) struct Backlog {
    wait: Duration,
    threads: u64,
    begin: Instant,
    /// When a request last met an empty queue, in nanoseconds since the beginning.
    empty: AtomicU64,
    /// The mean run time in nanoseconds; 0 before the first run.
    run: AtomicU64,
}

impl Backlog {
    pub(crate) fn new(wait: Duration, threads: usize, begin: Instant) -> Self {
        let threads = threads.max(1) as u64;
        Self { wait, threads, begin, empty: AtomicU64::new(0), run: AtomicU64::new(0) }
    }

    /// The wait of a request that comes behind so many, where it is too long.
    pub(crate) fn too_long(&self, waiting: usize) -> Option<Duration> {
        let run = self.run.load(Ordering::Relaxed);
        let foreseen = Duration::from_nanos(run.saturating_mul(waiting as u64) / self.threads);
        (foreseen > self.wait).then_some(foreseen)
    }

    /// A request was scored.
    pub(crate) fn ran(&self, took: Duration) {
        // Two threads at once lose one of their runs, which the mean does not feel.
        let (took, mean) = (nanoseconds(took), self.run.load(Ordering::Relaxed));
        // The first run, which finds nothing in the caches, counts no more than any other.
        let most = if mean == 0 { took } else { mean.saturating_mul(MOST) };
        self.run.store((mean - mean / LAST + took.min(most) / LAST).max(LAST), Ordering::Relaxed);
    }

    /// A request meets an empty queue.
    pub(crate) fn queue_is_empty(&self, now: Instant) {
        self.empty.store(self.since_begin(now), Ordering::Relaxed);
    }

    /// How long a request may have waited, now.
    pub(crate) fn longest(&self, now: Instant) -> Duration {
        let long = self.wait * STANDS;
        let stands = self.since_begin(now).saturating_sub(self.empty.load(Ordering::Relaxed));
        if Duration::from_nanos(stands) > long { self.wait } else { long }
    }

    fn since_begin(&self, now: Instant) -> u64 {
        nanoseconds(now.saturating_duration_since(self.begin))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn backlog(threads: usize) -> Backlog {
        Backlog::new(20 * MS, threads, Instant::now())
    }

    fn ran(backlog: &Backlog, took: Duration) {
        (0..300).for_each(|_| backlog.ran(took));
    }

    #[test]
    fn a_request_is_late_when_what_waits_takes_longer_than_the_limit() {
        for threads in [1, 4] {
            let backlog = backlog(threads);
            assert_eq!(backlog.too_long(1_000_000), None, "nothing is known before the first run");
            ran(&backlog, 2 * MS);
            assert_eq!(backlog.too_long(10 * threads), None, "the limit itself");
            let foreseen = backlog.too_long(11 * threads).unwrap();
            assert!(foreseen.abs_diff(22 * MS) < MS / 100, "{foreseen:?}");
        }
        let quick = backlog(1);
        ran(&quick, Duration::from_micros(50));
        assert_eq!(quick.too_long(400), None, "a burst of short runs is no backlog");
    }

    #[test]
    fn the_mean_follows_the_runs_and_one_that_was_held_up_hardly_moves_it() {
        let backlog = backlog(1);
        backlog.ran(100 * MS);
        assert_eq!(backlog.too_long(3), None, "one run, of cold caches");
        ran(&backlog, MS);
        backlog.ran(500 * MS);
        assert_eq!(backlog.too_long(18), None, "a mean of 1.06 ms");
        assert!(backlog.too_long(19).is_some());
        ran(&backlog, 10 * MS);
        assert_eq!(backlog.too_long(2), None);
        assert!(backlog.too_long(3).is_some());
        ran(&backlog, Duration::ZERO);
        assert_eq!(backlog.too_long(1000), None);
    }
}
