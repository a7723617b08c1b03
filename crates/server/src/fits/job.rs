//! One fit that was asked for, from the queue to its end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use foretaste::models::FitParams;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::error::ApiError;

/// A fit that was asked for.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) params: FitParams,
    pub(crate) queued_at: Timestamp,
    thousandths: AtomicU32,
    state: watch::Sender<JobState>,
}

/// Where a job stands.
#[derive(Debug, Clone)]
pub(crate) enum JobState {
    Queued,
    Running { started_at: Timestamp },
    Succeeded { fitted: Fitted, finished_at: Timestamp },
    Failed { error: ApiError, finished_at: Timestamp },
}

/// What came of a fit.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    /// Name of the version that was published.
    pub(crate) version: String,
    /// From the start of the job until the version served.
    pub(crate) took: Duration,
    /// Of that, the factorisation alone.
    pub(crate) factorisation: Duration,
}

impl Job {
    pub(super) fn new(number: u64, params: FitParams) -> Self {
        let state = watch::Sender::new(JobState::Queued);
        Self {
            number,
            id: format!("j{number}"),
            params,
            queued_at: Timestamp::now(),
            thousandths: AtomicU32::new(0),
            state,
        }
    }

    pub(super) fn started(&self) {
        self.state.send_replace(JobState::Running { started_at: Timestamp::now() });
    }

    pub(super) fn progressed(&self, done: f64) {
        // The cast saturates, and turns NaN into 0.
        self.thousandths.store((done.clamp(0.0, 1.0) * 1000.0) as u32, Ordering::Relaxed);
    }

    pub(super) fn finished(&self, outcome: Result<Fitted, ApiError>) {
        let finished_at = Timestamp::now();
        self.state.send_replace(match outcome {
            Ok(fitted) => JobState::Succeeded { fitted, finished_at },
            Err(error) => JobState::Failed { error, finished_at },
        });
    }

    /// Where the job stands now.
    pub(crate) fn state(&self) -> JobState {
        self.state.borrow().clone()
    }

    /// Share of the work that is done, 0 to 1 in thousandths.
    pub(crate) fn progress(&self) -> f64 {
        f64::from(self.thousandths.load(Ordering::Relaxed)) / 1000.0
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// Why the fit failed.
    pub(crate) async fn outcome(&self) -> Result<Fitted, ApiError> {
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
