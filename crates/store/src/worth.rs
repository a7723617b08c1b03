//! All events of one user and item as one interaction.

use foretaste_data::interactions::Feedback;

use crate::kind::{EventKind, Meaning, Merge};

/// An event of one user and item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The order in which events were written.
    pub sequence: u64,
    /// What it was.
    pub kind: EventKind,
    /// Its value.
    pub value: f32,
    /// When; `None` is before all times.
    pub time: Option<i64>,
}

/// What all events of one user and item are worth together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worth {
    /// An interaction with a value.
    Value(f32),
    /// Nothing that a model learns from; the user has seen the item.
    Seen,
    /// The user turned the item down.
    Negative,
}

/// What the events of one user and item are worth together, and the time of the last of them that counts. Where values are
/// ratings, that is the last rating. Else it is the sum over types of the weight times the merged value, if that is above
/// zero. An event that turns the item down goes before all others. The order of `events` does not matter.
#[must_use]
pub fn worth(events: &mut [Observation], feedback: Feedback) -> (Worth, Option<i64>) {
    // Sums are then in one order, whatever the order in which the events came.
    events.sort_unstable_by_key(|event| (event.kind, event.time, event.sequence));
    let latest = events.iter().filter_map(|event| event.time).max();
    if events.iter().any(|event| event.kind.rules().meaning == Meaning::Negative) {
        return (Worth::Negative, latest);
    }
    if let Feedback::Explicit { .. } = feedback {
        let rating = events.iter().rfind(|event| event.kind == EventKind::RATING);
        return rating.map_or((Worth::Seen, latest), |rating| (Worth::Value(rating.value), rating.time));
    }
    let total: f64 = events.chunk_by(|a, b| a.kind == b.kind).map(merged).sum();
    #[allow(clippy::cast_possible_truncation, reason = "rounds to the nearest, and is held to what is finite")]
    let total = total.min(f64::from(f32::MAX)) as f32;
    (if total > 0.0 { Worth::Value(total) } else { Worth::Seen }, latest)
}

/// The weighted value of the events of one type, of which there is one at least.
fn merged(events: &[Observation]) -> f64 {
    let [.., last] = events else { return 0.0 };
    let values = events.iter().map(|event| f64::from(event.value));
    let rules = last.kind.rules();
    let value = match rules.merge {
        #[allow(clippy::cast_precision_loss, reason = "exact below 2^52 events")]
        Merge::Count => events.len() as f64,
        Merge::Sum => {
            let mut values: Vec<f64> = values.collect();
            values.sort_unstable_by(f64::total_cmp);
            values.iter().sum()
        }
        Merge::Max => values.fold(f64::NEG_INFINITY, f64::max),
        Merge::Last => f64::from(last.value),
    };
    f64::from(rules.weight) * value
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Feedback = Feedback::Explicit { least: 1.0, most: 5.0 };

    fn event(sequence: u64, kind: &str, value: f32, time: Option<i64>) -> Observation {
        Observation { sequence, kind: EventKind::named(kind).unwrap(), value, time }
    }

    #[test]
    fn the_last_rating_counts_by_time_and_then_by_sequence() {
        let mut events =
            [event(1, "rating", 1.0, Some(20)), event(2, "rating", 2.0, Some(10)), event(3, "rating", 3.0, None)];
        assert_eq!(worth(&mut events, SCALE), (Worth::Value(1.0), Some(20)));
        let mut equal =
            [event(5, "rating", 5.0, Some(1)), event(4, "rating", 4.0, Some(1)), event(6, "view", 1.0, Some(9))];
        assert_eq!(worth(&mut equal, SCALE), (Worth::Value(5.0), Some(1)));
        assert_eq!(worth(&mut [event(1, "view", 1.0, Some(3))], SCALE), (Worth::Seen, Some(3)));
    }

    #[test]
    fn evidence_adds_up_over_types() {
        let mut events = [
            event(1, "view", 1.0, Some(1)),
            event(2, "view", 1.0, Some(2)),
            event(3, "purchase", 1.0, Some(3)),
            event(4, "play", 0.5, Some(4)),
            event(5, "play", 0.25, Some(9)),
            event(6, "interaction", 2.5, None),
        ];
        assert_eq!(worth(&mut events, Feedback::Implicit), (Worth::Value(2.0 + 8.0 + 0.5 + 2.5), Some(9)));
        events.reverse();
        assert_eq!(worth(&mut events, Feedback::Implicit), (Worth::Value(13.0), Some(9)));
        let mut skipped = [event(1, "view", 1.0, None), event(2, "skip", 1.0, None)];
        assert_eq!(worth(&mut skipped, Feedback::Implicit), (Worth::Seen, None));
        let mut disliked = [event(1, "purchase", 1.0, Some(1)), event(2, "dislike", 1.0, None)];
        assert_eq!(worth(&mut disliked, Feedback::Implicit), (Worth::Negative, Some(1)));
        assert_eq!(worth(&mut disliked, SCALE), (Worth::Negative, Some(1)));
    }
}
