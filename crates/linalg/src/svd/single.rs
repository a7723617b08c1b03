//! The decomposition found in single precision and corrected in double.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, Par, unzip, zip};

use super::{Progress, Solver, Stop, Svd, SvdParams, accuracy, finish, lanczos, report, triplets};
use crate::eigen;
use crate::operator::LinearOperator;
use crate::product;
use crate::scalar::Real;

/// The smallest tolerance that single precision can be expected to reach.
const TOLERANCE: f64 = 5e-7;
/// Eigenvectors of the Gram matrix that are found by Lanczos.
const LEADING: usize = 4;
/// The smallest part of the largest singular value that single precision resolves in the Gram matrix.
const RESOLVED: f64 = 2e-3;

/// The part of all triplets from which on the smallest values are wanted, which single precision does not resolve.
const NEARLY_ALL: f64 = 0.95;

/// Whether single precision can be expected to reach the tolerance, for a matrix of this shorter side.
pub(super) fn suits(params: &SvdParams, short: usize) -> bool {
    params.tolerance >= TOLERANCE && (params.rank as f64) < NEARLY_ALL * short as f64
}

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
    let (found, columns) = match solver {
        Solver::Lanczos => {
            let (u, columns) = lanczos::vectors::<A, f32>(a, params, progress)?;
            (triplets::of(a, u.view()), columns)
        }
        Solver::Gram => {
            let (u, columns) = by_gram(a, params, progress)?;
            (triplets::of(a, u.as_ref()), columns)
        }
        Solver::Dense => return Err(Stop::Failed),
    };
    let (svd, residuals) = finish::from_triplets::<A, f32>(a, found.ok_or(Stop::Failed)?, solver, columns);
    let resolved = svd.s.iter().all(|&s| s > RESOLVED * svd.s[0]);
    if resolved && accuracy::is_kept(&residuals, &svd.s, a.nrows(), params.tolerance) {
        Ok(svd)
    } else {
        Err(Stop::Failed)
    }
}

/// The largest eigenvectors of `A Aᵀ`: the leading ones from Lanczos, the others from what the Gram matrix is without them.
///
/// Of a non-negative matrix the first eigenvalue is many times the others, and errors are relative to the largest one:
/// taken out while the matrix is still f64, the leading ones do not count.
fn by_gram<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<(Mat<f32>, usize), Stop> {
    let (n, rank, leading) = (a.nrows(), params.rank, LEADING.min(params.rank));
    let first = solve(a, Solver::Lanczos, &SvdParams { rank: leading, ..params.clone() }, progress)?;
    let u = first.u.view();
    let mut all = Mat::zeros(n, rank);
    zip!(all.as_mut().subcols_mut(0, leading), u).for_each(|unzip!(all, u)| *all = f32::from_f64(*u));
    if rank == leading {
        return Ok((all, first.columns));
    }
    let mut rest = a.row_gram();
    report(progress, Solver::Gram, n, None)?;
    let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    let weighted = Mat::from_fn(n, leading, |i, j| u[(i, j)] * first.s[j] * first.s[j]);
    product::in_chunks(&mut rest, |start, rows| {
        let (left, triangle) = rows.as_mut().split_at_col_mut(start);
        let (triangle, _) = triangle.split_at_col_mut(left.nrows());
        let (factor, u) = (weighted.as_ref().subrows(start, left.nrows()), u.subrows(0, start + left.nrows()));
        let (before, own) = u.split_at_row(start);
        matmul(left, Accum::Add, factor, before.transpose(), -1.0, Par::Seq);
        triangular::matmul(triangle, lower, Accum::Add, factor, whole, own.transpose(), whole, -1.0, Par::Seq);
    });
    let matrix = product::lower_columns::<_, f32>(&rest);
    drop(rest);
    let others = eigen::largest(matrix, rank - leading).map_err(|_| Stop::Failed)?;
    report(progress, Solver::Gram, n, None)?;
    all.as_mut().subcols_mut(leading, rank - leading).copy_from(others.vectors);
    Ok((all, n))
}
