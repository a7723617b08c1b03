//! Products of small dense matrices that lie in slices, row after row, on the calling thread.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::scalar::Real;

/// A row-major matrix in a slice, as it is or transposed.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a, T> {
    values: &'a [T],
    ncols: usize,
    is_transposed: bool,
}

impl<'a, T: Real> Block<'a, T> {
    /// The matrix whose rows have `ncols` entries.
    ///
    /// # Panics
    /// When `values` are no whole number of rows.
    #[must_use]
    pub fn new(values: &'a [T], ncols: usize) -> Self {
        assert!(ncols > 0 && values.len().is_multiple_of(ncols), "{} values in rows of {ncols}", values.len());
        Self { values, ncols, is_transposed: false }
    }

    /// Its transpose.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self { is_transposed: !self.is_transposed, ..self }
    }

    fn view(self) -> MatRef<'a, T> {
        let rows = MatRef::from_row_major_slice(self.values, self.values.len() / self.ncols, self.ncols);
        if self.is_transposed { rows.transpose() } else { rows }
    }
}

/// `to = scale a b`, or `to += scale a b` where `add` says so; `to` is row-major. The bits depend on shapes and entries alone.
/// 2 n p q flops for `a: n x p` and `b: p x q`.
///
/// # Panics
/// When the shapes do not fit.
pub fn multiply_blocks<T: Real>(to: &mut [T], a: Block<'_, T>, b: Block<'_, T>, scale: T, add: bool) {
    let (a, b) = (a.view(), b.view());
    assert!(a.ncols() == b.nrows() && to.len() == a.nrows() * b.ncols(), "shapes of a product");
    let to = MatMut::from_row_major_slice_mut(to, a.nrows(), b.ncols());
    matmul(to, if add { Accum::Add } else { Accum::Replace }, a, b, scale, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_naive_loops_plain_and_transposed() {
        let entries = |count: usize| (0..count).map(|at| (at * 37 % 11) as f64 - 5.0).collect::<Vec<_>>();
        let (n, p, q) = (5, 7, 3);
        let (a, b) = (entries(n * p), entries(p * q));
        let turned = |values: &[f64], rows: usize, columns: usize| -> Vec<f64> {
            (0..rows * columns).map(|at| values[at % rows * columns + at / rows]).collect()
        };
        let (a_turned, b_turned) = (turned(&a, n, p), turned(&b, p, q));
        let product = |i: usize, j: usize| (0..p).map(|k| a[i * p + k] * b[k * q + j]).sum::<f64>();
        let expected: Vec<f64> = (0..n * q).map(|at| 1.0 + 2.0 * product(at / q, at % q)).collect();
        for a in [Block::new(&a, p), Block::new(&a_turned, n).transposed()] {
            for b in [Block::new(&b, q), Block::new(&b_turned, p).transposed()] {
                let mut to = vec![1.0; n * q];
                multiply_blocks(&mut to, a, b, 2.0, true);
                assert_eq!(to, expected);
                multiply_blocks(&mut to, a, b, 2.0, false);
                assert!(to.iter().zip(&expected).all(|(found, expected)| (found + 1.0 - expected).abs() < 1e-12));
            }
        }
    }
}
