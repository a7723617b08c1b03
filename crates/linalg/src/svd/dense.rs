//! The decomposition of the matrix written out, for singular values that its square has lost.

use super::thin::thin;
use super::{Progress, Solver, Stop, Svd, SvdParams, finish, report};
use crate::dense::Dense;
use crate::operator::LinearOperator;

/// Bidiagonalises the dense matrix. Memory: three copies of it.
pub(super) fn solve<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<Svd, Stop> {
    report(progress, Solver::Dense, 0, None)?;
    let whole = a.to_dense();
    report(progress, Solver::Dense, a.ncols(), None)?;
    if !whole.is_finite() {
        return Err(Stop::Failed);
    }
    let (u, s, v) = thin(whole.view()).ok_or(Stop::Failed)?;
    let rank = params.rank;
    let (u, v) = (Dense::copied(u.as_ref().subcols(0, rank)), Dense::copied(v.as_ref().subcols(0, rank)));
    Ok(finish::measured(a, u, s[..rank].to_vec(), v, Solver::Dense, a.ncols()))
}
