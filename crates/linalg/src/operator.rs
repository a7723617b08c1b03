//! Linear maps known by what they do to a block of vectors.

use crate::dense::Dense;
use crate::scalar::Real;

/// Columns of the identity that are pushed through an operator at once when it is written out.
const PROBE: usize = 32;

/// A linear map `A: nrows x ncols`, known by its products with blocks of vectors, in either precision.
///
/// The products must be deterministic: the same bits for the same argument on any number of threads. The provided
/// methods compose or write out what is required; override them where the structure allows better.
pub trait LinearOperator: Sync {
    /// Number of rows.
    fn nrows(&self) -> usize;

    /// Number of columns.
    fn ncols(&self) -> usize;

    /// `y = A x` for `x: ncols x b` and `y: nrows x b`; overwrites `y`.
    fn apply<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>);

    /// `y = Aᵀ x` for `x: nrows x b` and `y: ncols x b`; overwrites `y`.
    fn apply_transpose<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>);

    /// `y = A Aᵀ x` for `x` and `y: nrows x b`; overwrites `y`.
    fn apply_row_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        let mut middle = Dense::zeros(self.ncols(), x.ncols());
        self.apply_transpose(x, &mut middle);
        self.apply(&middle, y);
    }

    /// `y = Aᵀ A x` for `x` and `y: ncols x b`; overwrites `y`.
    fn apply_column_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        let mut middle = Dense::zeros(self.nrows(), x.ncols());
        self.apply(x, &mut middle);
        self.apply_transpose(&middle, y);
    }

    /// Multiplications that one product with one vector takes, for choosing a solver.
    fn multiplications(&self) -> f64 {
        self.nrows() as f64 * self.ncols() as f64
    }

    /// `A Aᵀ`, `nrows x nrows`; at least its lower triangle (the diagonal included) is filled.
    fn row_gram(&self) -> Dense {
        let n = self.nrows();
        written_out(n, n, |x, y| self.apply_row_gram(x, y))
    }

    /// `Aᵀ A`, `ncols x ncols`; at least its lower triangle (the diagonal included) is filled.
    fn column_gram(&self) -> Dense {
        let n = self.ncols();
        written_out(n, n, |x, y| self.apply_column_gram(x, y))
    }

    /// The whole matrix. Memory: `8 * nrows * ncols` bytes.
    fn to_dense(&self) -> Dense {
        written_out(self.nrows(), self.ncols(), |x, y| self.apply(x, y))
    }
}

/// The `nrows x ncols` matrix of a map, from its action on blocks of the identity.
pub(crate) fn written_out(nrows: usize, ncols: usize, mut apply: impl FnMut(&Dense, &mut Dense)) -> Dense {
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

    fn apply<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        self.0.apply_transpose(x, y);
    }

    fn apply_transpose<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        self.0.apply(x, y);
    }

    fn apply_row_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        self.0.apply_column_gram(x, y);
    }

    fn apply_column_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        self.0.apply_row_gram(x, y);
    }

    fn multiplications(&self) -> f64 {
        self.0.multiplications()
    }

    fn row_gram(&self) -> Dense {
        self.0.column_gram()
    }

    fn column_gram(&self) -> Dense {
        self.0.row_gram()
    }
}
