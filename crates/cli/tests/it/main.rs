//! The binary from outside: what it prints, what it serves, how it ends.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop at the first surprise")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod ahead;
mod commands;
mod download;
mod pairs;
mod program;
mod serve;
mod service;
mod tutorial;
mod words;
