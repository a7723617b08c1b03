//! foretaste as a library: ratings in, ranked lists out. Synchronous, silent, no sockets.
//!
//! The flow is the order of the rooms: [`ids`] name users and items, [`table`] cuts text into rows, [`ratings`] are what
//! was observed, the [`catalogue`] says what the items are, a [`dataset`] is both.

pub mod catalogue;
pub mod dataset;
pub mod ids;
pub mod ratings;
pub mod table;
