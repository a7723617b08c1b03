//! foretaste as a library: ratings in, ranked lists out. Synchronous, silent, no sockets.
//!
//! The flow is the order of the rooms: [`ids`] name users and items.

pub mod ids;
