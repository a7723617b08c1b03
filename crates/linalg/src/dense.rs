//! A dense matrix in row-major order: the blocks that operators act on and the factors that come out.

use faer::{MatMut, MatRef};
use rayon::prelude::*;

use crate::scalar::Real;

/// Rows and columns of a tile that is copied at a time.
const TILE: usize = 16;
/// Tiles below each other that one task copies.
const TILES: usize = 16;
/// Bytes of one cache line.
const LINE: usize = 64;

/// A dense `nrows x ncols` matrix, row after row.
#[derive(Clone, Debug)]
pub struct Dense<T = f64> {
    nrows: usize,
    ncols: usize,
    /// Entries before the first one: they put it on a cache line, where vector loads are fastest.
    start: usize,
    values: Vec<T>,
}

impl<T: Real> PartialEq for Dense<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.nrows, self.ncols) == (other.nrows, other.ncols) && self.values() == other.values()
    }
}

impl<T: Real> Dense<T> {
    /// A matrix of zeros.
    #[must_use]
    pub fn zeros(nrows: usize, ncols: usize) -> Self {
        let line = LINE / size_of::<T>();
        let values = vec![T::default(); nrows * ncols + line - 1];
        let start = values.as_ptr().align_offset(LINE).min(line - 1);
        Self { nrows, ncols, start, values }
    }

    /// Takes row-major values.
    ///
    /// # Panics
    /// When `values.len()` is not `nrows * ncols`.
    #[must_use]
    pub fn new(nrows: usize, ncols: usize, values: Vec<T>) -> Self {
        assert_eq!(Some(values.len()), nrows.checked_mul(ncols), "values of a {nrows} x {ncols} matrix");
        Self { nrows, ncols, start: 0, values }
    }

    /// Number of rows.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.nrows
    }

    /// Number of columns.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.ncols
    }

    /// One row.
    ///
    /// # Panics
    /// When `row` is not below [`nrows`](Self::nrows).
    #[must_use]
    pub fn row(&self, row: usize) -> &[T] {
        assert!(row < self.nrows, "row {row} of {}", self.nrows);
        &self.values()[row * self.ncols..][..self.ncols]
    }

    /// All entries, row after row.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values[self.start..][..self.nrows * self.ncols]
    }

    /// All entries, row after row, to write.
    #[must_use]
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..][..self.nrows * self.ncols]
    }

    /// Consumes the matrix into its row-major entries.
    #[must_use]
    pub fn into_values(mut self) -> Vec<T> {
        self.values.truncate(self.start + self.nrows * self.ncols);
        self.values.drain(..self.start);
        self.values
    }

    /// The matrix as faer sees it.
    pub(crate) fn view(&self) -> MatRef<'_, T> {
        MatRef::from_row_major_slice(self.values(), self.nrows, self.ncols)
    }

    /// The matrix as faer sees it, to write.
    pub(crate) fn view_mut(&mut self) -> MatMut<'_, T> {
        let (nrows, ncols) = (self.nrows, self.ncols);
        MatMut::from_row_major_slice_mut(self.values_mut(), nrows, ncols)
    }

    /// Copies any strided matrix, rounded to this precision.
    pub(crate) fn copied<S: Real>(matrix: MatRef<'_, S>) -> Self {
        let mut copy = Self::zeros(matrix.nrows(), matrix.ncols());
        copy.fill_columns(0, matrix);
        copy
    }

    /// Copies any strided matrix of as many rows over the columns from `start` on, rounded to this precision.
    pub(crate) fn fill_columns<S: Real>(&mut self, start: usize, matrix: MatRef<'_, S>) {
        assert_eq!(matrix.nrows(), self.nrows, "rows of the columns");
        let width = self.ncols;
        // In tiles, because one side is read or written across its lines when the other is column-major.
        self.values_mut().par_chunks_mut((TILES * TILE * width).max(1)).enumerate().for_each(|(task, rows)| {
            for (tile, rows) in rows.chunks_mut(TILE * width).enumerate() {
                let from = matrix.subrows((task * TILES + tile) * TILE, rows.len() / width);
                for left in (0..from.ncols()).step_by(TILE) {
                    for column in left..from.ncols().min(left + TILE) {
                        let to = rows[start + column..].iter_mut().step_by(width);
                        to.zip(from.col(column).iter()).for_each(|(to, &value)| *to = T::from_f64(value.to_f64()));
                    }
                }
            }
        });
    }

    /// Whether every entry is finite.
    pub(crate) fn is_finite(&self) -> bool {
        self.values().iter().all(|value| value.to_f64().is_finite())
    }
}
