//! A growing set of orthonormal columns, and how a block is made orthonormal to it.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Mat, MatRef, Par};
use rayon::prelude::*;

use crate::dense::Dense;
use crate::product::{self, ROWS};
use crate::random::RandomBlocks;
use crate::scalar::Real;

/// A column whose norm falls below this many roundings of what it was before projection holds rounding errors only.
const LOST: f64 = 500.0;
/// Below this part, one pass of projection has cancelled too many digits and another one is made.
const CANCELLED: f64 = 1e-3;
/// The smallest part of a column's squared norm that may remain when it is made orthogonal to those before it by Cholesky.
const INDEPENDENT: f64 = 1e-12;

/// Orthonormal columns, `nrows x len`, in room for a fixed number of them.
pub(crate) struct Basis<T> {
    nrows: usize,
    stride: usize,
    len: usize,
    values: Vec<T>,
}

impl<T: Real> Basis<T> {
    /// No columns yet, room for `capacity`.
    pub(crate) fn new(nrows: usize, capacity: usize) -> Self {
        let line = 64 / size_of::<T>();
        // An odd number of cache lines between rows spreads a column over all sets of the cache.
        let stride = (capacity.div_ceil(line) | 1) * line;
        Self { nrows, stride, len: 0, values: vec![T::default(); nrows * stride] }
    }

    /// Number of columns.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The columns from `start` on.
    pub(crate) fn since(&self, start: usize) -> MatRef<'_, T> {
        let all = MatRef::from_row_major_slice_with_stride(&self.values, self.nrows, self.stride, self.stride);
        all.subcols(start, self.len - start)
    }

    /// Appends the columns of a block.
    pub(crate) fn push(&mut self, block: &Dense<T>) {
        let (start, width) = (self.len, block.ncols());
        let rows = self.values.par_chunks_exact_mut(self.stride).zip(block.values().par_chunks_exact(width));
        rows.with_min_len(ROWS).for_each(|(row, entries)| row[start..start + width].copy_from_slice(entries));
        self.len += width;
    }

    /// Replaces all columns.
    pub(crate) fn replace(&mut self, block: &Dense<T>) {
        self.len = 0;
        self.push(block);
    }

    /// Splits `y` into its part in the span of the columns from `start` on and the rest, which stays in `y`.
    pub(crate) fn project_out(&self, start: usize, y: &mut Dense<T>) -> Mat<T> {
        let columns = self.since(start);
        let coefficients = product::inner(columns, y.view());
        product::subtract(y, columns, coefficients.as_ref());
        coefficients
    }

    /// Makes a projected block orthonormal, to itself and to the basis: `y = y' r`, with `y'` left in `y`.
    ///
    /// `norm` is the size of what the block was before projection. Directions that are lost in rounding become random
    /// ones, with zeros in `r`. (Cholesky QR, twice: Yamamoto, Nakatsukasa, Yanagisawa, Fukaya, 2015.)
    pub(crate) fn orthonormalize(&self, y: &mut Dense<T>, norm: T, random: &mut RandomBlocks) -> Mat<T> {
        let Some(first) = cholesky_qr(y) else { return self.orthonormalize_slowly(y, norm, random) };
        let smallest = (0..first.nrows()).map(|at| first[(at, at)].to_f64()).fold(f64::INFINITY, f64::min);
        if smallest <= lost::<T>(norm) {
            return self.orthonormalize_slowly_from(y, &first, norm, random);
        }
        if smallest <= CANCELLED * norm.to_f64() {
            self.project_out(0, y);
        }
        match cholesky_qr(y) {
            Some(second) => product::small(second.as_ref(), first.as_ref()),
            None => self.orthonormalize_slowly_from(y, &first, norm, random),
        }
    }

    /// As [`orthonormalize_slowly`](Self::orthonormalize_slowly), for a block that was divided by `first`.
    fn orthonormalize_slowly_from(
        &self,
        y: &mut Dense<T>,
        first: &Mat<T>,
        norm: T,
        random: &mut RandomBlocks,
    ) -> Mat<T> {
        *y = product::multiply(y.view(), first.as_ref());
        self.orthonormalize_slowly(y, norm, random)
    }

    /// Gram-Schmidt column by column, twice, with random columns for the lost ones.
    fn orthonormalize_slowly(&self, y: &mut Dense<T>, norm: T, random: &mut RandomBlocks) -> Mat<T> {
        let width = y.ncols();
        let mut r = Mat::zeros(width, width);
        let mut done = Basis::new(self.nrows, width);
        for at in 0..width {
            let mut column = Dense::copied(y.view().subcols(at, 1));
            for _ in 0..2 {
                self.project_out(0, &mut column);
                let coefficients = done.project_out(0, &mut column);
                for (row, &coefficient) in coefficients.col(0).iter().enumerate() {
                    r[(row, at)] += coefficient;
                }
            }
            let length = column.view().norm_l2();
            if length.to_f64() > lost::<T>(norm) {
                r[(at, at)] = length;
            } else {
                column = random.block(self.nrows, 1);
                for _ in 0..3 {
                    self.project_out(0, &mut column);
                    done.project_out(0, &mut column);
                    normalize(&mut column);
                }
            }
            normalize(&mut column);
            done.push(&column);
        }
        *y = Dense::copied(done.since(0));
        r
    }
}

/// The norm below which nothing is left of a column that had norm `before`.
fn lost<T: Real>(before: T) -> f64 {
    LOST * T::EPSILON.to_f64() * before.to_f64()
}

/// Scales a single column to norm 1; leaves zero alone.
pub(crate) fn normalize<T: Real>(column: &mut Dense<T>) {
    let length = column.view().norm_l2();
    if length > T::default() {
        for entry in column.values_mut() {
            *entry /= length;
        }
    }
}

/// `y = y' r` with `r` upper triangular and `y'` nearly orthonormal, left in `y`; nothing is touched when `yᵀy` is not
/// safely positive definite. `yᵀy` and its factor are computed in f64 whatever the precision of `y`, so that columns may
/// be nearly dependent (Yamazaki, Tomov, Dongarra, "Mixed-precision Cholesky QR factorization", 2015).
pub(crate) fn cholesky_qr<T: Real>(y: &mut Dense<T>) -> Option<Mat<T>> {
    Some(cholesky_qr_leading(y, y.ncols())?.transpose().to_owned())
}

/// [`cholesky_qr`] of the first `count` columns, with `rᵀ` as the result; the others stay as they are, and `r` is the
/// identity there.
pub(crate) fn cholesky_qr_leading<T: Real>(y: &mut Dense<T>, count: usize) -> Option<Mat<T>> {
    let width = y.ncols();
    let mut gram = product::gram(y);
    if count < width {
        gram.truncate(count, count);
    }
    let factor = cholesky_factor(gram)?;
    let identity = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
    let entry = |i: usize, j: usize| if i < count && j < count { factor[(i, j)] } else { identity(i, j) };
    let lower = Mat::from_fn(width, width, |i, j| T::from_f64(entry(i, j)));
    drop(factor);
    divide(y, &lower);
    Some(lower)
}

/// The lower triangular `l` with `l lᵀ` the matrix whose lower triangle is given; `None` when that is not safely
/// positive definite.
pub(crate) fn cholesky_factor(mut lower: Mat<f64>) -> Option<Mat<f64>> {
    let width = lower.nrows();
    let before: Vec<f64> = (0..width).map(|at| lower[(at, at)]).collect();
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(width, Par::Seq, Default::default()));
    let stack = MemStack::new(&mut memory);
    cholesky_in_place(lower.as_mut(), Default::default(), Par::Seq, stack, Default::default()).ok()?;
    let safe = before.iter().enumerate().all(|(at, &before)| lower[(at, at)] * lower[(at, at)] > INDEPENDENT * before);
    if !safe {
        return None;
    }
    for column in 1..width {
        lower.col_mut(column).subrows_mut(0, column).fill(0.0);
    }
    Some(lower)
}

/// `y ← y L⁻ᵀ`, in fixed chunks of rows.
fn divide<T: Real>(y: &mut Dense<T>, lower: &Mat<T>) {
    product::in_chunks(y, |_, rows| {
        solve_lower_triangular_in_place(lower.as_ref(), rows.as_mut().transpose_mut(), Par::Seq);
    });
}
