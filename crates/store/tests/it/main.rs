//! Tests of the stores from outside, in one binary: one suite that every store passes, and what is of one alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "what was left out, and what was measured")]

#[cfg(all(feature = "postgres", unix))]
mod cluster;
#[cfg(all(feature = "postgres", unix))]
mod postgres;
#[cfg(all(feature = "postgres", target_os = "linux"))]
mod speed;
mod sqlite;
mod suite;
