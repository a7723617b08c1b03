//! What every store does.

use std::fmt::Debug;
use std::ops::ControlFlow;

use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::Feedback;

use crate::error::{Place, StoreError};
use crate::event::{Appended, Event, NewEvent};
use crate::kind::EventKind;

/// What a store is of.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct About {
    /// The source that was imported: a path, or the name of a published data set.
    pub source: String,
    /// The name of the data for people.
    pub name: String,
    /// The hash of what was imported.
    pub data_hash: String,
    /// What the values are.
    pub feedback: Feedback,
    /// Whether times count: those of the source were known.
    pub has_times: bool,
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Events that are there because of it.
    pub events: u64,
    /// Of them, those that an earlier, broken import had written.
    pub resumed: u64,
}

/// Is told how many events of all were written; may break off.
pub type Progress<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// Something in a store that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

/// Events, users and items, kept for good. One process at a time writes to it.
pub trait Store: Debug + Send + Sync {
    /// Where it is, for people: without a password.
    fn place(&self) -> Place;

    /// What it is of; `None` before an import is done.
    ///
    /// # Errors
    /// The store cannot be read.
    fn about(&self) -> Result<Option<About>, StoreError>;

    /// Writes a data set: one event for each interaction, and what is known of items and users. An import that was broken off
    /// goes on where it was. O(interactions).
    ///
    /// # Errors
    /// The store holds something else, cannot be written, or `progress` breaks off.
    fn import(&self, source: &str, data: &Dataset, progress: &mut Progress<'_>) -> Result<Imported, StoreError>;

    /// Writes events, all or none of them, and returns when they are durable: they are found again after a loss of power.
    /// What became of each is told in their order.
    ///
    /// # Errors
    /// The disk is full, or the store cannot be written.
    fn append(&self, events: &[NewEvent]) -> Result<Vec<Appended>, StoreError>;

    /// The highest sequence number; 0 before the first event.
    fn sequence(&self) -> u64;

    /// Gives the events after a sequence number, in their order.
    ///
    /// # Errors
    /// The store cannot be read or is damaged.
    fn since(&self, after: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError>;

    /// Gives the events of some types up to a sequence number, in their order.
    ///
    /// # Errors
    /// The store cannot be read or is damaged.
    fn of_kinds(&self, kinds: &[EventKind], until: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError>;

    /// The events up to a sequence number as a data set: users and items in id order, as from a file of the same events.
    /// `is_cancelled` is asked now and then. O(events log events).
    ///
    /// # Errors
    /// The store cannot be read, is damaged, or the reading was cancelled.
    fn snapshot(&self, until: u64, is_cancelled: &dyn Fn() -> bool) -> Result<Dataset, StoreError>;

    /// Reads everything and names what is not as it was written.
    ///
    /// # Errors
    /// The store cannot be read.
    fn check(&self) -> Result<Vec<Fault>, StoreError>;
}
