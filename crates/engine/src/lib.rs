//! foretaste as a library: interactions in, ranked lists out. Synchronous, silent, no sockets.
//!
//! The flow is the order of the rooms: [`ids`] name users and items, [`table`] cuts text into rows, [`interactions`] are
//! what was observed, the [`catalogue`] says what the items are, a [`dataset`] is both; [`models`] score, a
//! [`recommend::Recommender`] ranks, and an [`artifact`] is a recommender as a file.

pub mod artifact;
pub mod recommend;

pub use foretaste_data::{catalogue, dataset, ids, interactions, random, table};
pub use foretaste_models as models;
