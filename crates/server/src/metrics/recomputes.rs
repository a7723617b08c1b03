//! The tutorial's figures: how many recomputations there were and how long they took.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// Recomputations remembered one by one.
const LAST_CALLS: usize = 20;

/// Counts the answered calls of `POST /recompute_svd`.
#[derive(Debug, Default)]
pub(crate) struct Recomputes {
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    requests: u64,
    total: Duration,
    last: VecDeque<u64>,
}

/// The figures, in whole milliseconds.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct RecomputeFigures {
    /// Recomputations answered.
    pub(crate) requests: u64,
    /// Mean duration in milliseconds, rounded down; 0 before the first.
    pub(crate) average: u64,
    /// Sum of the durations in milliseconds.
    pub(crate) total_time: u64,
    /// Durations of the last 20 in milliseconds, newest first.
    pub(crate) last_calls: Vec<u64>,
}

impl Recomputes {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes one answered call.
    pub(crate) fn record(&self, took: Duration) {
        let mut calls = self.calls();
        calls.requests += 1;
        calls.total += took;
        calls.last.truncate(LAST_CALLS - 1);
        calls.last.push_front(milliseconds(took));
    }

    pub(crate) fn figures(&self) -> RecomputeFigures {
        let calls = self.calls();
        let total_time = milliseconds(calls.total);
        RecomputeFigures {
            requests: calls.requests,
            average: total_time.checked_div(calls.requests).unwrap_or(0),
            total_time,
            last_calls: calls.last.iter().copied().collect(),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_call_everything_is_zero() {
        let none = RecomputeFigures { requests: 0, average: 0, total_time: 0, last_calls: vec![] };
        assert_eq!(Recomputes::default().figures(), none);
    }

    #[test]
    fn the_last_twenty_are_kept_newest_first() {
        let recomputes = Recomputes::default();
        (1..=25).for_each(|ms| recomputes.record(Duration::from_millis(ms)));
        let figures = recomputes.figures();
        assert_eq!((figures.requests, figures.average, figures.total_time), (25, 13, 325));
        assert_eq!(figures.last_calls, (6..=25).rev().collect::<Vec<u64>>());
    }

    #[test]
    fn fractions_of_a_millisecond_add_up() {
        let recomputes = Recomputes::default();
        (0..4).for_each(|_| recomputes.record(Duration::from_micros(500)));
        assert_eq!((recomputes.figures().total_time, recomputes.figures().last_calls[0]), (2, 0));
    }
}
