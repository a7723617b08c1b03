//! The memory rule: a fit begins only where its peak and the version that serves fit into the bytes allowed.

use std::collections::VecDeque;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::models::{ModelParams, Shape};

use crate::versions::Version;

/// Bytes that interactions, models and a fit may hold; `None` is no bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryRule(pub(crate) Option<u64>);

/// Work that needs more memory than is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEnoughMemory {
    /// A fit.
    #[error("a fit of {model} needs {needed_mb} MB beside the model that serves, allowed are {allowed_mb}")]
    Fit {
        /// What was asked for.
        model: String,
        /// Megabytes needed, rounded up.
        needed_mb: u64,
        /// Megabytes allowed, rounded down.
        allowed_mb: u64,
    },
    /// Reading the source again, reckoned as if it held as much as is loaded.
    #[error("reading the source again needs {needed_mb} MB beside what is loaded, allowed are {allowed_mb}")]
    Read {
        /// Megabytes needed, rounded up.
        needed_mb: u64,
        /// Megabytes allowed, rounded down.
        allowed_mb: u64,
    },
}

impl MemoryRule {
    /// The bytes that a fit to `data` leaves for versions.
    ///
    /// # Errors
    /// They are too few for the version that serves.
    pub(crate) fn beside_fit(
        self,
        data: &Arc<Dataset>,
        params: &ModelParams,
        serving: &Version,
    ) -> Result<u64, NotEnoughMemory> {
        let Some(allowed) = self.0 else { return Ok(u64::MAX) };
        let fit = params.memory(&Shape::of(&data.interactions)).fit;
        let needed = fit + held([serving], data);
        if needed <= allowed {
            return Ok(allowed - fit);
        }
        let (needed_mb, allowed_mb) = megabytes(needed, allowed);
        Err(NotEnoughMemory::Fit { model: params.summary(), needed_mb, allowed_mb })
    }

    /// The bytes that reading the source again leaves for versions.
    ///
    /// # Errors
    /// They are too few for the version that serves.
    pub(crate) fn beside_read(self, serving: &Version) -> Result<u64, NotEnoughMemory> {
        let Some(allowed) = self.0 else { return Ok(u64::MAX) };
        let loaded = serving.recommender.dataset();
        let read = 2 * data_bytes(loaded);
        let needed = read + held([serving], loaded);
        if needed <= allowed {
            return Ok(allowed - read);
        }
        let (needed_mb, allowed_mb) = megabytes(needed, allowed);
        Err(NotEnoughMemory::Read { needed_mb, allowed_mb })
    }
}

/// Bytes of some versions, without the data `counted` that is counted elsewhere. Versions that share data count it once.
pub(crate) fn held<'a>(versions: impl IntoIterator<Item = &'a Version>, counted: &Arc<Dataset>) -> u64 {
    let mut seen = vec![counted];
    let mut bytes = 0;
    for version in versions {
        let data = version.recommender.dataset();
        let provenance = version.recommender.provenance();
        bytes += provenance.params.memory(&provenance.shape()).model;
        if !seen.iter().any(|seen| Arc::ptr_eq(seen, data)) {
            bytes += data_bytes(data);
            seen.push(data);
        }
    }
    bytes
}

/// As [`held`], of the kept versions.
pub(crate) fn held_by_all(versions: &VecDeque<Arc<Version>>, counted: &Arc<Dataset>) -> u64 {
    held(versions.iter().map(Arc::as_ref), counted)
}

/// Bytes of the matrix of interactions: a column and a value for each, an offset for each user.
fn data_bytes(data: &Dataset) -> u64 {
    let matrix = data.interactions.matrix();
    8 * (matrix.nnz() as u64 + matrix.nrows() as u64 + 1)
}

fn megabytes(needed: u64, allowed: u64) -> (u64, u64) {
    (needed.div_ceil(1_000_000), allowed / 1_000_000)
}
