//! One fit that was asked for, from the queue to its end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foretaste::models::ModelParams;
use jiff::Timestamp;
use tokio::sync::watch;

use super::FitJobError;
use crate::source::SourceState;

/// What to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitRequest {
    /// The parameters.
    pub params: ModelParams,
    /// The data.
    pub data: FitData,
}

/// Which data to fit a model to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitData {
    /// The data of the version that serves.
    Loaded,
    /// The source, read again where it has changed since the data of the version that serves was read.
    Source,
    /// As `Source`; a source that is a fitted model is served as it is, without a fit.
    Reload,
}

/// A fit that was asked for.
#[derive(Debug)]
pub struct Job {
    /// Counts up from 1.
    pub number: u64,
    /// `j` and the number.
    pub id: String,
    /// What was asked for.
    pub request: FitRequest,
    /// When it was asked for.
    pub queued_at: Timestamp,
    thousandths: AtomicU32,
    state: watch::Sender<JobState>,
    /// The state of the source that the job works with, once it has looked.
    seen: Mutex<Option<Option<SourceState>>>,
}

/// Where a job stands.
#[derive(Debug, Clone)]
pub enum JobState {
    /// It waits for another fit.
    Queued,
    /// It runs.
    Running {
        /// Since when.
        started_at: Timestamp,
    },
    /// Its model was published.
    Succeeded {
        /// What came of it.
        fitted: Fitted,
        /// When it ended.
        finished_at: Timestamp,
    },
    /// It came to nothing.
    Failed {
        /// Why.
        error: FitJobError,
        /// When it ended.
        finished_at: Timestamp,
    },
}

/// What came of a fit.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// Name of the version that was published.
    pub version: String,
    /// From the start of the job until the version served.
    pub took: Duration,
    /// Of that, the fit of the model alone.
    pub fit: Duration,
    /// What reading the source again brought; `None` where it was not read.
    pub reread: Option<Reread>,
}

/// What reading the source again brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reread {
    /// Accepted rows of the source, less those of the data that served before; negative where rows were removed.
    pub rows_added: i64,
}

impl Job {
    pub(super) fn new(number: u64, request: FitRequest) -> Self {
        Self {
            number,
            id: format!("j{number}"),
            request,
            queued_at: Timestamp::now(),
            thousandths: AtomicU32::new(0),
            state: watch::Sender::new(JobState::Queued),
            seen: Mutex::new(None),
        }
    }

    pub(super) fn started(&self) {
        self.state.send_replace(JobState::Running { started_at: Timestamp::now() });
    }

    pub(super) fn progressed(&self, done: f64) {
        // The cast saturates, and turns NaN into 0.
        self.thousandths.store((done.clamp(0.0, 1.0) * 1000.0) as u32, Ordering::Relaxed);
    }

    /// Takes the state of the source that the job will work with, in one step with noting it down.
    pub(super) fn look<E>(
        &self,
        state: impl FnOnce() -> Result<Option<SourceState>, E>,
    ) -> Result<Option<SourceState>, E> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let state = state()?;
        *seen = Some(state.clone());
        Ok(state)
    }

    /// Whether a source that is in the state `now` tells is what this job works with, or will.
    pub(super) fn works_with(&self, now: impl FnOnce() -> Option<SourceState>) -> bool {
        match &*self.seen.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(seen) => *seen == now(),
            None => true,
        }
    }

    pub(super) fn finished(&self, outcome: Result<Fitted, FitJobError>) {
        let finished_at = Timestamp::now();
        self.state.send_replace(match outcome {
            Ok(fitted) => JobState::Succeeded { fitted, finished_at },
            Err(error) => JobState::Failed { error, finished_at },
        });
    }

    /// Where the job stands now.
    pub fn state(&self) -> JobState {
        self.state.borrow().clone()
    }

    /// Share of the work that is done, 0 to 1 in thousandths.
    pub fn progress(&self) -> f64 {
        f64::from(self.thousandths.load(Ordering::Relaxed)) / 1000.0
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// Why the fit failed.
    pub async fn outcome(&self) -> Result<Fitted, FitJobError> {
        let mut watcher = self.state.subscribe();
        loop {
            match &*watcher.borrow_and_update() {
                JobState::Succeeded { fitted, .. } => return Ok(fitted.clone()),
                JobState::Failed { error, .. } => return Err(error.clone()),
                JobState::Queued | JobState::Running { .. } => {}
            }
            // The sender lives in `self`: it cannot be gone.
            let _ = watcher.changed().await;
        }
    }
}
