//! The decomposition found in single precision and corrected in double.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, Par};

use super::{Progress, Solver, Stop, Svd, SvdParams, correct, finish, lanczos, report};
use crate::dense::Dense;
use crate::eigen;
use crate::operator::LinearOperator;

/// The smallest tolerance that single precision can be expected to reach.
pub(super) const TOLERANCE: f64 = 5e-7;
/// Eigenvectors of the Gram matrix that are found by Lanczos.
const LEADING: usize = 4;
/// The smallest part of the largest singular value that single precision resolves in the Gram matrix.
const RESOLVED: f64 = 2e-3;

/// Finds the singular vectors of the shorter side in f32, then makes the triplets right in f64.
///
/// In f64 are: `W = Aᵀ U`, the corrections of `U` and `W`, `s_j = |w_j|`, `v_j = w_j / s_j` and the residual. What is left
/// are errors of the directions of about 1e-7, which move a value by their square.
pub(super) fn solve<A: LinearOperator + ?Sized>(
    a: &A,
    solver: Solver,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<Svd, Stop> {
    let (mut u, columns) = match solver {
        Solver::Lanczos => {
            let (u, columns) = lanczos::vectors::<A, f32>(a, params, progress)?;
            (u.converted(), columns)
        }
        Solver::Gram => by_gram(a, params, progress)?,
        Solver::Dense => return Err(Stop::Failed),
    };
    let mut w = Dense::zeros(a.ncols(), u.ncols());
    a.apply_transpose(&u, &mut w);
    correct::improve(&mut u, &mut w).ok_or(Stop::Failed)?;
    let svd = finish::scaled::<A, f32>(a, u, w, solver, columns);
    let resolved = svd.s.iter().all(|&s| s > RESOLVED * svd.s[0]);
    if resolved { Ok(svd) } else { Err(Stop::Failed) }
}

/// The largest eigenvectors of `A Aᵀ`: the leading ones from Lanczos, the others from what the Gram matrix is without them.
///
/// Of non-negative ratings the first eigenvalue is many times the others, and errors are relative to the largest one:
/// taken out while the matrix is still f64, the leading ones do not count.
fn by_gram<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<(Dense, usize), Stop> {
    let (n, rank, leading) = (a.nrows(), params.rank, LEADING.min(params.rank));
    let first = solve(a, Solver::Lanczos, &SvdParams { rank: leading, ..params.clone() }, progress)?;
    if rank == leading {
        return Ok((first.u, first.columns));
    }
    let mut rest = a.row_gram();
    report(progress, Solver::Gram, n, None)?;
    let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    let u = first.u.view();
    let weighted = Mat::from_fn(n, leading, |i, j| u[(i, j)] * first.s[j] * first.s[j]);
    triangular::matmul(rest.view_mut(), lower, Accum::Add, &weighted, whole, u.transpose(), whole, -1.0, Par::Seq);
    let others = eigen::largest(rest.to_columns::<f32>(), rank - leading).map_err(|_| Stop::Failed)?;
    report(progress, Solver::Gram, n, None)?;
    let mut all = Dense::zeros(n, rank);
    all.fill_columns(0, u);
    all.fill_columns(leading, others.vectors.as_ref());
    Ok((all, n))
}
