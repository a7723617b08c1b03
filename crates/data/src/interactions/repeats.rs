//! Several events of one user and item as one interaction.

use serde::{Deserialize, Serialize};

/// What becomes of several rows of one user and item. The time kept is always that of the last of them.
///
/// Last and first go by time where times are known, and by the order in the file among equal times or without any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// The last value.
    #[default]
    Last,
    /// The first value.
    First,
    /// The highest value.
    Max,
    /// The sum of the values.
    Sum,
    /// How many rows there are.
    Count,
}

impl Repeat {
    /// All ways, for lists of them.
    pub const ALL: [Self; 5] = [Self::Last, Self::First, Self::Max, Self::Sum, Self::Count];

    /// Whether values grow with every further row, which makes them counts.
    #[must_use]
    pub fn adds_up(self) -> bool {
        matches!(self, Self::Sum | Self::Count)
    }

    /// The value of events in the order of time; at least one. Sums do not depend on the order: the values are sorted
    /// first, and added in f64.
    pub(super) fn value(self, events: &mut [Event]) -> f32 {
        let (first, last) = match events {
            [] => return 0.0,
            [first, .., last] => (first.value, last.value),
            [only] => (only.value, only.value),
        };
        match self {
            Self::Last => last,
            Self::First => first,
            Self::Max => events.iter().map(|event| event.value).fold(first, f32::max),
            Self::Sum if events.len() == 1 => first,
            Self::Sum => {
                events.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
                let sum: f64 = events.iter().map(|event| f64::from(event.value)).sum();
                #[allow(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
                let sum = sum as f32;
                sum + 0.0
            }
            #[allow(clippy::cast_precision_loss, reason = "exact below 2^24 rows of one user and item")]
            Self::Count => events.len() as f32,
        }
    }
}

/// One row, within those of its user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) column: u32,
    pub(super) time: i64,
    pub(super) value: f32,
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "small whole numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn every_way_gives_its_value() {
        let values = [2.0, 5.0, 1.0];
        let found =
            Repeat::ALL.map(|repeat| repeat.value(&mut values.map(|value| Event { column: 0, time: 0, value })));
        assert_eq!(found.map(f32::to_bits), [1.0, 2.0, 5.0, 8.0, 3.0].map(f32::to_bits));
        let one = Repeat::ALL.map(|repeat| repeat.value(&mut [Event { column: 0, time: 0, value: 4.0 }]));
        assert_eq!(one.map(f32::to_bits), [4.0, 4.0, 4.0, 4.0, 1.0].map(f32::to_bits));
    }

    #[test]
    fn a_sum_does_not_depend_on_the_order() {
        let mut values: Vec<f32> = (0..100u8).map(|n| f32::from(n).exp2() * 0.1).collect();
        let events = |values: &[f32]| -> Vec<Event> {
            values.iter().map(|&value| Event { column: 0, time: 0, value }).collect()
        };
        let forwards = Repeat::Sum.value(&mut events(&values));
        values.reverse();
        assert_eq!(Repeat::Sum.value(&mut events(&values)).to_bits(), forwards.to_bits());
    }
}
