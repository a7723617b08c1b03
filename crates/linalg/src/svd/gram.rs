//! The decomposition by way of the Gram matrix of the shorter side.

use super::{Progress, Solver, Stop, Svd, SvdParams, finish, report};
use crate::dense::Dense;
use crate::eigen;
use crate::operator::LinearOperator;
use crate::product;
use crate::scalar::Real;

/// Forms `A Aᵀ` for `nrows <= ncols`, takes its largest eigenpairs and finishes from them.
///
/// About 8/3 nrows³ flops whatever the rank. Singular values below 1e-8 s_1 are lost in the square; the residual shows it.
pub(super) fn solve<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<Svd, Stop> {
    let (q, columns) = vectors::<A, f64>(a, params, progress)?;
    Ok(finish::from_short_side(a, q, Solver::Gram, columns))
}

/// The largest eigenvectors, `nrows x rank`, and the columns multiplied for them.
pub(super) fn vectors<A: LinearOperator + ?Sized, T: Real>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<(Dense<T>, usize), Stop> {
    report(progress, Solver::Gram, 0, None)?;
    let gram = a.row_gram();
    report(progress, Solver::Gram, a.nrows(), None)?;
    let matrix = product::lower_columns::<_, T>(&gram);
    drop(gram);
    let pairs = eigen::largest(matrix, params.rank).map_err(|_| Stop::Failed)?;
    report(progress, Solver::Gram, a.nrows(), None)?;
    Ok((Dense::copied(pairs.vectors.as_ref()), a.nrows()))
}
