//! The largest eigenpairs of a dense symmetric matrix.

use faer::diag::DiagRef;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd;
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as back_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply_back,
};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::{Conj, Mat, Par};

use crate::scalar::Real;

/// The iteration inside the eigensolver did not settle; with finite input this does not happen in practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoEigenpairs;

/// Eigenvalues, falling, and their eigenvectors, one a column.
pub(crate) struct Eigenpairs<T> {
    pub(crate) values: Vec<T>,
    pub(crate) vectors: Mat<T>,
}

/// The `count` largest eigenvalues of a symmetric `n x n` matrix and their orthonormal eigenvectors.
///
/// Reads the lower triangle only. One thread; about 4/3 n³ flops to tridiagonal form, up to 4/3 n³ for the tridiagonal
/// eigenvectors (divide and conquer) and 2 n² count to carry the wanted ones back.
///
/// # Errors
/// When an entry is not finite or the iteration fails.
pub(crate) fn largest<T: Real>(mut matrix: Mat<T>, count: usize) -> Result<Eigenpairs<T>, NoEigenpairs> {
    let n = matrix.nrows();
    let finite = (0..n).all(|j| (j..n).all(|i| matrix[(i, j)].to_f64().is_finite()));
    if !finite || count > n {
        return Err(NoEigenpairs);
    }
    if n <= 1 {
        let values = (0..count).map(|at| matrix[(at, at)]).collect();
        return Ok(Eigenpairs { values, vectors: Mat::identity(n, count) });
    }
    let block = recommended_block_size::<T>(n, n);
    let mut reflectors = Mat::zeros(block, n - 1);
    let scratch = evd::self_adjoint_evd_scratch::<T>(n, evd::ComputeEigenvectors::Yes, Par::Seq, Default::default())
        .or(back_scratch::<T>(n - 1, block, count));
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    evd::tridiag::tridiag_in_place(matrix.as_mut(), reflectors.as_mut(), Par::Seq, stack, Default::default());

    let diagonal: Vec<T> = (0..n).map(|at| matrix[(at, at)]).collect();
    let below: Vec<T> = (0..n).map(|at| if at + 1 < n { matrix[(at + 1, at)] } else { T::default() }).collect();
    let mut values = Mat::zeros(n, 1);
    let mut vectors = Mat::zeros(n, n);
    evd::tridiagonal_self_adjoint_evd(
        DiagRef::from_slice(&diagonal),
        DiagRef::from_slice(&below),
        values.as_mut().col_mut(0).as_diagonal_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        stack,
        Default::default(),
    )
    .map_err(|_| NoEigenpairs)?;

    // faer sorts them rising; the wanted ones are the last columns, in reverse.
    let mut wanted = vectors.subcols(n - count, count).reverse_cols().to_owned();
    let rotated = wanted.as_mut().subrows_mut(1, n - 1);
    apply_back(matrix.submatrix(1, 0, n - 1, n - 1), reflectors.as_ref(), Conj::No, rotated, Par::Seq, stack);
    let values = (0..count).map(|at| values[(n - 1 - at, 0)]).collect();
    Ok(Eigenpairs { values, vectors: wanted })
}
