//! Tests of the stores from outside, in one binary: one suite that every store passes, and what is of one alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

#[cfg(all(feature = "postgres", unix))]
mod cluster;
#[cfg(all(feature = "postgres", unix))]
mod postgres;
mod sqlite;
mod suite;
