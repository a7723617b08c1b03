//! foretaste as a library: ratings in, ranked lists out. Synchronous, silent, no sockets.
//!
//! The flow is the order of the rooms: [`ids`] name users and items, [`table`] cuts text into rows, [`ratings`] are what
//! was observed, the [`catalogue`] says what the items are, a [`dataset`] is both; [`models`] score, a
//! [`recommend::Recommender`] ranks, and an [`artifact`] is a recommender as a file.

pub mod artifact;
mod atomic;
pub mod catalogue;
pub mod dataset;
pub mod ids;
pub mod models;
pub mod ratings;
pub mod recommend;
pub mod table;
