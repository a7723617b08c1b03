//! Why a fit was refused, or failed.

use std::sync::Arc;

use foretaste::models::FitError;

use crate::memory::NotEnoughMemory;
use crate::source::SourceError;

/// Why a fit was refused, or failed. Whatever it is, the version that served goes on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FitJobError {
    /// The rank is outside of what the data allows.
    #[error("rank {found} was asked for, allowed are 1 to {most}")]
    Rank {
        /// The rank asked for.
        found: usize,
        /// The largest rank there is.
        most: usize,
    },
    /// There is too little memory.
    #[error(transparent)]
    Memory(#[from] NotEnoughMemory),
    /// One fit runs and another waits.
    #[error("a fit with rank {rank} waits already, one may")]
    QueueFull {
        /// Rank of the fit that waits.
        rank: usize,
    },
    /// The source cannot be read again.
    #[error("the source cannot be read again: {0}")]
    Source(#[from] SourceError),
    /// The fit itself failed, or was cancelled.
    #[error(transparent)]
    Fit(Arc<FitError>),
    /// The fitted model is no good.
    #[error("the residual is {0}, expected a finite number")]
    Residual(f64),
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
