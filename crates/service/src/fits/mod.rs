//! Fits in the background: one runs, one may wait, equal ones are one.

mod error;
mod job;
mod queue;
mod run;

pub use error::FitJobError;
pub use job::{FitData, FitRequest, Fitted, Job, JobState, Reread};
pub use queue::{FitQueue, HISTORY};
