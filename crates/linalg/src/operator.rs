//! Linear maps known by what they do to a block of vectors.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::scalar::Real;
use crate::spmm;

/// Columns of the identity that are pushed through an operator at once when it is written out.
const PROBE: usize = 32;

/// A linear map `A: nrows x ncols`, known by its products with blocks of vectors.
///
/// Both products must be deterministic: the same bits for the same argument on any number of threads. The provided
/// methods write the map out column by column; override them where the structure allows better.
pub trait LinearOperator: Sync {
    /// Number of rows.
    fn nrows(&self) -> usize;

    /// Number of columns.
    fn ncols(&self) -> usize;

    /// `y = A x` for `x: ncols x b` and `y: nrows x b`; overwrites `y`.
    fn apply(&self, x: &Dense, y: &mut Dense);

    /// `y = Aᵀ x` for `x: nrows x b` and `y: ncols x b`; overwrites `y`.
    fn apply_transpose(&self, x: &Dense, y: &mut Dense);

    /// `y = A x` in single precision; overwrites `y`. The provided method rounds the result of [`apply`](Self::apply).
    fn apply_single(&self, x: &Dense<f32>, y: &mut Dense<f32>) {
        through_double(x, y, |x, y| self.apply(x, y));
    }

    /// `y = Aᵀ x` in single precision; overwrites `y`. The provided method rounds the result of
    /// [`apply_transpose`](Self::apply_transpose).
    fn apply_transpose_single(&self, x: &Dense<f32>, y: &mut Dense<f32>) {
        through_double(x, y, |x, y| self.apply_transpose(x, y));
    }

    /// Multiplications that one product with one vector takes, for choosing a solver.
    fn multiplications(&self) -> f64 {
        self.nrows() as f64 * self.ncols() as f64
    }

    /// `A Aᵀ`, `nrows x nrows`; at least its lower triangle (the diagonal included) is filled.
    fn row_gram(&self) -> Dense {
        let n = self.nrows();
        let mut middle = Dense::zeros(0, 0);
        written_out(n, n, |x, y| {
            if middle.ncols() != x.ncols() {
                middle = Dense::zeros(self.ncols(), x.ncols());
            }
            self.apply_transpose(x, &mut middle);
            self.apply(&middle, y);
        })
    }

    /// `Aᵀ A`, `ncols x ncols`; at least its lower triangle (the diagonal included) is filled.
    fn column_gram(&self) -> Dense {
        Transposed(self).row_gram()
    }

    /// The whole matrix. Memory: `8 * nrows * ncols` bytes.
    fn to_dense(&self) -> Dense {
        written_out(self.nrows(), self.ncols(), |x, y| self.apply(x, y))
    }
}

/// A product in double precision, rounded.
fn through_double(x: &Dense<f32>, y: &mut Dense<f32>, product: impl FnOnce(&Dense, &mut Dense)) {
    let mut wide = Dense::zeros(y.nrows(), y.ncols());
    product(&x.converted(), &mut wide);
    *y = wide.converted();
}

/// A precision in which the products with an operator can be had.
pub(crate) trait Precision: Real {
    /// `y = A x`.
    fn apply<A: LinearOperator + ?Sized>(a: &A, x: &Dense<Self>, y: &mut Dense<Self>);
    /// `y = Aᵀ x`.
    fn apply_transpose<A: LinearOperator + ?Sized>(a: &A, x: &Dense<Self>, y: &mut Dense<Self>);
    /// A matrix in this precision.
    fn of_double(x: &Dense) -> Cow<'_, Dense<Self>>;
}

impl Precision for f32 {
    fn apply<A: LinearOperator + ?Sized>(a: &A, x: &Dense<f32>, y: &mut Dense<f32>) {
        a.apply_single(x, y);
    }

    fn apply_transpose<A: LinearOperator + ?Sized>(a: &A, x: &Dense<f32>, y: &mut Dense<f32>) {
        a.apply_transpose_single(x, y);
    }

    fn of_double(x: &Dense) -> Cow<'_, Dense<f32>> {
        Cow::Owned(x.converted())
    }
}

impl Precision for f64 {
    fn apply<A: LinearOperator + ?Sized>(a: &A, x: &Dense, y: &mut Dense) {
        a.apply(x, y);
    }

    fn apply_transpose<A: LinearOperator + ?Sized>(a: &A, x: &Dense, y: &mut Dense) {
        a.apply_transpose(x, y);
    }

    fn of_double(x: &Dense) -> Cow<'_, Dense> {
        Cow::Borrowed(x)
    }
}

/// The `nrows x ncols` matrix of a map, from its action on blocks of the identity.
fn written_out(nrows: usize, ncols: usize, mut apply: impl FnMut(&Dense, &mut Dense)) -> Dense {
    let mut whole = Dense::zeros(nrows, ncols);
    for start in (0..ncols).step_by(PROBE) {
        let width = PROBE.min(ncols - start);
        let (mut x, mut y) = (Dense::zeros(ncols, width), Dense::zeros(nrows, width));
        for column in 0..width {
            x.values_mut()[(start + column) * width + column] = 1.0;
        }
        apply(&x, &mut y);
        for (whole, y) in whole.values_mut().chunks_exact_mut(ncols).zip(y.values().chunks_exact(width)) {
            whole[start..start + width].copy_from_slice(y);
        }
    }
    whole
}

/// `Aᵀ` of an operator `A`.
pub(crate) struct Transposed<'a, A: ?Sized>(pub(crate) &'a A);

impl<A: LinearOperator + ?Sized> LinearOperator for Transposed<'_, A> {
    fn nrows(&self) -> usize {
        self.0.ncols()
    }

    fn ncols(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, x: &Dense, y: &mut Dense) {
        self.0.apply_transpose(x, y);
    }

    fn apply_transpose(&self, x: &Dense, y: &mut Dense) {
        self.0.apply(x, y);
    }

    fn apply_single(&self, x: &Dense<f32>, y: &mut Dense<f32>) {
        self.0.apply_transpose_single(x, y);
    }

    fn apply_transpose_single(&self, x: &Dense<f32>, y: &mut Dense<f32>) {
        self.0.apply_single(x, y);
    }

    fn multiplications(&self) -> f64 {
        self.0.multiplications()
    }

    fn column_gram(&self) -> Dense {
        self.0.row_gram()
    }
}

/// A sparse matrix together with its transpose, so that both products run over rows.
///
/// Memory beyond the matrix itself: one more copy of it.
#[derive(Clone, Debug)]
pub struct SparseOperator<'a> {
    matrix: &'a CsrMatrix,
    transpose: CsrMatrix,
}

impl<'a> SparseOperator<'a> {
    /// Transposes the matrix. O(nnz + nrows + ncols).
    #[must_use]
    pub fn new(matrix: &'a CsrMatrix) -> Self {
        Self { matrix, transpose: matrix.transpose() }
    }
}

impl LinearOperator for SparseOperator<'_> {
    fn nrows(&self) -> usize {
        self.matrix.nrows()
    }

    fn ncols(&self) -> usize {
        self.matrix.ncols()
    }

    fn apply(&self, x: &Dense, y: &mut Dense) {
        spmm::multiply(self.matrix, x, y);
    }

    fn apply_transpose(&self, x: &Dense, y: &mut Dense) {
        spmm::multiply(&self.transpose, x, y);
    }

    fn apply_single(&self, x: &Dense<f32>, y: &mut Dense<f32>) {
        spmm::multiply(self.matrix, x, y);
    }

    fn apply_transpose_single(&self, x: &Dense<f32>, y: &mut Dense<f32>) {
        spmm::multiply(&self.transpose, x, y);
    }

    fn multiplications(&self) -> f64 {
        self.matrix.nnz() as f64
    }

    fn row_gram(&self) -> Dense {
        sparse_gram(self.matrix, &self.transpose)
    }

    fn column_gram(&self) -> Dense {
        sparse_gram(&self.transpose, self.matrix)
    }

    fn to_dense(&self) -> Dense {
        let mut whole = Dense::zeros(self.nrows(), self.ncols());
        if self.ncols() > 0 {
            for (row, whole) in whole.values_mut().chunks_exact_mut(self.ncols()).enumerate() {
                let (columns, values) = self.matrix.row(row);
                for (&column, &value) in columns.iter().zip(values) {
                    whole[column as usize] = f64::from(value);
                }
            }
        }
        whole
    }
}

/// The lower triangle of `M Mᵀ`; about the sum over columns of (stored entries)² flops, parallel over rows.
///
/// Products of f32 are exact in f64, so that small integers and halves give an exact result.
fn sparse_gram(matrix: &CsrMatrix, transpose: &CsrMatrix) -> Dense {
    let n = matrix.nrows();
    let mut gram = Dense::zeros(n, n);
    if n == 0 {
        return gram;
    }
    gram.values_mut().par_chunks_exact_mut(n).enumerate().for_each(|(row, sums)| {
        let (columns, values) = matrix.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            let (others, factors) = transpose.row(column as usize);
            let value = f64::from(value);
            for (&other, &factor) in others.iter().zip(factors) {
                let other = other as usize;
                if other > row {
                    break;
                }
                sums[other] += value * f64::from(factor);
            }
        }
    });
    gram
}
