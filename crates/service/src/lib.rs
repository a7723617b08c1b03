//! The running system: versions of the model, the fit queue, the scoring pool, the memory rule. It knows no HTTP.
//!
//! ```text
//! request ─> ScoringPool ─> scoring threads ─> the version that serves
//! fit ─────> FitQueue ────> one thread, which may read the Source again ─> Versions (hot swap)
//! events ──> Writes ──────> one thread, all that waits in one transaction ─> Live, which the next list has
//! ```

mod backlog;
mod clock;
mod fits;
mod live;
mod memory;
mod observer;
mod schedule;
mod scoring_pool;
mod source;
mod stored;
mod system;
mod versions;
mod writes;

pub use clock::Clock;
pub use fits::{FitData, FitJobError, FitQueue, FitRequest, Fitted, HISTORY, Job, JobState, Reread};
pub use foretaste_store::{Appended, EventKind, NewEvent, Store, StoreError};
pub use live::{Live, Since, left_out};
pub use memory::NotEnoughMemory;
pub use observer::Observer;
pub use schedule::Schedule;
pub use scoring_pool::{ScoringError, ScoringPool, ScoringThreads};
pub use source::{Origin, Source, SourceData, SourceError, SourceState};
pub use system::{Service, ServiceConfig};
pub use versions::{Activated, KEPT, Version, Versions};
pub use writes::{WriteError, Writes};
