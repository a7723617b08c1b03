//! Sparse matrix times a dense row-major block, with the processor's vector instructions.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::scalar::Real;

/// Rows of one task: small enough to balance, large enough to hide the dispatch.
const ROWS: usize = 64;
/// Entries of a row that are summed at a time.
const SPAN: usize = 512;

/// `y = M x` for `M: m x n` sparse, `x: n x b` and `y: m x b`; 2 nnz b flops, parallel over rows.
///
/// Each entry of `y` is a sum over spans of 512 stored terms, each span the sum of its even terms plus the sum of its odd
/// ones, all in stored order with fused multiply-adds: the same bits on every processor and for every number of threads.
pub(crate) fn multiply<T: Real>(matrix: &CsrMatrix, x: &Dense<T>, y: &mut Dense<T>) {
    debug_assert_eq!((matrix.ncols(), matrix.nrows(), x.ncols()), (x.nrows(), y.nrows(), y.ncols()));
    let width = x.ncols();
    let line = 64 / size_of::<T>();
    if width == line || width == 2 * line {
        multiply_strip(matrix, x, 0, y);
        return;
    }
    // Other widths are cut into strips of one or two cache lines: aligned, and small enough to stay in the cache.
    let mut start = 0;
    while start < width {
        let strip = if width - start > line { 2 * line } else { line };
        let used = strip.min(width - start);
        let mut packed = Dense::zeros(x.nrows(), strip);
        for (packed, x) in packed.values_mut().chunks_exact_mut(strip).zip(x.values().chunks_exact(width)) {
            packed[..used].copy_from_slice(&x[start..start + used]);
        }
        multiply_strip(matrix, &packed, start, y);
        start += strip;
    }
}

/// Columns `start..` of `y` become `M x` for a strip `x` of one or two cache lines a row, as many of them as `y` has.
fn multiply_strip<T: Real>(matrix: &CsrMatrix, x: &Dense<T>, start: usize, y: &mut Dense<T>) {
    let width = y.ncols();
    let used = start..width.min(start + x.ncols());
    y.values_mut().par_chunks_mut(ROWS * width).enumerate().for_each(|(chunk, y)| {
        Arch::new().dispatch(Strip { matrix, first: chunk * ROWS, x, y, width, used: used.clone() });
    });
}

/// The columns `used` of the product, for the rows that `y` covers.
struct Strip<'a, T> {
    matrix: &'a CsrMatrix,
    first: usize,
    x: &'a Dense<T>,
    y: &'a mut [T],
    width: usize,
    used: std::ops::Range<usize>,
}

impl<T: Real> WithSimd for Strip<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.x.ncols() {
            32 => self.rows::<32>(),
            16 => self.rows::<16>(),
            _ => self.rows::<8>(),
        }
    }
}

impl<T: Real> Strip<'_, T> {
    #[inline(always)]
    fn rows<const W: usize>(self) {
        let (x, _) = self.x.values().as_chunks::<W>();
        if self.width == W {
            let (rows, _) = self.y.as_chunks_mut::<W>();
            for (row, y) in rows.iter_mut().enumerate() {
                let (columns, values) = self.matrix.row(self.first + row);
                *y = row_times(columns, values, x);
            }
            return;
        }
        for (row, y) in self.y.chunks_exact_mut(self.width).enumerate() {
            let (columns, values) = self.matrix.row(self.first + row);
            let sum = row_times(columns, values, x);
            y[self.used.clone()].copy_from_slice(&sum[..self.used.len()]);
        }
    }
}

/// One sparse row times `x`, in spans whose sums are added: the error grows with the square root of what is added in a
/// row, and a popular item has been rated a hundred thousand times.
#[inline(always)]
fn row_times<T: Real, const W: usize>(columns: &[u32], values: &[f32], x: &[[T; W]]) -> [T; W] {
    let mut sum = [T::default(); W];
    for (columns, values) in columns.chunks(SPAN).zip(values.chunks(SPAN)) {
        // Two sums, so that a fused multiply-add need not wait for the one before it.
        let (mut even, mut odd) = ([T::default(); W], [T::default(); W]);
        let (column_pairs, last_column) = columns.as_chunks::<2>();
        let (value_pairs, last_value) = values.as_chunks::<2>();
        for (columns, values) in column_pairs.iter().zip(value_pairs) {
            add(&mut even, &x[columns[0] as usize], values[0]);
            add(&mut odd, &x[columns[1] as usize], values[1]);
        }
        for (&column, &value) in last_column.iter().zip(last_value) {
            add(&mut even, &x[column as usize], value);
        }
        for at in 0..W {
            sum[at] += even[at] + odd[at];
        }
    }
    sum
}

/// `sum += value * x`.
#[inline(always)]
fn add<T: Real, const W: usize>(sum: &mut [T; W], x: &[T; W], value: f32) {
    let value = T::from_f32(value);
    for at in 0..W {
        sum[at] = x[at].fused(value, sum[at]);
    }
}
