//! A dense matrix in row-major order: the blocks that operators act on and the factors that come out.

use faer::{MatMut, MatRef};

use crate::scalar::Real;

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

    /// Copies any strided matrix.
    pub(crate) fn copied(matrix: MatRef<'_, T>) -> Self {
        let mut copy = Self::zeros(matrix.nrows(), matrix.ncols());
        copy.view_mut().copy_from(matrix);
        copy
    }

    /// The same entries in another precision, rounded to the nearest.
    pub(crate) fn converted<S: Real>(&self) -> Dense<S> {
        let mut converted = Dense::zeros(self.nrows, self.ncols);
        for (to, from) in converted.values_mut().iter_mut().zip(self.values()) {
            *to = S::from_f64(from.to_f64());
        }
        converted
    }

    /// Whether every entry is finite.
    pub(crate) fn is_finite(&self) -> bool {
        self.values().iter().all(|value| value.to_f64().is_finite())
    }
}
