//! The truncated singular value decomposition of a linear operator, to the accuracy asked for.

mod accuracy;
mod banded;
mod columns;
mod correct;
mod cost;
mod dense;
mod finish;
mod graded;
mod gram;
mod lanczos;
mod memory;
mod single;
mod thin;
mod triplets;

use std::ops::ControlFlow;

pub use memory::{SvdMemory, svd_memory};

use crate::awake;
use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::operator::{LinearOperator, Transposed};
use crate::rows::RowOperator;
use crate::sparse::SparseOperator;

/// The most entries of a matrix that is written out: 2²⁷ f64 are 1 GiB.
const DENSE_LIMIT: usize = 1 << 27;

/// What is asked of [`truncated_svd`].
#[derive(Clone, Debug, PartialEq)]
pub struct SvdParams {
    /// Number of singular triplets, in `1..=min(nrows, ncols)`. 50 is the field's customary first try.
    pub rank: usize,
    /// Largest [`Svd::residual`] allowed.
    ///
    /// From 5e-7 up the vectors are found in single precision, where that resolves the values asked for (down to 0.002 of
    /// the largest), and corrected in double; below, everything is computed in double precision. Singular values down to
    /// 0.002 of the largest are right to 1e-9 of themselves at 1e-6, and to 1e-10 at 1e-9; smaller ones to the tolerance
    /// times the largest.
    pub tolerance: f64,
    /// Seed of the random start block. It moves a singular value by no more than is allowed for, and the span of the
    /// vectors of values that are apart from all others; of equal values it decides which basis of their span comes out,
    /// and where the last one wanted equals the next one, also which of these vectors are among those wanted.
    pub seed: u64,
    /// Which solver to start with; `None` lets the shape and the rank decide.
    pub solver: Option<Solver>,
}

impl Default for SvdParams {
    fn default() -> Self {
        Self { rank: 50, tolerance: 1e-6, seed: 0, solver: None }
    }
}

/// A way to compute the decomposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Block Lanczos on the implicit Gram operator of the shorter side, restarted: few triplets of a large matrix.
    Lanczos,
    /// Eigendecomposition of the Gram matrix of the shorter side: many triplets, or a short side of any small size.
    Gram,
    /// Decomposition of the matrix written out: small singular values that the Gram matrix has lost.
    Dense,
}

/// How far a running decomposition is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SvdProgress {
    /// The solver that runs.
    pub solver: Solver,
    /// Columns multiplied by the operator and its transpose so far.
    pub columns: usize,
    /// The solver's own estimate of the residual, once it has one.
    pub residual: Option<f64>,
}

/// The `k` largest singular triplets of `A`: `A v_j = s_j u_j`, `Aᵀ u_j = s_j v_j`.
#[derive(Clone, Debug, PartialEq)]
pub struct Svd {
    /// Left singular vectors, `nrows x k`. Their columns are orthonormal: to 1e-12 at a tolerance below 5e-7, to about ten
    /// tolerances above.
    pub u: Dense,
    /// Singular values, falling.
    pub s: Vec<f64>,
    /// Right singular vectors, `ncols x k`, as orthonormal. The signs are free; those here make the first of the entries
    /// within a millionth of the largest magnitude positive, in `v_j`, or in `u_j` where there are more rows than columns.
    pub v: Dense,
    /// Measured: max_j max(|A v_j - s_j u_j|, |Aᵀ u_j - s_j v_j|) / s_1; zero for a zero matrix.
    pub residual: f64,
    /// The solver whose result this is.
    pub solver: Solver,
    /// Columns that it multiplied by the operator and its transpose.
    pub columns: usize,
}

/// Why there is no decomposition.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SvdError {
    /// The rank is not one that the matrix can have.
    #[error("rank is {found}, expected 1 to {most}")]
    RankOutOfRange {
        /// The rank asked for.
        found: usize,
        /// The shorter side of the matrix.
        most: usize,
    },
    /// The matrix has no rows or no columns.
    #[error("matrix is {nrows} x {ncols}, expected at least one row and one column")]
    Empty {
        /// Number of rows.
        nrows: usize,
        /// Number of columns.
        ncols: usize,
    },
    /// The tolerance is not a positive number.
    #[error("tolerance is {found}, expected a positive number")]
    Tolerance {
        /// The tolerance asked for.
        found: f64,
    },
    /// A product with the operator is NaN or infinite.
    #[error("a product with the operator is not finite")]
    NotFinite,
    /// No solver that fits the memory bounds reached the tolerance within its bound on products.
    #[error(
        "residual is {residual:e} after {columns} columns, allowed is {allowed:e}: a larger tolerance (`--tolerance`) or \
         another rank may converge"
    )]
    NotConverged {
        /// The smallest residual measured, or estimated by a solver that gave up; infinite when there is none.
        residual: f64,
        /// Columns multiplied by the operator and its transpose, by all solvers that were tried.
        columns: usize,
        /// The tolerance asked for.
        allowed: f64,
    },
    /// The progress callback asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Why one solver gave up; the next one is tried, unless the run was cancelled.
enum Stop {
    Cancelled,
    Failed,
    /// The residual, as it was estimated, was above the tolerance after this many columns.
    Short {
        residual: f64,
        columns: usize,
    },
}

/// The callback, as the solvers see it.
type Progress<'a> = dyn FnMut(SvdProgress) -> ControlFlow<()> + 'a;

/// Computes the `params.rank` largest singular triplets of an operator.
///
/// The work is done in the rayon pool that the call is made in; the result has the same bits for any number of
/// threads. `progress` is called between passes over the matrix; returning `Break` cancels. The residual is measured
/// with the operator itself, whatever the solver believes; when it exceeds the tolerance, the next solver is tried.
///
/// # Errors
/// See [`SvdError`]; parameters are checked before any work.
pub fn truncated_svd<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut dyn FnMut(SvdProgress) -> ControlFlow<()>,
) -> Result<Svd, SvdError> {
    let (nrows, ncols) = (a.nrows(), a.ncols());
    let most = nrows.min(ncols);
    if most == 0 {
        return Err(SvdError::Empty { nrows, ncols });
    }
    if params.rank == 0 || params.rank > most {
        return Err(SvdError::RankOutOfRange { found: params.rank, most });
    }
    if params.tolerance.is_nan() || params.tolerance <= 0.0 {
        return Err(SvdError::Tolerance { found: params.tolerance });
    }
    if nrows <= ncols {
        solve(a, params, progress)
    } else {
        let mut svd = solve(&Transposed(a), params, progress)?;
        std::mem::swap(&mut svd.u, &mut svd.v);
        Ok(svd)
    }
}

/// [`truncated_svd`] of a sparse matrix, whose products are prepared as the rank and the tolerance ask for: for few triplets
/// nothing is made of a matrix with more rows than columns.
///
/// # Errors
/// As [`truncated_svd`].
pub fn truncated_svd_sparse(
    matrix: &CsrMatrix,
    params: &SvdParams,
    progress: &mut dyn FnMut(SvdProgress) -> ControlFlow<()>,
) -> Result<Svd, SvdError> {
    awake::stay_awake(|| truncated_svd_of(matrix, params, progress))
}

/// [`truncated_svd_sparse`], of threads that are awake.
fn truncated_svd_of(matrix: &CsrMatrix, params: &SvdParams, progress: &mut Progress<'_>) -> Result<Svd, SvdError> {
    if cost::prefers_rows(matrix.nrows(), matrix.ncols(), matrix.nnz(), params) {
        return if matrix.nrows() >= matrix.ncols() {
            truncated_svd(&RowOperator(matrix), params, progress)
        } else {
            truncated_svd(&Transposed(&RowOperator(&matrix.transpose())), params, progress)
        };
    }
    truncated_svd(&SparseOperator::new(matrix), params, progress)
}

/// The solvers to try after `first`, in order: each of them slower and surer, where memory allows.
fn fallbacks(first: Solver, short: usize, long: usize) -> impl Iterator<Item = Solver> {
    let gram = first == Solver::Lanczos && short <= cost::GRAM_LIMIT;
    let dense = first != Solver::Dense && short.saturating_mul(long) <= DENSE_LIMIT;
    gram.then_some(Solver::Gram).into_iter().chain(dense.then_some(Solver::Dense))
}

/// The decomposition of an operator with no more rows than columns.
fn solve<A: LinearOperator + ?Sized>(a: &A, params: &SvdParams, progress: &mut Progress<'_>) -> Result<Svd, SvdError> {
    let problem = cost::Problem::of(a.nrows(), a.ncols(), a.multiplications(), params);
    let (mut best, mut columns) = (f64::INFINITY, 0);
    if single::suits(params, a.nrows()) {
        let solver = params.solver.unwrap_or_else(|| problem.cheapest::<f32>());
        match single::solve(a, solver, params, progress) {
            Ok(svd) if svd.residual <= params.tolerance => return Ok(svd),
            Err(Stop::Cancelled) => return Err(SvdError::Cancelled),
            Err(Stop::Short { columns: multiplied, .. }) => columns += multiplied,
            Ok(svd) => columns += svd.columns,
            Err(Stop::Failed) => {}
        }
    }
    let first = params.solver.unwrap_or_else(|| problem.cheapest::<f64>());
    for solver in std::iter::once(first).chain(fallbacks(first, a.nrows(), a.ncols())) {
        let found = match solver {
            Solver::Lanczos => lanczos::solve(a, params, progress),
            Solver::Gram => gram::solve(a, params, progress),
            Solver::Dense => dense::solve(a, params, progress),
        };
        match found {
            Ok(svd) if svd.residual <= params.tolerance => return Ok(svd),
            Ok(svd) if svd.residual.is_nan() => return Err(SvdError::NotFinite),
            Ok(Svd { residual, columns: multiplied, .. }) | Err(Stop::Short { residual, columns: multiplied }) => {
                best = best.min(residual);
                columns += multiplied;
            }
            Err(Stop::Cancelled) => return Err(SvdError::Cancelled),
            Err(Stop::Failed) => {}
        }
    }
    Err(SvdError::NotConverged { residual: best, columns, allowed: params.tolerance })
}

/// Tells the caller how far the run is.
fn report(progress: &mut Progress<'_>, solver: Solver, columns: usize, residual: Option<f64>) -> Result<(), Stop> {
    match progress(SvdProgress { solver, columns, residual }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Cancelled),
    }
}
