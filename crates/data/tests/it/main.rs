//! Tests of reading from outside, in one binary.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod as_before;
mod catalogue;
mod compressed_files;
mod dialects;
mod folders;
mod generated_files;
mod headers;
mod layouts;
mod logs;
mod nasty_files;
mod packed;
mod real_data;
mod typed_columns;
