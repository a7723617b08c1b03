//! The HTTP service of foretaste: status codes and JSON around the running system of `foretaste-service`.
//!
//! ```text
//! socket ─> foretaste-net (caps, time-outs) ─> middleware (bounds, ids, panics) ─> routes ─> foretaste-service
//! ```

mod api;
mod app;
mod config;
mod error;
mod extract;
mod metrics;
#[cfg(test)]
mod overload_tests;
mod routes;
mod server;

pub use config::ServerConfig;
pub use foretaste_net::{LimitError, Limits, WRITE_RATE};
pub use foretaste_service::Schedule;
pub use foretaste_service::{Origin, Source, SourceData, SourceError, SourceState};
pub use routes::openapi;
pub use server::{Reloader, Server, ServerError};
