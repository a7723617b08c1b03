//! Products of tall dense matrices, parallel over fixed chunks of rows so that the bits never depend on the threads.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;

use crate::dense::Dense;

/// Rows that one task takes; part of the result's definition, because sums are split there.
const ROWS: usize = 1024;

/// `aᵀ b` for `a: n x p` and `b: n x q`; 2 n p q flops. Partial sums of 1,024 rows are added in row order.
pub(crate) fn inner(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let partial = |chunk: usize| {
        let start = chunk * ROWS;
        let rows = ROWS.min(a.nrows() - start);
        let mut sum = Mat::zeros(a.ncols(), b.ncols());
        let (a, b) = (a.subrows(start, rows), b.subrows(start, rows));
        matmul(&mut sum, Accum::Replace, a.transpose(), b, 1.0, Par::Seq);
        sum
    };
    // At most 64 partial sums live at once.
    let chunks = a.nrows().div_ceil(ROWS);
    let mut total = Mat::zeros(a.ncols(), b.ncols());
    for wave in 0..chunks.div_ceil(64) {
        let span = wave * 64..chunks.min(wave * 64 + 64);
        let sums: Vec<Mat<f64>> = span.into_par_iter().map(partial).collect();
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
        let x = faer::MatMut::from_row_major_slice_mut(x, rows, ncols);
        matmul(x, beta, q.subrows(chunk * ROWS, rows), c, alpha, Par::Seq);
    });
}
