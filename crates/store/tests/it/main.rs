//! Tests of the stores from outside, in one binary: one suite that every store passes, and what is of one alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod sqlite;
mod suite;
