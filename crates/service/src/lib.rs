//! The running system: versions of the model, the fit queue, the scoring pool, the memory rule. It knows no HTTP.
//!
//! ```text
//! request ─> ScoringPool ─> scoring threads ─> the version that serves
//! fit ─────> FitQueue ────> one thread, which may read the Source again ─> Versions (hot swap)
//! ```

mod backlog;
mod clock;
mod fits;
mod memory;
mod observer;
mod scoring_pool;
mod source;
mod system;
mod versions;

pub use clock::Clock;
pub use fits::{FitData, FitJobError, FitQueue, FitRequest, Fitted, HISTORY, Job, JobState, Reread};
pub use memory::NotEnoughMemory;
pub use observer::Observer;
pub use scoring_pool::{ScoringError, ScoringPool, ScoringThreads};
pub use source::{Origin, Source, SourceData, SourceError, SourceState};
pub use system::{Service, ServiceConfig};
pub use versions::{Activated, KEPT, Version, Versions};
