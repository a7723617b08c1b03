//! The largest eigenpairs of a dense symmetric matrix.

mod divide;
mod merge;
mod secular;
#[cfg(test)]
mod tests;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag;
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
/// Reads the lower triangle only. About 4/3 n³ flops to tridiagonal form, 1/3 n³ + n² count at most for the tridiagonal
/// eigenvectors (divide and conquer) and 2 n² count to carry the wanted ones back.
///
/// # Errors
/// When an entry is not finite or the iteration fails.
pub(crate) fn largest<T: Real>(mut matrix: Mat<T>, count: usize) -> Result<Eigenpairs<T>, NoEigenpairs> {
    let n = matrix.nrows();
    if count > n {
        return Err(NoEigenpairs);
    }
    let scale = normalise(&mut matrix)?;
    if n <= 1 {
        let values = (0..count).map(|at| T::from_f64(matrix[(at, at)].to_f64() * scale)).collect();
        return Ok(Eigenpairs { values, vectors: Mat::identity(n, count) });
    }
    let block = recommended_block_size::<T>(n, n);
    let mut reflectors = Mat::zeros(block, n - 1);
    let scratch = tridiag::tridiag_in_place_scratch::<T>(n, Par::Seq, Default::default()).or(back_scratch::<T>(
        n - 1,
        block,
        count,
    ));
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    tridiag::tridiag_in_place(matrix.as_mut(), reflectors.as_mut(), Par::Seq, stack, Default::default());

    let diagonal = (0..n).map(|at| matrix[(at, at)].to_f64()).collect();
    let below: Vec<f64> = (1..n).map(|at| matrix[(at, at - 1)].to_f64()).collect();
    let (values, vectors) = divide::largest::<f64>(diagonal, &below, count)?;
    let mut vectors: Mat<T> = crate::product::converted(&vectors);
    let rotated = vectors.as_mut().subrows_mut(1, n - 1);
    apply_back(matrix.submatrix(1, 0, n - 1, n - 1), reflectors.as_ref(), Conj::No, rotated, Par::Seq, stack);
    let values = values.iter().map(|&value| T::from_f64(value * scale)).collect();
    Ok(Eigenpairs { values, vectors })
}

/// Divides the lower triangle by a power of two that brings its largest entry near one, so that no square of an entry
/// leaves the range of `T`, and returns that power.
fn normalise<T: Real>(matrix: &mut Mat<T>) -> Result<f64, NoEigenpairs> {
    let n = matrix.nrows();
    let mut largest = 0f64;
    for j in 0..n {
        // A NaN fails the comparison and is lost in the maximum, so that it has to be looked for.
        let mut finite = true;
        for i in j..n {
            let entry = matrix[(i, j)].to_f64().abs();
            largest = largest.max(entry);
            finite &= entry.is_finite();
        }
        if !finite {
            return Err(NoEigenpairs);
        }
    }
    // The exponent of an f64 whose inverse is an f64 too.
    let exponent = if largest == 0.0 { 0.0 } else { largest.log2().floor().clamp(-1000.0, 1000.0) };
    let (scale, inverse) = (exponent.exp2(), (-exponent).exp2());
    for j in 0..n {
        for i in j..n {
            matrix[(i, j)] = T::from_f64(matrix[(i, j)].to_f64() * inverse);
        }
    }
    Ok(scale)
}
