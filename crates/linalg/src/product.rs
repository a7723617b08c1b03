//! Products of tall dense matrices, parallel over fixed chunks of rows so that the bits never depend on the threads.

use faer::linalg::matmul::{matmul, triangular, triangular::BlockStructure};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::dense::Dense;

/// Rows that one task takes; part of the result's definition, because sums are split there.
const ROWS: usize = 1024;
/// Partial sums that are kept at a time.
const WAVE: usize = 64;

/// `aᵀ b` for `a: n x p` and `b: n x q`; 2 n p q flops. Partial sums of 1,024 rows are added in row order.
pub(crate) fn inner(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    summed(a.nrows(), a.ncols(), b.ncols(), |start, rows, sum| {
        let (a, b) = (a.subrows(start, rows), b.subrows(start, rows));
        matmul(sum, Accum::Replace, a.transpose(), b, 1.0, Par::Seq);
    })
}

/// The lower triangle of `aᵀ a` for `a: n x p`, above it zeros; n p² flops. Summed as [`inner`].
pub(crate) fn gram(a: MatRef<'_, f64>) -> Mat<f64> {
    summed(a.nrows(), a.ncols(), a.ncols(), |start, rows, sum| {
        let (a, whole, lower) = (a.subrows(start, rows), BlockStructure::Rectangular, BlockStructure::TriangularLower);
        triangular::matmul(sum, lower, Accum::Replace, a.transpose(), whole, a, whole, 1.0, Par::Seq);
    })
}

/// `a b` for small matrices, on one thread.
pub(crate) fn small(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut product = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut product, Accum::Replace, a, b, 1.0, Par::Seq);
    product
}

/// The `p x q` sum of what `partial` makes of every chunk of `n` rows (start, rows, place), added in row order.
fn summed(n: usize, p: usize, q: usize, partial: impl Fn(usize, usize, MatMut<'_, f64>) + Sync) -> Mat<f64> {
    let chunks = n.div_ceil(ROWS);
    let of_chunk = |chunk: usize| {
        let mut sum = Mat::zeros(p, q);
        partial(chunk * ROWS, ROWS.min(n - chunk * ROWS), sum.as_mut());
        sum
    };
    let mut total = Mat::zeros(p, q);
    // Few partial sums live at once.
    for wave in (0..chunks).step_by(WAVE) {
        let sums: Vec<Mat<f64>> = (wave..chunks.min(wave + WAVE)).into_par_iter().map(of_chunk).collect();
        for sum in &sums {
            total += sum;
        }
    }
    total
}

/// `x -= q c` for `x: n x b`, `q: n x p` and `c: p x b`.
pub(crate) fn subtract(x: &mut Dense, q: MatRef<'_, f64>, c: MatRef<'_, f64>) {
    accumulate(x, Accum::Add, q, c, -1.0);
}

/// `q c` for `q: n x p` and `c: p x b`.
pub(crate) fn multiply(q: MatRef<'_, f64>, c: MatRef<'_, f64>) -> Dense {
    let mut product = Dense::zeros(q.nrows(), c.ncols());
    accumulate(&mut product, Accum::Replace, q, c, 1.0);
    product
}

fn accumulate(x: &mut Dense, beta: Accum, q: MatRef<'_, f64>, c: MatRef<'_, f64>, alpha: f64) {
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
