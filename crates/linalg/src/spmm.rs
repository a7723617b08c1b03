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
    if matches!(width, 8 | 16) {
        multiply_strip(matrix, x, 0, y);
        return;
    }
    // Other widths are cut into strips of their own: aligned, and small enough to stay in the cache. (The compiler does
    // not keep the sums of 32 columns in registers.)
    let mut start = 0;
    while start < width {
        let strip = if width - start > 8 { 16 } else { 8 };
        let used = strip.min(width - start);
        let mut packed = Dense::zeros(x.nrows(), strip);
        for (packed, x) in packed.values_mut().chunks_exact_mut(strip).zip(x.values().chunks_exact(width)) {
            packed[..used].copy_from_slice(&x[start..start + used]);
        }
        multiply_strip(matrix, &packed, start, y);
        start += strip;
    }
}

/// Columns `start..` of `y` become `M x` for a strip `x` of 8 or 16 columns, as many of them as `y` has.
fn multiply_strip(matrix: &CsrMatrix, x: &Dense, start: usize, y: &mut Dense) {
    let width = y.ncols();
    let used = start..width.min(start + x.ncols());
    y.values_mut().par_chunks_mut(ROWS * width).enumerate().for_each(|(chunk, y)| {
        Arch::new().dispatch(Strip { matrix, first: chunk * ROWS, x, y, width, used: used.clone() });
    });
}

/// The columns `used` of the product, for the rows that `y` covers.
struct Strip<'a> {
    matrix: &'a CsrMatrix,
    first: usize,
    x: &'a Dense,
    y: &'a mut [f64],
    width: usize,
    used: std::ops::Range<usize>,
}

impl WithSimd for Strip<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.x.ncols() {
            16 => self.rows::<16>(),
            _ => self.rows::<8>(),
        }
    }
}

impl Strip<'_> {
    #[inline(always)]
    fn rows<const W: usize>(self) {
        let (x, _) = self.x.values().as_chunks::<W>();
        for (row, y) in self.y.chunks_exact_mut(self.width).enumerate() {
            let (columns, values) = self.matrix.row(self.first + row);
            // Two sums, so that a fused multiply-add need not wait for the one before it.
            let (mut even, mut odd) = ([0f64; W], [0f64; W]);
            let (column_pairs, last_column) = columns.as_chunks::<2>();
            let (value_pairs, last_value) = values.as_chunks::<2>();
            for (columns, values) in column_pairs.iter().zip(value_pairs) {
                add(&mut even, &x[columns[0] as usize], values[0]);
                add(&mut odd, &x[columns[1] as usize], values[1]);
            }
            for (&column, &value) in last_column.iter().zip(last_value) {
                add(&mut even, &x[column as usize], value);
            }
            for (y, (even, odd)) in y[self.used.clone()].iter_mut().zip(even.iter().zip(&odd)) {
                *y = even + odd;
            }
        }
    }
}

/// `sum += value * x`.
#[inline(always)]
fn add<const W: usize>(sum: &mut [f64; W], x: &[f64; W], value: f32) {
    let value = f64::from(value);
    for (sum, &x) in sum.iter_mut().zip(x) {
        *sum = x.mul_add(value, *sum);
    }
}
