//! The truncated singular value decomposition, by way of the dense one.

use std::ops::ControlFlow;

use crate::CsrMatrix;

/// What a decomposition may choose.
#[derive(Clone, Debug, PartialEq)]
pub struct SvdParams {
    /// Number of singular triplets.
    pub rank: usize,
    /// Largest residual accepted.
    pub tolerance: f64,
    /// Seed of the start block.
    pub seed: u64,
}

/// A row-major dense matrix.
#[derive(Clone, Debug)]
pub struct Dense(Vec<f64>);

impl Dense {
    /// Entries, row after row.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

/// The singular triplets.
#[derive(Clone, Debug)]
pub struct Svd {
    /// nrows x k.
    pub u: Dense,
    /// Falling.
    pub s: Vec<f64>,
    /// ncols x k.
    pub v: Dense,
    /// As measured.
    pub residual: f64,
}

/// How far a decomposition has come.
#[derive(Clone, Copy, Debug)]
pub struct SvdProgress {
    /// In 0..=1.
    pub done: f64,
}

/// Why there is no decomposition.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SvdError {
    /// Rank out of range.
    #[error("rank {found}, allowed are 1 to {most}")]
    Rank {
        /// Found.
        found: usize,
        /// Allowed.
        most: usize,
    },
    /// Cancelled.
    #[error("cancelled")]
    Cancelled,
    /// Did not converge.
    #[error("no convergence")]
    NotConverged,
}

/// The `rank` largest singular triplets.
///
/// # Errors
/// A rank out of range, or a callback that breaks.
pub fn truncated_svd(
    a: &CsrMatrix,
    params: &SvdParams,
    progress: &mut dyn FnMut(SvdProgress) -> ControlFlow<()>,
) -> Result<Svd, SvdError> {
    let most = a.nrows().min(a.ncols());
    if params.rank == 0 || params.rank > most {
        return Err(SvdError::Rank { found: params.rank, most });
    }
    if progress(SvdProgress { done: 0.0 }).is_break() {
        return Err(SvdError::Cancelled);
    }
    let mut dense = faer::Mat::<f64>::zeros(a.nrows(), a.ncols());
    for row in 0..a.nrows() {
        let (columns, values) = a.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            dense[(row, column as usize)] = f64::from(value);
        }
    }
    let svd = dense.thin_svd().map_err(|_| SvdError::NotConverged)?;
    let take = |m: faer::MatRef<'_, f64>| {
        Dense((0..m.nrows()).flat_map(|row| (0..params.rank).map(move |at| m[(row, at)])).collect())
    };
    let s = (0..params.rank).map(|at| svd.S()[at]).collect();
    Ok(Svd { u: take(svd.U()), s, v: take(svd.V()), residual: 0.0 })
}
