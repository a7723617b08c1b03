//! The thin SVD of a matrix that is written out.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors::Thin, svd, svd_scratch};
use faer::{Mat, MatRef, Par};

/// The thin SVD of a dense matrix: orthonormal `u`, falling `s`, orthonormal `v`. One thread. `None` when it fails.
pub(super) fn thin(matrix: MatRef<'_, f64>) -> Option<(Mat<f64>, Vec<f64>, Mat<f64>)> {
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
