//! Events, on their way in and out.

use crate::kind::EventKind;

/// An event that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Who did it.
    pub user: String,
    /// With what.
    pub item: String,
    /// What it was.
    pub kind: EventKind,
    /// Its value; 1 where it has none. Finite.
    pub value: f32,
    /// When, in milliseconds since 1970 (UTC); `None` where that is not known, which is before all that is known.
    pub time: Option<i64>,
    /// A name that the sender gave it: an event of a name that is there already is not written again.
    pub id: Option<String>,
}

/// What became of an event that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is there, under that sequence number.
    New(u64),
    /// An event of its name was there already.
    Known,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Counts up; the order in which events were written.
    pub sequence: u64,
    /// The event.
    pub event: NewEvent,
}
