//! The HTTP service of foretaste: status codes, JSON, queueing, hot swap. How a score is made is the engine's business.
//!
//! ```text
//! socket ─> foretaste-net (caps, time-outs) ─> edge (bounds, ids, panics) ─> routes ─> door ─> scoring threads ─> Recommender
//!                                                                    └────> fits (one thread) ─> registry (hot swap)
//! ```

mod app;
mod config;
mod door;
mod edge;
mod error;
mod extract;
mod fits;
mod metrics;
#[cfg(test)]
mod overload_tests;
mod registry;
mod routes;
mod server;

pub use config::ServerConfig;
pub use foretaste_net::{LimitError, Limits, WRITE_RATE};
pub use routes::openapi;
pub use server::{Server, ServerError};
