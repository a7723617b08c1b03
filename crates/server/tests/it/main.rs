//! The running server, asked over sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod bodies;
mod client;
mod endpoints;
mod endurance;
mod errors;
mod explanations;
mod keys;
mod properties;
mod replies;
mod room;
mod source;
