//! Products of tall dense matrices, parallel over fixed chunks of rows so that the bits never depend on the threads.

use faer::linalg::matmul::{matmul, triangular, triangular::BlockStructure};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::dense::Dense;
use crate::scalar::Real;

/// Rows that one task takes; part of the result's definition, because sums are split there.
const ROWS: usize = 512;
/// Partial sums that are kept at a time.
const WAVE: usize = 64;

/// `aᵀ b` for `a: n x p` and `b: n x q`; 2 n p q flops. Partial sums of 512 rows are added in row order.
pub(crate) fn inner<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> Mat<T> {
    summed(a.nrows(), a.ncols(), b.ncols(), |start, rows, sum| {
        let (a, b) = (a.subrows(start, rows), b.subrows(start, rows));
        matmul(sum, Accum::Replace, a.transpose(), b, T::from_f64(1.0), Par::Seq);
    })
}

/// The lower triangle of `aᵀ a` for `a: n x p` in f64, above it zeros; n p² flops. Summed as [`inner`].
pub(crate) fn gram<T: Real>(a: &Dense<T>) -> Mat<f64> {
    let width = a.ncols();
    summed(a.nrows(), width, width, |start, rows, sum| {
        let wide: Vec<f64> = a.values()[start * width..][..rows * width].iter().map(|x| x.to_f64()).collect();
        let a = MatRef::from_row_major_slice(&wide, rows, width);
        let (whole, lower) = (BlockStructure::Rectangular, BlockStructure::TriangularLower);
        triangular::matmul(sum, lower, Accum::Replace, a.transpose(), whole, a, whole, 1.0, Par::Seq);
    })
}

/// The same entries in another precision, rounded to the nearest.
pub(crate) fn converted<T: Real, S: Real>(a: &Mat<T>) -> Mat<S> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| S::from_f64(a[(i, j)].to_f64()))
}

/// `a b` for small matrices, on one thread.
pub(crate) fn small<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> Mat<T> {
    let mut product = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut product, Accum::Replace, a, b, T::from_f64(1.0), Par::Seq);
    product
}

/// The `p x q` sum of what `partial` makes of every chunk of `n` rows (start, rows, place), added in row order.
fn summed<T: Real>(n: usize, p: usize, q: usize, partial: impl Fn(usize, usize, MatMut<'_, T>) + Sync) -> Mat<T> {
    let chunks = n.div_ceil(ROWS);
    let of_chunk = |chunk: usize| {
        let mut sum = Mat::zeros(p, q);
        partial(chunk * ROWS, ROWS.min(n - chunk * ROWS), sum.as_mut());
        sum
    };
    let mut total = Mat::zeros(p, q);
    // Few partial sums live at once.
    for wave in (0..chunks).step_by(WAVE) {
        let sums: Vec<Mat<T>> = (wave..chunks.min(wave + WAVE)).into_par_iter().map(of_chunk).collect();
        for sum in &sums {
            total += sum;
        }
    }
    total
}

/// `x -= q c` for `x: n x b`, `q: n x p` and `c: p x b`.
pub(crate) fn subtract<T: Real>(x: &mut Dense<T>, q: MatRef<'_, T>, c: MatRef<'_, T>) {
    accumulate(x, Accum::Add, q, c, T::from_f64(-1.0));
}

/// `q c` for `q: n x p` and `c: p x b`.
pub(crate) fn multiply<T: Real>(q: MatRef<'_, T>, c: MatRef<'_, T>) -> Dense<T> {
    let mut product = Dense::zeros(q.nrows(), c.ncols());
    accumulate(&mut product, Accum::Replace, q, c, T::from_f64(1.0));
    product
}

fn accumulate<T: Real>(x: &mut Dense<T>, beta: Accum, q: MatRef<'_, T>, c: MatRef<'_, T>, alpha: T) {
    let ncols = x.ncols();
    if ncols == 0 || q.ncols() == 0 {
        return;
    }
    x.values_mut().par_chunks_mut(ROWS * ncols).enumerate().for_each(|(chunk, x)| {
        let rows = x.len() / ncols;
        let x = MatMut::from_row_major_slice_mut(x, rows, ncols);
        matmul(x, beta, q.subrows(chunk * ROWS, rows), c, alpha, Par::Seq);
    });
}
