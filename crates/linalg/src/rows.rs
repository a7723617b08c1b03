//! A sparse matrix as a linear operator for few columns at a time, in one orientation only.

use std::borrow::Cow;

use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::operator::LinearOperator;
use crate::scalar::Real;
use crate::scatter::{self, Factors};
use crate::spmm::{self, Into};

/// Parts of a matrix that are enough for the threads to share; a matrix of fewer is small and transposed in no time.
const ENOUGH: usize = 8;

/// Bytes that a [`RowOperator`] adds to a matrix.
pub(crate) fn counterpart_bytes(nrows: usize, ncols: usize, nnz: usize) -> u64 {
    if nrows < ncols { 8 * (nnz + ncols + 1) as u64 } else { 0 }
}

/// Bytes of the sums that one of its products holds, with as many threads as there are parts.
pub(crate) fn sum_bytes(short: usize, nnz: usize) -> u64 {
    (64 * scatter::parts(short, nnz) * short) as u64
}

/// A sparse matrix with its longer side as rows, which every product goes over once.
///
/// Against [`SparseOperator`](crate::SparseOperator): nothing to make beforehand for a tall matrix, and less time for
/// blocks of up to 32 bytes a row; more for wider ones.
pub(crate) struct RowOperator<'a> {
    long: Cow<'a, CsrMatrix>,
    is_tall: bool,
}

impl<'a> RowOperator<'a> {
    /// Takes a matrix that has no fewer rows than columns as it is, and transposes another. O(nnz + nrows + ncols).
    pub(crate) fn new(matrix: &'a CsrMatrix) -> Self {
        let is_tall = matrix.nrows() >= matrix.ncols();
        Self { long: if is_tall { Cow::Borrowed(matrix) } else { Cow::Owned(matrix.transpose()) }, is_tall }
    }

    /// Whether a matrix of that shorter side has entries enough for threads to share its products.
    pub(crate) fn suits(short: usize, nnz: usize) -> bool {
        scatter::parts(short, nnz) >= ENOUGH
    }

    /// `y = L x`.
    fn lengthen<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        spmm::multiply(&self.long, 0..self.long.nrows(), x.values(), x.ncols(), y.values_mut(), Into::Nothing);
    }

    /// `y = A Aᵀ x` by two products, where that is the longer side.
    fn long_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        let mut middle = Dense::zeros(self.long.ncols(), x.ncols());
        scatter::multiply(&self.long, Factors::Given, x, &mut middle);
        self.lengthen(&middle, y);
    }
}

impl LinearOperator for RowOperator<'_> {
    fn nrows(&self) -> usize {
        if self.is_tall { self.long.nrows() } else { self.long.ncols() }
    }

    fn ncols(&self) -> usize {
        if self.is_tall { self.long.ncols() } else { self.long.nrows() }
    }

    fn apply<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall { self.lengthen(x, y) } else { scatter::multiply(&self.long, Factors::Given, x, y) }
    }

    fn apply_transpose<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall { scatter::multiply(&self.long, Factors::Given, x, y) } else { self.lengthen(x, y) }
    }

    fn apply_row_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall { self.long_gram(x, y) } else { scatter::multiply(&self.long, Factors::Images, x, y) }
    }

    fn apply_column_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall { scatter::multiply(&self.long, Factors::Images, x, y) } else { self.long_gram(x, y) }
    }

    fn multiplications(&self) -> f64 {
        self.long.nnz() as f64
    }
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;
    use crate::random::RandomBlocks;
    use crate::sparse::SparseOperator;

    /// Rows of very different length, an empty one among them.
    fn matrix(nrows: usize, ncols: usize) -> CsrMatrix {
        let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
        for row in 0..nrows {
            let step = 1 + row % 7;
            for column in (row % 5 * step..if row == 3 { 0 } else { ncols }).step_by(step) {
                columns.push(column as u32);
                values.push((1 + (row * 31 + column * 17) % 10) as f32 / 2.0);
            }
            offsets.push(columns.len());
        }
        CsrMatrix::new(ncols, offsets, columns, values).unwrap()
    }

    /// `A x`, `Aᵀ z`, `A Aᵀ z` and `Aᵀ A x`.
    fn products<T: Real>(a: &RowOperator<'_>, x: &Dense<T>, z: &Dense<T>) -> [Dense<T>; 4] {
        let place = |nrows| Dense::zeros(nrows, x.ncols());
        let mut all = [a.nrows(), a.ncols(), a.nrows(), a.ncols()].map(place);
        a.apply(x, &mut all[0]);
        a.apply_transpose(z, &mut all[1]);
        a.apply_row_gram(z, &mut all[2]);
        a.apply_column_gram(x, &mut all[3]);
        all
    }

    fn wide<T: Real>(a: &Dense<T>) -> Mat<f64> {
        Mat::from_fn(a.nrows(), a.ncols(), |i, j| a.row(i)[j].to_f64())
    }

    fn assert_products<T: Real>(matrix: &CsrMatrix, width: usize) {
        let a = RowOperator::new(matrix);
        let mut random = RandomBlocks::new(7);
        let (x, z) = (random.block::<T>(a.ncols(), width), random.block::<T>(a.nrows(), width));
        let threads = |count| rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
        let found = threads(1).install(|| products(&a, &x, &z));
        assert_eq!(threads(3).install(|| products(&a, &x, &z)), found, "bits of {width} columns");
        let dense = SparseOperator::new(matrix).to_dense();
        let (dense, x, z) = (dense.view(), wide(&x), wide(&z));
        let (forward, back) = (dense * &x, dense.transpose() * &z);
        let expected = [forward.clone(), back.clone(), dense * &back, dense.transpose() * &forward];
        for (which, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let largest = expected.norm_max();
            let difference = wide(found) - expected;
            let allowed = 30.0 * T::EPSILON.to_f64() * largest;
            assert!(difference.norm_max() <= allowed, "product {which}, {width} columns: {}", difference.norm_max());
        }
    }

    #[test]
    fn products_are_those_of_the_matrix_written_out() {
        for (nrows, ncols) in [(900, 40), (40, 900), (1, 300), (300, 1), (60, 60)] {
            let matrix = matrix(nrows, ncols);
            for width in [1, 5, 8, 10, 16, 40] {
                assert_products::<f32>(&matrix, width);
                assert_products::<f64>(&matrix, width);
            }
        }
    }

    #[test]
    fn gram_matrices_are_those_of_the_other_operator() {
        for (nrows, ncols) in [(90, 40), (40, 90)] {
            let matrix = matrix(nrows, ncols);
            let (rows, both) = (RowOperator::new(&matrix), SparseOperator::new(&matrix));
            for (found, expected) in [(rows.row_gram(), both.row_gram()), (rows.column_gram(), both.column_gram())] {
                for at in 0..found.nrows() {
                    assert_eq!(found.row(at)[..=at], expected.row(at)[..=at], "row {at}: halves are exact");
                }
            }
        }
    }
}
