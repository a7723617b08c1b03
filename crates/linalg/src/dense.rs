//! A dense f64 matrix in row-major order: the blocks that operators act on and the factors that come out.

use faer::{MatMut, MatRef};

/// A dense `nrows x ncols` matrix of f64, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    nrows: usize,
    ncols: usize,
    values: Vec<f64>,
}

impl Dense {
    /// A matrix of zeros.
    #[must_use]
    pub fn zeros(nrows: usize, ncols: usize) -> Self {
        Self { nrows, ncols, values: vec![0.0; nrows * ncols] }
    }

    /// Takes row-major values.
    ///
    /// # Panics
    /// When `values.len()` is not `nrows * ncols`.
    #[must_use]
    pub fn new(nrows: usize, ncols: usize, values: Vec<f64>) -> Self {
        assert_eq!(Some(values.len()), nrows.checked_mul(ncols), "values of a {nrows} x {ncols} matrix");
        Self { nrows, ncols, values }
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
    pub fn row(&self, row: usize) -> &[f64] {
        assert!(row < self.nrows, "row {row} of {}", self.nrows);
        &self.values[row * self.ncols..][..self.ncols]
    }

    /// All entries, row after row.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All entries, row after row, to write.
    #[must_use]
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// Consumes the matrix into its row-major entries.
    #[must_use]
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The matrix as faer sees it.
    pub(crate) fn view(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.values, self.nrows, self.ncols)
    }

    /// The matrix as faer sees it, to write.
    pub(crate) fn view_mut(&mut self) -> MatMut<'_, f64> {
        MatMut::from_row_major_slice_mut(&mut self.values, self.nrows, self.ncols)
    }

    /// Copies any strided matrix.
    pub(crate) fn copied(matrix: MatRef<'_, f64>) -> Self {
        let mut copy = Self::zeros(matrix.nrows(), matrix.ncols());
        copy.view_mut().copy_from(matrix);
        copy
    }

    /// Whether every entry is finite.
    pub(crate) fn is_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }
}
