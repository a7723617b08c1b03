//! What happened, kept for good: events of users and items, acknowledged when they are durable.
//!
//! ```text
//! NewEvent ─> append ─> one transaction, synced ─> Appended       snapshot ─> Dataset ─> fit
//!                                                  └> since ─> what a model does not know yet
//! ```
//!
//! A [`Store`] knows ids and events, and nothing of models or HTTP. Inside, users and items have numbers of their own, which
//! never change; the dense indices of a [`Dataset`](foretaste_data::dataset::Dataset) are made by a snapshot.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod catalogue;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod checksum;
mod error;
mod event;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod importing;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod kept;
mod kind;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod snapshot;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod worth;

#[cfg(feature = "postgres")]
pub use crate::postgres::PostgresStore;
pub use error::{Place, StoreError};
pub use event::{Appended, Event, NewEvent};
pub use kind::{EventKind, Meaning, Merge, Rules};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteReader, SqliteStore};
pub use store::{About, Fault, Imported, Progress, Store};
pub use worth::{Observation, Worth, worth};
