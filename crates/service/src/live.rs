//! What users did that no model holds yet: it counts in their next lists.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foretaste::dataset::Dataset;
use foretaste::interactions::Feedback;
use foretaste::recommend::Observed;
use foretaste_store::{EventKind, Meaning, NewEvent, Observation, Worth, worth};

/// Events by user, those that a model may lack. Reading one user's costs what that user did.
#[derive(Debug, Default)]
pub struct Live {
    users: RwLock<HashMap<String, Vec<LiveEvent>>>,
}

#[derive(Debug, Clone)]
struct LiveEvent {
    item: String,
    observation: Observation,
}

/// What one user did that a model lacks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Since {
    /// For each item what the user has to do with it by now, items in the order of their ids.
    pub observed: Vec<Observed>,
    /// How many events the model lacks.
    pub events: usize,
}

/// Whether events of a type are in no data set, and so are kept here for good: they only keep items out of lists.
fn is_left_out(kind: EventKind, feedback: Feedback) -> bool {
    let rules = kind.rules();
    match feedback {
        Feedback::Explicit { .. } => kind != EventKind::RATING,
        Feedback::Implicit => rules.meaning == Meaning::Negative || rules.weight <= 0.0,
    }
}

/// The types of events that no data set of such values holds.
#[must_use]
pub fn left_out(feedback: Feedback) -> Vec<EventKind> {
    EventKind::all().filter(|&kind| is_left_out(kind, feedback)).collect()
}

impl Live {
    /// Adds an event that is durable.
    pub fn add(&self, sequence: u64, event: &NewEvent) {
        let NewEvent { ref user, ref item, kind, value, time, .. } = *event;
        let observation = Observation { sequence, kind, value, time };
        let live = LiveEvent { item: item.clone(), observation };
        let mut users = self.write();
        match users.get_mut(user) {
            Some(events) => events.push(live),
            None => drop(users.insert(user.clone(), vec![live])),
        }
    }

    /// Forgets the events up to a sequence number, which every model that may serve holds by now.
    pub(crate) fn forget(&self, until: u64, feedback: Feedback) {
        let is_kept =
            |event: &LiveEvent| event.observation.sequence > until || is_left_out(event.observation.kind, feedback);
        self.write().retain(|_, events| {
            events.retain(is_kept);
            !events.is_empty()
        });
    }

    /// What a user did after the event of that sequence number, up to which a model was fitted to `data`.
    pub(crate) fn since(&self, user: &str, after: u64, data: &Dataset) -> Since {
        let users = self.read();
        let Some(events) = users.get(user) else { return Since::default() };
        let feedback = data.interactions.feedback();
        let is_new = |event: &&LiveEvent| event.observation.sequence > after;
        let counts = events.iter().filter(is_new).count();
        let mut events: Vec<LiveEvent> = events
            .iter()
            .filter(|event| is_new(event) || is_left_out(event.observation.kind, feedback))
            .cloned()
            .collect();
        drop(users);
        events.sort_by(|a, b| a.item.cmp(&b.item));
        let observed = events.chunk_by(|a, b| a.item == b.item).filter_map(|events| observed(user, events, data));
        Since { observed: observed.collect(), events: counts }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Vec<LiveEvent>>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Vec<LiveEvent>>> {
        self.users.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a user has to do with an item by the data and some events together; `None` where the data say it all.
fn observed(user: &str, events: &[LiveEvent], data: &Dataset) -> Option<Observed> {
    let [first, ..] = events else { return None };
    let (before, feedback) = (interaction(user, &first.item, data), data.interactions.feedback());
    let mut all: Vec<Observation> = events.iter().map(|event| event.observation).chain(before).collect();
    let (worth, time) = worth(&mut all, feedback);
    let value = match worth {
        Worth::Value(value) => Some(value),
        Worth::Seen | Worth::Negative => None,
    };
    let is_known = before.is_some_and(|before| value.is_some_and(|value| value.to_bits() == before.value.to_bits()));
    let is_later = data.interactions.times().is_some() && before.is_some_and(|before| before.time != time);
    (!is_known || is_later).then(|| Observed { item: first.item.clone(), value, time: time.unwrap_or(0) })
}

/// What the data say of a user and an item, as one event before all others.
fn interaction(user: &str, item: &str, data: &Dataset) -> Option<Observation> {
    let interactions = &data.interactions;
    let (user, item) = (interactions.user(user)?, interactions.item(item)?);
    let (items, values) = interactions.of(user);
    let at = items.binary_search(&item.0).ok()?;
    let kind = EventKind::of_data(interactions.feedback());
    Some(Observation { sequence: 0, kind, value: values[at], time: interactions.times_of(user).map(|times| times[at]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(user: &str, item: &str, kind: &str, value: f32, time: i64) -> NewEvent {
        let kind = EventKind::named(kind).unwrap();
        NewEvent { user: user.to_owned(), item: item.to_owned(), kind, value, time: Some(time), id: None }
    }

    fn demo() -> (Dataset, String, String, f32) {
        let data = Dataset::demo().unwrap();
        let user = data.interactions.users().name(0).to_owned();
        let (items, values) = data.interactions.of(foretaste::ids::UserIx(0));
        let item = data.interactions.items().name(items[0]).to_owned();
        let value = values[0];
        (data, user, item, value)
    }

    #[test]
    fn what_a_model_holds_is_not_said_twice() {
        let (data, user, item, value) = demo();
        let live = Live::default();
        let later = i64::MAX / 2;
        live.add(7, &event(&user, &item, "rating", value + 1.0, later));
        live.add(8, &event(&user, "new", "view", 1.0, later));
        live.add(9, &event("other", "new", "rating", 2.0, later));
        let since = live.since(&user, 6, &data);
        assert_eq!(since.events, 2);
        let observed = |item: &str, value| Observed { item: item.to_owned(), value, time: later };
        assert_eq!(since.observed, [observed(&item, Some(value + 1.0)), observed("new", None)]);
        // A view is in no data of ratings: it stays, and is no news.
        assert_eq!(live.since(&user, 8, &data), Since { observed: vec![observed("new", None)], events: 0 });
        live.forget(8, data.interactions.feedback());
        assert_eq!(live.since(&user, 0, &data).observed, [observed("new", None)]);
        assert_eq!(live.since("other", 8, &data).events, 1);
        live.forget(9, data.interactions.feedback());
        assert_eq!(live.since("other", 8, &data), Since::default());
    }

    #[test]
    fn an_older_rating_changes_nothing() {
        let (data, user, item, value) = demo();
        let live = Live::default();
        live.add(7, &event(&user, &item, "rating", value + 1.0, 0));
        let is_timed = data.interactions.times().is_some();
        assert_eq!(live.since(&user, 6, &data).observed.is_empty(), is_timed);
    }
}
