//! The Cholesky factor of a dense symmetric positive definite matrix, and what it solves.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::dense::Dense;
use crate::mirror;
use crate::product::column_chunks;
use crate::scalar::Real;

/// Rows and columns of a block; part of the result's definition, because sums are split there.
const BLOCK: usize = 128;

/// The lower triangular `L` with `L Lᵀ = A`, for a symmetric positive definite `A: n x n`.
///
/// ```text
///      [ L₀₀         ]    blocks of 128 rows and columns. Step k factors L_kk, divides the blocks below it by L_kkᵀ
///  L = [ L₁₀ L₁₁     ]    and subtracts their products from the trailing lower triangle, one task for each block row
///      [ L₂₀ L₂₁ L₂₂ ]    (right-looking: Golub, Van Loan, "Matrix Computations", 4th edition, 2013, section 4.2.9).
/// ```
///
/// The blocks do not depend on the threads, and so neither do the bits.
#[derive(Clone, Debug)]
pub struct Cholesky<T: Real = f64> {
    /// `L` in the lower triangle; above it are numbers of no meaning.
    lower: Dense<T>,
}

/// Why a matrix has no Cholesky factor.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CholeskyError {
    /// The matrix is not square.
    #[error("matrix is {nrows} x {ncols}, expected as many rows as columns")]
    NotSquare {
        /// Number of rows.
        nrows: usize,
        /// Number of columns.
        ncols: usize,
    },
    /// A pivot is not positive, not finite, or nothing but rounding error.
    #[error("pivot {pivot} is {found:e}, expected more than {least:e}: the matrix is not positive definite")]
    Pivot {
        /// Row and column of the pivot, from 0.
        pivot: usize,
        /// What is left of the diagonal entry there.
        found: f64,
        /// The rounding error of the diagonal entry, which the pivot has to exceed.
        least: f64,
    },
}

impl<T: Real> Cholesky<T> {
    /// Factors a matrix in place, of which only the lower triangle is read. n³ / 3 flops, parallel over block rows.
    ///
    /// # Errors
    /// [`CholeskyError::NotSquare`], or the first [`CholeskyError::Pivot`] that does not exceed one rounding of the
    /// diagonal entry that it came from; an entry that is not finite makes such a pivot too.
    pub fn new(mut matrix: Dense<T>) -> Result<Self, CholeskyError> {
        let (nrows, n) = (matrix.nrows(), matrix.ncols());
        if nrows != n {
            return Err(CholeskyError::NotSquare { nrows, ncols: n });
        }
        let diagonal: Vec<f64> = (0..n).map(|at| matrix.row(at)[at].to_f64()).collect();
        for start in (0..n).step_by(BLOCK) {
            let end = n.min(start + BLOCK);
            let width = end - start;
            let (done, below) = matrix.values_mut().split_at_mut(end * n);
            let rows = &mut done[start * n..];
            let mut block =
                Mat::from_fn(width, width, |i, j| if j <= i { rows[i * n + start + j] } else { T::default() });
            factor(&mut block, &diagonal[start..end], start)?;
            for (i, row) in rows.chunks_exact_mut(n).enumerate() {
                (0..=i).for_each(|j| row[start + j] = block[(i, j)]);
            }
            // The blocks below: Lᵢₖ = Aᵢₖ Lₖₖ⁻ᵀ, copied out, because every block row is multiplied by those above it.
            let mut panel = vec![T::default(); below.len() / n * width];
            let tasks = below.par_chunks_mut(BLOCK * n).zip(panel.par_chunks_mut(BLOCK * width));
            tasks.for_each(|(rows, panel)| {
                let count = rows.len() / n;
                let mut given = MatMut::from_row_major_slice_mut(rows, count, n).subcols_mut(start, width);
                solve_lower_triangular_in_place(block.as_ref(), given.as_mut().transpose_mut(), Par::Seq);
                MatMut::from_row_major_slice_mut(panel, count, width).copy_from(given);
            });
            below.par_chunks_mut(BLOCK * n).enumerate().for_each(|(task, rows)| {
                let count = rows.len() / n;
                let first = task * BLOCK;
                let above = MatRef::from_row_major_slice(&panel[..(first + count) * width], first + count, width);
                let trailing = MatMut::from_row_major_slice_mut(rows, count, n).subcols_mut(end, first + count);
                let minus = T::from_f64(-1.0);
                matmul(trailing, Accum::Add, above.subrows(first, count), above.transpose(), minus, Par::Seq);
            });
        }
        Ok(Self { lower: matrix })
    }

    /// Number of rows and columns.
    #[must_use]
    pub fn size(&self) -> usize {
        self.lower.nrows()
    }

    /// Replaces `b: n x m` by `A⁻¹ b`. 2 n² m flops, parallel over strips of 128 columns of `b`.
    ///
    /// # Panics
    /// When `b` has another number of rows than the matrix.
    pub fn solve(&self, b: &mut Dense<T>) {
        assert_eq!(b.nrows(), self.size(), "rows of the right-hand side");
        let lower = self.lower.view();
        column_chunks(b.view_mut(), BLOCK).into_par_iter().for_each(|mut strip| {
            solve_lower_triangular_in_place(lower, strip.as_mut(), Par::Seq);
            solve_upper_triangular_in_place(lower.transpose(), strip, Par::Seq);
        });
    }

    /// `A⁻¹`, symmetric to the bit. 2/3 n³ flops, parallel; memory: one more matrix of this size while it runs.
    ///
    /// `A⁻¹ = L⁻ᵀ L⁻¹` from the inverse of the triangle, strip by strip of 128 columns.
    #[must_use]
    pub fn inverse(self) -> Dense<T> {
        let n = self.size();
        let mut triangle: Mat<T> = Mat::zeros(n, n);
        let lower = self.lower.view();
        column_chunks(triangle.as_mut(), BLOCK).into_par_iter().enumerate().for_each(|(task, strip)| {
            let start = task * BLOCK;
            let mut strip = strip.subrows_mut(start, n - start);
            (0..strip.ncols()).for_each(|at| strip[(at, at)] = T::from_f64(1.0));
            solve_lower_triangular_in_place(lower.submatrix(start, start, n - start, n - start), strip, Par::Seq);
        });
        let mut inverse = self.lower;
        inverse.values_mut().par_chunks_mut((BLOCK * n).max(1)).enumerate().for_each(|(task, rows)| {
            let (count, start) = (rows.len() / n, task * BLOCK);
            let ours = MatMut::from_row_major_slice_mut(rows, count, n).subcols_mut(0, start + count);
            // Row k of the triangle has columns up to k only.
            let below = triangle.as_ref().subrows(start, n - start);
            let (left, right) = (below.subcols(start, count), below.subcols(0, start + count));
            matmul(ours, Accum::Replace, left.transpose(), right, T::from_f64(1.0), Par::Seq);
        });
        mirror::lower_to_upper(inverse.values_mut(), n);
        inverse
    }
}

/// Factors one block, whose pivots are the matrix's from `first` on and came from these diagonal entries.
fn factor<T: Real>(block: &mut Mat<T>, diagonal: &[f64], first: usize) -> Result<(), CholeskyError> {
    for at in 0..block.nrows() {
        let (found, least) = (block[(at, at)].to_f64(), T::EPSILON.to_f64() * diagonal[at].abs());
        if !(found > least && found.is_finite()) {
            return Err(CholeskyError::Pivot { pivot: first + at, found, least });
        }
        let pivot = T::from_f64(found.sqrt());
        block[(at, at)] = pivot;
        for row in at + 1..block.nrows() {
            block[(row, at)] /= pivot;
        }
        for column in at + 1..block.nrows() {
            let factor = -block[(column, at)];
            for row in column..block.nrows() {
                block[(row, column)] = block[(row, at)].fused(factor, block[(row, column)]);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::RandomBlocks;

    /// `B Bᵀ + n I / 10` by naive loops, in f64; the upper triangle is filled with what must not be read.
    fn positive(n: usize) -> Vec<Vec<f64>> {
        let b = RandomBlocks::new(n as u64).block::<f64>(n, n);
        let dot = |i: usize, j: usize| b.row(i).iter().zip(b.row(j)).map(|(x, y)| x * y).sum::<f64>();
        (0..n).map(|i| (0..n).map(|j| dot(i, j) + if i == j { n as f64 / 10.0 } else { 0.0 }).collect()).collect()
    }

    fn lower<T: Real>(matrix: &[Vec<f64>]) -> Dense<T> {
        let n = matrix.len();
        let entry = |i: usize, j: usize| if j <= i { T::from_f64(matrix[i][j]) } else { T::from_f64(f64::NAN) };
        Dense::new(n, n, (0..n * n).map(|at| entry(at / n, at % n)).collect())
    }

    /// The largest entry of `A X - B`.
    fn difference<T: Real>(a: &[Vec<f64>], x: &Dense<T>, b: impl Fn(usize, usize) -> f64) -> f64 {
        let mut most = 0f64;
        for (i, row) in a.iter().enumerate() {
            for j in 0..x.ncols() {
                let sum: f64 = row.iter().enumerate().map(|(k, entry)| entry * x.row(k)[j].to_f64()).sum();
                most = most.max((sum - b(i, j)).abs());
            }
        }
        most
    }

    fn in_threads<R: Send>(count: usize, call: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap().install(call)
    }

    fn assert_inverse_and_solution<T: Real>(n: usize, digits: f64) {
        let matrix = positive(n);
        let inverse = || Cholesky::new(lower::<T>(&matrix)).unwrap().inverse();
        let found = in_threads(1, inverse);
        for count in [2, 3] {
            assert!(in_threads(count, inverse) == found, "bits at n = {n}, {count} threads");
        }
        let off = difference(&matrix, &found, |i, j| f64::from(u8::from(i == j)));
        assert!(off < digits, "A A⁻¹ is {off:e} from 1 at n = {n}");
        for i in 0..n {
            for j in 0..n {
                assert!(found.row(i)[j] == found.row(j)[i], "symmetric to the bit");
            }
        }
        let given: Dense<T> = RandomBlocks::new(3).block(n, 5);
        let solved = || {
            let mut x = given.clone();
            Cholesky::new(lower::<T>(&matrix)).unwrap().solve(&mut x);
            x
        };
        let found = in_threads(1, solved);
        assert!(in_threads(2, solved) == found, "bits of a solution at n = {n}");
        let off = difference(&matrix, &found, |i, j| given.row(i)[j].to_f64());
        assert!(off < digits, "A x is {off:e} from b at n = {n}");
    }

    #[test]
    fn the_inverse_and_the_solutions_satisfy_their_equations_in_both_precisions() {
        for n in [1, 2, 127, 128, 129, 300] {
            assert_inverse_and_solution::<f64>(n, 1e-11);
            assert_inverse_and_solution::<f32>(n, 3e-3);
        }
        assert_eq!(Cholesky::new(Dense::<f64>::zeros(0, 0)).unwrap().inverse().nrows(), 0);
    }

    #[test]
    fn the_pivot_that_is_not_positive_is_named() {
        for at in [0, 5, 127, 128, 250] {
            let mut matrix = positive(260);
            matrix[at][at] = -1.0;
            let error = Cholesky::new(lower::<f64>(&matrix)).unwrap_err();
            let CholeskyError::Pivot { pivot, found, .. } = error else { panic!("{error}") };
            assert!(pivot == at && found < 0.0, "pivot {pivot} is {found}");
            matrix[at][at] = f64::NAN;
            let error = Cholesky::new(lower::<f64>(&matrix)).unwrap_err();
            assert!(matches!(error, CholeskyError::Pivot { pivot, found, .. } if pivot == at && found.is_nan()));
        }
        let ones = vec![vec![1.0; 3]; 3];
        let singular = Cholesky::new(lower::<f32>(&ones)).unwrap_err();
        assert!(matches!(singular, CholeskyError::Pivot { pivot: 1, .. }), "{singular}");
        let flat = Cholesky::new(Dense::<f64>::zeros(2, 3)).unwrap_err();
        assert_eq!(flat, CholeskyError::NotSquare { nrows: 2, ncols: 3 });
    }
}
