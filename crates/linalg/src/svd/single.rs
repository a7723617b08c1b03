//! The decomposition found in single precision and corrected in double.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, Par};

use super::{Progress, Solver, Stop, Svd, SvdParams, correct, finish, lanczos, report};
use crate::dense::Dense;
use crate::eigen;
use crate::operator::LinearOperator;
use crate::product;

/// The smallest tolerance that single precision can be expected to reach.
pub(super) const TOLERANCE: f64 = 5e-7;
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
    let norms = finish::column_norms(&w);
    let largest = norms.iter().copied().fold(0.0, f64::max);
    if !norms.iter().all(|&norm| norm > RESOLVED * largest) {
        return Err(Stop::Failed);
    }
    Ok(finish::scaled(a, &u, &w, &norms, solver, columns))
}

/// The largest eigenvectors of `A Aᵀ`: the first one from Lanczos, the others from what the Gram matrix is without it.
///
/// Of non-negative ratings the first eigenvalue is many times the others, and errors are relative to the largest one:
/// taken out while the matrix is still f64, it does not count.
fn by_gram<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<(Dense, usize), Stop> {
    let (n, rank) = (a.nrows(), params.rank);
    let first = solve(a, Solver::Lanczos, &SvdParams { rank: 1, ..params.clone() }, progress)?;
    if rank == 1 {
        return Ok((first.u, first.columns));
    }
    let mut rest = Mat::zeros(n, n);
    rest.copy_from_triangular_lower(a.row_gram().view());
    report(progress, Solver::Gram, n, None)?;
    let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    let (u, by) = (first.u.view(), -first.s[0] * first.s[0]);
    triangular::matmul(rest.as_mut(), lower, Accum::Add, u, whole, u.transpose(), whole, by, Par::Seq);
    let others = eigen::largest(product::converted::<f64, f32>(&rest), rank - 1).map_err(|_| Stop::Failed)?;
    report(progress, Solver::Gram, n, None)?;
    let mut all = Dense::zeros(n, rank);
    for (row, all) in all.values_mut().chunks_exact_mut(rank).enumerate() {
        all[0] = first.u.row(row)[0];
        for (to, &from) in all[1..].iter_mut().zip(others.vectors.as_ref().row(row).iter()) {
            *to = f64::from(from);
        }
    }
    Ok((all, n))
}
