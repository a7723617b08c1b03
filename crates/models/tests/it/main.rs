//! Tests of the models from outside, in one binary.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod contract;
mod explanations;
mod params;
mod sasrec;
