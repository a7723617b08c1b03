//! Sparse products that go over the rows of a matrix once and add to as many rows of the result as there are entries.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::product::ROWS;
use crate::scalar::Real;
use crate::spmm::{self, add, row_times};

/// The most parts of a matrix that are worked on at the same time, each with a result of its own.
const PARTS: usize = 16;
/// Entries that a part has at least for every row of the result, so that zeros and sums of the parts cost little.
const ENTRIES: usize = 32;
/// Columns of the narrowest block that is computed.
const NARROW: usize = 8;

/// What the rows of the matrix are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factors {
    /// The rows of `x`: `y = Mᵀ x`.
    Given,
    /// Their own products with `x`: `y = Mᵀ M x`.
    Images,
}

/// Parts that an `m x n` matrix with `nnz` entries is worked on in.
pub(crate) fn parts(n: usize, nnz: usize) -> usize {
    (nnz / (ENTRIES * n.max(1))).clamp(1, PARTS)
}

/// `y = Mᵀ x` for `M: m x n`, `x: m x width`, or `y = Mᵀ M x` for `x: n x width`; parallel over [`parts`] of `M`, each with a
/// result of its own. 2 or 4 nnz width flops; memory: as many results, up to a cache line wide.
///
/// Each entry of `y` is the sum over parts, in pairs of pairs, of sums over rows in stored order with fused multiply-adds:
/// the same bits on every processor and for every number of threads.
pub(crate) fn multiply<T: Real>(matrix: &CsrMatrix, factors: Factors, x: &Dense<T>, y: &mut Dense<T>) {
    let (width, line) = (x.ncols(), 64 / size_of::<T>());
    if width == NARROW || width == line {
        return strip(matrix, factors, x.values(), width, 0..width, y);
    }
    let of = if width < NARROW { NARROW } else { line };
    for start in (0..width).step_by(of) {
        let columns = start..width.min(start + of);
        let packed = spmm::packed(x.values(), width, columns.clone(), of);
        strip(matrix, factors, packed.values(), of, columns, y);
    }
}

/// The columns of `y` that come from `x`, which has `of`.
fn strip<T: Real>(matrix: &CsrMatrix, factors: Factors, x: &[T], of: usize, columns: Range<usize>, y: &mut Dense<T>) {
    let width = y.ncols();
    let product = Product { matrix, factors, x, of };
    let parts = parts(matrix.ncols(), matrix.nnz());
    let sum = product.of_parts(0..parts, parts);
    let rows = y.values_mut().par_chunks_exact_mut(width).zip(sum.values().par_chunks_exact(of));
    rows.with_min_len(ROWS).for_each(|(y, sum)| y[columns.clone()].copy_from_slice(&sum[..columns.len()]));
}

/// What is multiplied.
struct Product<'a, T> {
    matrix: &'a CsrMatrix,
    factors: Factors,
    x: &'a [T],
    /// Columns of `x`: 8 or 16.
    of: usize,
}

impl<T: Real> Product<'_, T> {
    /// The sum over some of the `parts`, in pairs of pairs.
    fn of_parts(&self, some: Range<usize>, parts: usize) -> Dense<T> {
        if some.len() == 1 {
            let mut sum = Dense::zeros(self.matrix.ncols(), self.of);
            let rows = rows(self.matrix.offsets(), parts, some.start);
            Arch::new().dispatch(Part { product: self, rows, sum: sum.values_mut() });
            return sum;
        }
        let middle = usize::midpoint(some.start, some.end);
        let (first, second) = (some.start..middle, middle..some.end);
        let (mut sum, other) = rayon::join(|| self.of_parts(first, parts), || self.of_parts(second, parts));
        sum.values_mut().iter_mut().zip(other.values()).for_each(|(sum, &other)| *sum += other);
        sum
    }
}

/// The rows of the `part`-th of `parts` that have about as many entries each; empty ones at the end are in none.
fn rows(offsets: &[usize], parts: usize, part: usize) -> Range<usize> {
    let nnz = offsets[offsets.len() - 1];
    let start = |part: usize| offsets.partition_point(|&at| at < nnz * part / parts);
    start(part)..start(part + 1)
}

/// What some rows of the matrix add to the result.
struct Part<'a, T> {
    product: &'a Product<'a, T>,
    rows: Range<usize>,
    sum: &'a mut [T],
}

impl<T: Real> WithSimd for Part<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match (self.product.of, self.product.factors) {
            (16, Factors::Given) => self.add_up::<16, false>(),
            (16, Factors::Images) => self.add_up::<16, true>(),
            (_, Factors::Given) => self.add_up::<8, false>(),
            (_, Factors::Images) => self.add_up::<8, true>(),
        }
    }
}

impl<T: Real> Part<'_, T> {
    #[inline(always)]
    fn add_up<const W: usize, const IMAGES: bool>(self) {
        let ((x, _), (sum, _)) = (self.product.x.as_chunks::<W>(), self.sum.as_chunks_mut::<W>());
        for row in self.rows {
            let (columns, values) = self.product.matrix.row(row);
            let factor = if IMAGES { row_times(columns, values, x) } else { x[row] };
            for (&column, &value) in columns.iter().zip(values) {
                add(&mut sum[column as usize], &factor, value);
            }
        }
    }
}
