//! The largest eigenpairs of a dense symmetric matrix.

mod divide;
mod lowner;
mod merge;
mod secular;
mod symv;
#[cfg(test)]
mod tests;
mod tridiagonal;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as back_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply_back,
};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::{Accum, ColMut, Conj, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::product::{column_chunks, task_width};
use crate::scalar::Real;

/// Vectors that one task carries back at most.
const COLUMNS: usize = 64;

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
    let reduced = tridiagonal::reduce(matrix.as_mut());
    let diagonal = reduced.diagonal.iter().map(|x| x.to_f64()).collect();
    let below = reduced.below.iter().map(|x| x.to_f64()).collect();
    let (values, mut vectors) = divide::largest(diagonal, below, count)?;
    carry_back(matrix.submatrix(1, 0, n - 1, n - 1), &reduced.scales, vectors.as_mut().subrows_mut(1, n - 1));
    let values = values.iter().map(|&value| T::from_f64(value * scale)).collect();
    Ok(Eigenpairs { values, vectors })
}

/// Applies the reflections of the reduction to vectors, the last one first; parallel over fixed chunks of columns.
fn carry_back<T: Real>(reflections: MatRef<'_, T>, scales: &[T], vectors: MatMut<'_, T>) {
    let (n, block) = (scales.len(), recommended_block_size::<T>(scales.len(), scales.len()));
    // The compact form of a block: Puglisi, C.: Modification of the Householder method based on the compact WY
    // representation (1992), SIAM J. Sci. Stat. Comput. 13: 1 - V F⁻¹ Vᵀ with F the upper triangle of VᵀV, its diagonal
    // halved.
    let mut factors = Mat::zeros(block, n);
    let mut basis: Mat<T> = Mat::zeros(n, block);
    for from in (0..n).step_by(block) {
        let width = block.min(n - from);
        let given = reflections.submatrix(from, from, n - from, width);
        let mut basis = basis.as_mut().submatrix_mut(from, 0, n - from, width);
        basis.fill(T::default());
        basis.copy_from_strict_triangular_lower(given);
        for at in 0..width {
            basis[(at, at)] = T::from_f64(1.0);
        }
        let (whole, upper) = (BlockStructure::Rectangular, BlockStructure::StrictTriangularUpper);
        let (basis, factor) = (basis.as_ref(), factors.as_mut().submatrix_mut(0, from, width, width));
        triangular::matmul(
            factor,
            upper,
            Accum::Replace,
            basis.transpose(),
            whole,
            basis,
            whole,
            T::from_f64(1.0),
            Par::Seq,
        );
        for at in 0..width {
            factors[(at, from + at)] = scales[from + at];
        }
    }
    // Nothing is summed across columns, so that the chunks do not show in the bits of the result.
    let width = task_width(vectors.ncols(), COLUMNS);
    column_chunks(vectors, width).into_par_iter().with_max_len(1).for_each(|vectors| {
        let mut memory = MemBuffer::new(back_scratch::<T>(n, block, vectors.ncols()));
        apply_back(reflections, factors.as_ref(), Conj::No, vectors, Par::Seq, MemStack::new(&mut memory));
    });
}

/// Divides the lower triangle by a power of two that brings its largest entry near one, so that no square of an entry
/// leaves the range of `T`, and returns that power.
fn normalise<T: Real>(matrix: &mut Mat<T>) -> Result<f64, NoEigenpairs> {
    let chunks = column_chunks(matrix.as_mut(), COLUMNS).into_par_iter().with_max_len(1).enumerate();
    let largest = chunks.map(|(chunk, columns)| magnitude(columns, chunk * COLUMNS));
    // No sum is rounded, and the largest is the same in any order.
    let largest = largest.try_reduce(|| 0.0, |a, b| Some(f64::max(a, b))).ok_or(NoEigenpairs)?;
    // The exponent of an f64 whose inverse is an f64 too.
    let exponent = if largest == 0.0 { 0.0 } else { largest.log2().floor().clamp(-1000.0, 1000.0) };
    let (scale, inverse) = (exponent.exp2(), (-exponent).exp2());
    column_chunks(matrix.as_mut(), COLUMNS).into_par_iter().with_max_len(1).enumerate().for_each(|(chunk, columns)| {
        for (j, column) in (chunk * COLUMNS..).zip(columns.col_iter_mut()) {
            for entry in below(column, j) {
                *entry = T::from_f64(entry.to_f64() * inverse);
            }
        }
    });
    Ok(scale)
}

/// The largest magnitude in some columns, `first` and on, of the lower triangle; nothing when an entry is not finite.
fn magnitude<T: Real>(columns: MatMut<'_, T>, first: usize) -> Option<f64> {
    // Eight of each, so that the compiler takes a register of them. A NaN is lost in the maximum, but not in the sum.
    let (mut sizes, mut nothing) = ([0f64; 8], [0f64; 8]);
    for (j, column) in (first..).zip(columns.col_iter_mut()) {
        let (chunks, rest) = below(column, j).as_chunks::<8>();
        let mut last = [T::default(); 8];
        last[..rest.len()].copy_from_slice(rest);
        for chunk in chunks.iter().chain([&last]) {
            for (at, entry) in chunk.map(|entry| entry.to_f64()).into_iter().enumerate() {
                sizes[at] = if entry.abs() > sizes[at] { entry.abs() } else { sizes[at] };
                nothing[at] += entry * 0.0;
            }
        }
    }
    let finite = nothing.iter().all(|sum| !sum.is_nan());
    finite.then(|| sizes.into_iter().fold(0.0, f64::max))
}

/// The entries of a column from a row on, of a matrix that is stored by columns.
fn below<T>(column: ColMut<'_, T>, row: usize) -> &mut [T] {
    column.try_as_col_major_mut().map_or(&mut [], |column| &mut column.as_slice_mut()[row..])
}
