//! Why a fit was refused, or failed.

use std::sync::Arc;

use foretaste::models::FitError;

use crate::memory::NotEnoughMemory;
use crate::source::SourceError;

/// Why a fit was refused, or failed. Whatever it is, the version that served goes on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FitJobError {
    /// There is too little memory.
    #[error(transparent)]
    Memory(#[from] NotEnoughMemory),
    /// One fit runs and another waits.
    #[error("a fit with {waiting} waits already, one may")]
    QueueFull {
        /// What the fit that waits was asked for.
        waiting: String,
    },
    /// The source cannot be read again.
    #[error("the source cannot be read again: {0}")]
    Source(#[from] SourceError),
    /// A parameter is out of range, or the fit failed or was cancelled.
    #[error(transparent)]
    Fit(Arc<FitError>),
    /// The fitted model is no good.
    #[error("the {name} is {found}, expected a finite number")]
    Figure {
        /// What was measured.
        name: String,
        /// What came out.
        found: f64,
    },
    /// The fit panicked.
    #[error("the fit failed for a reason of our own")]
    Panicked,
    /// The service is shutting down.
    #[error("the service is shutting down")]
    ShuttingDown,
}

impl From<FitError> for FitJobError {
    fn from(error: FitError) -> Self {
        Self::Fit(Arc::new(error))
    }
}
