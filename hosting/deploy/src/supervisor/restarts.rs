//! How long a replica that ended waits until it is started again.

use std::time::Duration;

/// A replica that answered for less has not worked, however short its pause was.
const LEAST: Duration = Duration::from_secs(1);

/// The pause after a number of ends in a row: 100 ms, doubled up to 30 s.
pub(super) fn delay_after(failures: u32) -> Duration {
    Duration::from_millis(100).saturating_mul(1 << failures.min(9)).min(Duration::from_secs(30))
}

/// Whether a replica that answered for a time, after a number of ends in a row, is no longer one that keeps ending: it answered
/// for twice the pause that would follow. So a service that is killed again and again answers most of the time, and one that ends as
/// soon as it is ready is started ever more rarely.
pub(super) fn has_worked(answered: Duration, failures: u32) -> bool {
    answered >= LEAST && answered >= delay_after(failures) * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses of a replica that answers for a time and ends, again and again.
    fn pauses(answered: Duration, ends: usize) -> Vec<u128> {
        let mut failures = 0;
        let mut pause = || {
            if has_worked(answered, failures) {
                failures = 0;
            }
            failures += 1;
            delay_after(failures - 1).as_millis()
        };
        (0..ends).map(|_| pause()).collect()
    }

    #[test]
    fn what_keeps_ending_is_started_ever_later_and_at_least_every_half_minute() {
        let ends = pauses(Duration::from_millis(500), 41);
        assert_eq!([0, 1, 2, 8, 9, 40].map(|end| ends[end]), [100, 200, 400, 25_600, 30_000, 30_000]);
    }

    #[test]
    fn what_answered_for_longer_than_it_was_away_is_started_at_once() {
        assert_eq!(pauses(Duration::from_secs(3), 7), [100; 7], "seven kills in twenty seconds");
        assert_eq!(pauses(Duration::from_secs(1), 5), [100; 5]);
        assert!(!has_worked(Duration::from_secs(3), 5), "a pause of 3.2 s has to be earned");
    }
}
