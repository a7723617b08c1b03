//! The days on which there were interactions: a feature of each interaction, beside its user and its item.

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Days since 1970 (UTC) that have an interaction, rising; none where a day says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Days(Vec<i64>);

impl Days {
    /// The days of these times. A single day tells nothing from nothing, and is none.
    pub(crate) fn of(times: &[i64]) -> Self {
        let mut days: Vec<i64> = times.iter().map(|time| time.div_euclid(DAY)).collect();
        days.sort_unstable();
        days.dedup();
        if days.len() < 2 {
            days.clear();
        }
        days.shrink_to_fit();
        Self(days)
    }

    /// Days that were saved; `None` where they do not rise.
    pub(crate) fn saved(days: Vec<i64>) -> Option<Self> {
        (days.is_sorted_by(|a, b| a < b) && days.len() != 1).then_some(Self(days))
    }

    pub(crate) fn list(&self) -> &[i64] {
        &self.0
    }

    /// The place of the latest day that is not after a time; the last one where no time is known. A time before the first day is
    /// none: histories that a request states have their places for times. `None` where there are no days.
    pub(crate) fn place(&self, time: Option<i64>) -> Option<usize> {
        let last = self.0.len().checked_sub(1)?;
        let Some(time) = time else { return Some(last) };
        let day = time.div_euclid(DAY);
        Some(self.0.partition_point(|&known| known <= day).checked_sub(1).unwrap_or(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_of_the_latest_day_that_is_known_and_not_after_it() {
        let days = Days::of(&[5 * DAY + 3, 2 * DAY, 5 * DAY, -DAY, 9 * DAY]);
        assert_eq!(days.list(), [-1, 2, 5, 9]);
        for (time, place) in [(-DAY, 0), (DAY, 0), (3 * DAY - 1, 1), (5 * DAY, 2), (9 * DAY, 3), (99 * DAY, 3)] {
            assert_eq!(days.place(Some(time)), Some(place), "{time}");
        }
        assert_eq!((days.place(None), days.place(Some(-2 * DAY))), (Some(3), Some(3)));
        assert_eq!(Days::of(&[1, 2]).place(Some(1)), None);
        assert_eq!(Days::saved(vec![3, 3]), None);
        assert_eq!(Days::saved(vec![3]), None);
    }
}
