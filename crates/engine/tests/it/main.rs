//! Tests of the engine from outside, in one binary.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod explanations;
mod filters;
mod live;
mod model_file;
mod recommendations;
mod synthetic;
