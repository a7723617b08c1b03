//! Models: ratings and parameters in, scores out.

mod scorer;
pub mod svd;

use std::ops::ControlFlow;

use foretaste_linalg::{CsrMatrix, SvdError, SvdParams, svd_memory};

pub use scorer::Scorer;
pub use svd::TruncatedSvd;

/// What a fit may choose.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitParams {
    /// Number of singular triplets kept, `1..=min(users, items)`; 50 is the tutorial's default.
    pub rank: usize,
    /// Largest residual accepted, relative to the largest singular value; 1e-6 puts every score right to about six digits.
    pub tolerance: f64,
    /// Seed of the start block. It moves an answer by less than the tolerance, and equal seeds give equal bytes.
    pub seed: u64,
}

impl Default for FitParams {
    fn default() -> Self {
        Self { rank: 50, tolerance: 1e-6, seed: 0 }
    }
}

/// Why a model could not be fitted.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// The rank is outside of what the ratings allow.
    #[error("rank {found} was asked for, allowed are 1 to {most} for {users} users x {items} items")]
    Rank {
        /// The rank asked for.
        found: usize,
        /// The largest rank there is: the smaller of users and items.
        most: usize,
        /// Number of users.
        users: usize,
        /// Number of items.
        items: usize,
    },
    /// The callback asked to stop.
    #[error("the fit was cancelled")]
    Cancelled,
    /// The factorisation failed.
    #[error("the factorisation failed")]
    Svd(#[source] SvdError),
    /// A number of the model is NaN or infinite, so it must not serve.
    #[error("the fitted {part} hold a number that is not finite at position {at}")]
    NotFinite {
        /// Which array.
        part: &'static str,
        /// Position in the array.
        at: usize,
    },
}

/// How far a fit has come. The first call is made right before the factorisation, with 0, the last right after it, with
/// 1; what follows is short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitProgress {
    /// Share of the work done, an estimate in 0..=1.
    pub done: f64,
}

/// Bytes that a fit holds at most, the ratings and the model that comes of it included; an allocator needs some more.
#[must_use]
pub fn fit_bytes(ratings: &CsrMatrix, params: &FitParams) -> u64 {
    let (users, items) = (ratings.nrows(), ratings.ncols());
    let svd = SvdParams { rank: params.rank, tolerance: params.tolerance, seed: params.seed, solver: None };
    svd_memory(users, items, ratings.nnz(), &svd).total() + model_bytes(users, items, params.rank)
}

/// Bytes of a fitted model: a row of single-precision numbers for each user, two for each item.
#[must_use]
pub fn model_bytes(users: usize, items: usize, rank: usize) -> u64 {
    4 * rank as u64 * (users as u64 + 2 * items as u64)
}

/// A fitted model of one of the families there are.
#[derive(Clone, Debug)]
pub enum Model {
    /// The truncated SVD of the zero-filled ratings.
    TruncatedSvd(TruncatedSvd),
}

impl Model {
    /// Fits the model to a users x items matrix of ratings.
    ///
    /// # Errors
    /// A rank out of range, a cancelled or failed factorisation, or factors that are not finite.
    pub fn fit(
        ratings: &CsrMatrix,
        params: &FitParams,
        progress: &mut dyn FnMut(FitProgress) -> ControlFlow<()>,
    ) -> Result<Self, FitError> {
        TruncatedSvd::fit(ratings, params, progress).map(Self::TruncatedSvd)
    }

    /// The model as something that scores items.
    #[must_use]
    pub fn scorer(&self) -> &dyn Scorer {
        match self {
            Self::TruncatedSvd(model) => model,
        }
    }
}
