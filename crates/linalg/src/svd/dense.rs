//! The decomposition of the matrix written out, for singular values that its square has lost.

use super::finish::{Unmeasured, rearrange};
use super::thin::thin;
use super::triplets::Triplets;
use super::{Progress, Solver, Stop, Svd, SvdParams, columns, report};
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
    let mut triplets = Triplets { u, s: s[..rank].to_vec(), v };
    let signs = columns::signs(&triplets.v);
    let order: Vec<usize> = (0..rank).collect();
    rearrange(&mut triplets.u, &order, &signs);
    rearrange(&mut triplets.v, &order, &signs);
    Ok(Unmeasured { triplets, solver: Solver::Dense, columns: a.ncols() }.measured(a))
}
