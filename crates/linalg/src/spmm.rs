//! Sparse matrix times a dense row-major block, with the processor's vector instructions.

use std::ops::Range;

use faer::Accum;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::scalar::Real;

/// Rows of one task: small enough to balance, large enough to hide the dispatch.
const ROWS: usize = 64;
/// Entries of a row that are summed at a time.
const SPAN: usize = 512;

/// `y = M x` (`accum` is `Replace`) or `y += M x` (`Add`), for the given rows of `M: m x n` sparse, `x: n x width`, `y: rows x width`, both row-major; 2
/// nnz width flops, parallel over rows.
///
/// Each entry of `y` is a sum over spans of 512 stored terms, each span the sum of its even terms plus the sum of its odd
/// ones, all in stored order with fused multiply-adds: the same bits on every processor and for every number of threads.
pub(crate) fn multiply<T: Real>(
    matrix: &CsrMatrix,
    rows: Range<usize>,
    x: &[T],
    width: usize,
    y: &mut [T],
    accum: Accum,
) {
    debug_assert_eq!((matrix.ncols() * width, rows.len() * width), (x.len(), y.len()));
    let line = 64 / size_of::<T>();
    if matches!(width, 8 | 16 | 32) && width <= 2 * line {
        strip(&Product { matrix, x, width, of: width, columns: 0..width, accum }, rows.start, y);
        return;
    }
    // Other widths are cut into strips of one or two cache lines: aligned, and small enough to stay in the cache.
    let mut start = 0;
    while start < width {
        let of = if width - start > line { 2 * line } else { line };
        let columns = start..width.min(start + of);
        let packed = packed(x, width, columns.clone(), of);
        strip(&Product { matrix, x: packed.values(), width, of, columns, accum }, rows.start, y);
        start += of;
    }
}

/// Some columns of `x: rows x width` as a block of `of` columns, the others zero.
pub(crate) fn packed<T: Real>(x: &[T], width: usize, columns: Range<usize>, of: usize) -> Dense<T> {
    let mut packed = Dense::zeros(x.len() / width, of);
    let pieces = packed.values_mut().par_chunks_mut(ROWS * of).zip(x.par_chunks(ROWS * width));
    pieces.for_each(|(packed, x)| {
        for (packed, x) in packed.chunks_exact_mut(of).zip(x.chunks_exact(width)) {
            packed[..columns.len()].copy_from_slice(&x[columns.clone()]);
        }
    });
    packed
}

/// The columns of a product that are computed together.
struct Product<'a, T> {
    matrix: &'a CsrMatrix,
    /// `n x of`, zeros where there are no columns.
    x: &'a [T],
    /// Columns of the whole result.
    width: usize,
    /// Columns of `x`: 8, 16 or 32.
    of: usize,
    /// Which columns of the result they are.
    columns: Range<usize>,
    accum: Accum,
}

fn strip<T: Real>(product: &Product<'_, T>, first: usize, y: &mut [T]) {
    y.par_chunks_mut(ROWS * product.width).with_max_len(1).enumerate().for_each(|(chunk, y)| {
        Arch::new().dispatch(Strip { product, first: first + chunk * ROWS, y });
    });
}

/// Some rows of a product, from `first` on.
struct Strip<'a, T> {
    product: &'a Product<'a, T>,
    first: usize,
    y: &'a mut [T],
}

impl<T: Real> WithSimd for Strip<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.product.of {
            32 => self.rows::<32>(),
            16 => self.rows::<16>(),
            _ => self.rows::<8>(),
        }
    }
}

impl<T: Real> Strip<'_, T> {
    #[inline(always)]
    fn rows<const W: usize>(self) {
        let product = self.product;
        let (x, _) = product.x.as_chunks::<W>();
        for (row, y) in self.y.chunks_exact_mut(product.width).enumerate() {
            let (columns, values) = product.matrix.row(self.first + row);
            if product.accum == Accum::Add && columns.is_empty() {
                continue;
            }
            let sum = row_times(columns, values, x);
            let y = &mut y[product.columns.clone()];
            match <&mut [T; W]>::try_from(&mut *y) {
                // The compiler knows how many numbers these are.
                Ok(y) => write(y, &sum, product.accum),
                Err(_) => write(y, &sum, product.accum),
            }
        }
    }
}

/// Replaces `y` by the first numbers of `sum`, or adds them.
#[inline(always)]
fn write<T: Real>(y: &mut [T], sum: &[T], accum: Accum) {
    for (y, &sum) in y.iter_mut().zip(sum) {
        match accum {
            Accum::Replace => *y = sum,
            Accum::Add => *y += sum,
        }
    }
}

/// One sparse row times `x`, in spans whose sums are added: the error grows with the square root of what is added in a
/// row, and a column may be in a hundred thousand rows.
#[inline(always)]
pub(crate) fn row_times<T: Real, const W: usize>(columns: &[u32], values: &[f32], x: &[[T; W]]) -> [T; W] {
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
pub(crate) fn add<T: Real, const W: usize>(sum: &mut [T; W], x: &[T; W], value: f32) {
    let value = T::from_f32(value);
    for at in 0..W {
        sum[at] = x[at].fused(value, sum[at]);
    }
}
