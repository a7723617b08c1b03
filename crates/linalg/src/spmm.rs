//! Sparse matrix times a dense row-major block, in f64, with the processor's vector instructions.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::csr::CsrMatrix;
use crate::dense::Dense;

/// Rows of one task: small enough to balance, large enough to hide the dispatch.
const ROWS: usize = 64;

/// `y = M x` for `M: m x n` sparse, `x: n x b` and `y: m x b`; 2 nnz b flops, parallel over rows.
///
/// Each entry of `y` is the sum of its even stored terms plus the sum of its odd ones, each in stored order with fused
/// multiply-adds: the same bits on every processor and for every number of threads.
pub(crate) fn multiply(matrix: &CsrMatrix, x: &Dense, y: &mut Dense) {
    debug_assert_eq!((matrix.ncols(), matrix.nrows(), x.ncols()), (x.nrows(), y.nrows(), y.ncols()));
    let width = x.ncols();
    let mut start = 0;
    // Strips outermost: the part of `x` that a strip gathers from then stays in the cache.
    while start < width {
        let strip = match width - start {
            32.. => 32,
            16.. => 16,
            8.. => 8,
            4.. => 4,
            2.. => 2,
            _ => 1,
        };
        y.values_mut().par_chunks_mut(ROWS * width).enumerate().for_each(|(chunk, y)| {
            Arch::new().dispatch(Strip { matrix, first: chunk * ROWS, x: x.values(), width, start, strip, y });
        });
        start += strip;
    }
}

/// The columns `start..start + strip` of the product, for the rows that `y` covers.
struct Strip<'a> {
    matrix: &'a CsrMatrix,
    first: usize,
    x: &'a [f64],
    width: usize,
    start: usize,
    strip: usize,
    y: &'a mut [f64],
}

impl WithSimd for Strip<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.strip {
            32 => self.rows::<32>(),
            16 => self.rows::<16>(),
            8 => self.rows::<8>(),
            4 => self.rows::<4>(),
            2 => self.rows::<2>(),
            _ => self.rows::<1>(),
        }
    }
}

impl Strip<'_> {
    #[inline(always)]
    fn rows<const W: usize>(self) {
        let x = &self.x[self.start..];
        for (row, y) in self.y.chunks_exact_mut(self.width).enumerate() {
            let (columns, values) = self.matrix.row(self.first + row);
            // Two sums, so that a fused multiply-add need not wait for the one before it.
            let (mut even, mut odd) = ([0f64; W], [0f64; W]);
            let mut column_pairs = columns.chunks_exact(2);
            let mut value_pairs = values.chunks_exact(2);
            for (columns, values) in (&mut column_pairs).zip(&mut value_pairs) {
                add::<W>(&mut even, x, self.width, columns[0], values[0]);
                add::<W>(&mut odd, x, self.width, columns[1], values[1]);
            }
            for (&column, &value) in column_pairs.remainder().iter().zip(value_pairs.remainder()) {
                add::<W>(&mut even, x, self.width, column, value);
            }
            for (y, (even, odd)) in y[self.start..][..W].iter_mut().zip(even.iter().zip(&odd)) {
                *y = even + odd;
            }
        }
    }
}

/// `sum += value * x[column]`.
#[inline(always)]
fn add<const W: usize>(sum: &mut [f64; W], x: &[f64], width: usize, column: u32, value: f32) {
    let (row, value) = (&x[column as usize * width..][..W], f64::from(value));
    for (sum, &x) in sum.iter_mut().zip(row) {
        *sum = x.mul_add(value, *sum);
    }
}
