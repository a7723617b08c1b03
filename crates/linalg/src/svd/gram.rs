//! The decomposition by way of the Gram matrix of the shorter side.

use super::{Progress, Solver, Stop, Svd, SvdParams, finish, report};
use crate::dense::Dense;
use crate::eigen;
use crate::operator::LinearOperator;

/// Forms `A Aᵀ` for `nrows <= ncols`, takes its largest eigenpairs and finishes from them.
///
/// About 8/3 nrows³ flops whatever the rank. Singular values below 1e-8 s_1 are lost in the square; the residual shows it.
pub(super) fn solve<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<Svd, Stop> {
    report(progress, Solver::Gram, 0, None)?;
    let gram = a.row_gram();
    report(progress, Solver::Gram, a.nrows(), None)?;
    let mut matrix = faer::Mat::zeros(a.nrows(), a.nrows());
    matrix.copy_from_triangular_lower(gram.view());
    drop(gram);
    let pairs = eigen::largest(matrix, params.rank).map_err(|_| Stop::Failed)?;
    report(progress, Solver::Gram, a.nrows(), None)?;
    Ok(finish::from_short_side(a, Dense::copied(pairs.vectors.as_ref()), Solver::Gram, a.nrows()))
}
