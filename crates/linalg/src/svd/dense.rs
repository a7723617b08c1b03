//! The decomposition of the matrix written out, for singular values that its square has lost.

use faer::{Mat, Par};

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

/// The thin SVD of a dense matrix: orthonormal `u`, falling `s`, orthonormal `v`. One thread. `None` when it fails.
pub(super) fn thin(matrix: faer::MatRef<'_, f64>) -> Option<(Mat<f64>, Vec<f64>, Mat<f64>)> {
    use faer::dyn_stack::{MemBuffer, MemStack};
    use faer::linalg::svd::{ComputeSvdVectors::Thin, svd, svd_scratch};
    let (m, n) = (matrix.nrows(), matrix.ncols());
    let size = m.min(n);
    if matrix.norm_max() == 0.0 {
        // faer takes the sign of a single zero for a vector.
        return Some((Mat::identity(m, size), vec![0.0; size], Mat::identity(n, size)));
    }
    let (mut u, mut v, mut s) = (Mat::zeros(m, size), Mat::zeros(n, size), Mat::zeros(size, 1));
    let mut memory = MemBuffer::new(svd_scratch::<f64>(m, n, Thin, Thin, Par::Seq, Default::default()));
    svd(
        matrix,
        s.as_mut().col_mut(0).as_diagonal_mut(),
        Some(u.as_mut()),
        Some(v.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .ok()?;
    Some((u, (0..size).map(|at| s[(at, 0)]).collect(), v))
}
