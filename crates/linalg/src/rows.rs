//! A sparse matrix as a linear operator for few columns at a time, in one orientation only.

use faer::Accum;

use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::operator::LinearOperator;
use crate::scalar::Real;
use crate::scatter::{self, Factors};
use crate::spmm;

/// Parts of a matrix that are enough for the threads to share; a matrix of fewer is small and transposed in no time.
const ENOUGH: usize = 8;

/// Bytes of the sums that one product of a [`RowOperator`] holds, with as many threads as there are parts.
pub(crate) fn sum_bytes(ncols: usize, nnz: usize) -> u64 {
    (64 * scatter::parts(ncols, nnz) * ncols) as u64
}

/// A sparse matrix whose rows every product goes over once; meant for those with more rows than columns.
///
/// Against [`SparseOperator`](crate::SparseOperator): nothing to make beforehand, and less time for `Aᵀ A x` of blocks of up
/// to 32 bytes a row; more for wider ones.
pub(crate) struct RowOperator<'a>(pub(crate) &'a CsrMatrix);

impl RowOperator<'_> {
    /// Whether a matrix with this many columns has entries enough for threads to share its products.
    pub(crate) fn suits(ncols: usize, nnz: usize) -> bool {
        scatter::parts(ncols, nnz) >= ENOUGH
    }
}

impl LinearOperator for RowOperator<'_> {
    fn nrows(&self) -> usize {
        self.0.nrows()
    }

    fn ncols(&self) -> usize {
        self.0.ncols()
    }

    fn apply<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        spmm::multiply(self.0, 0..self.0.nrows(), x.values(), x.ncols(), y.values_mut(), Accum::Replace);
    }

    fn apply_transpose<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        scatter::multiply(self.0, Factors::Given, x, y);
    }

    fn apply_column_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        scatter::multiply(self.0, Factors::Images, x, y);
    }

    fn multiplications(&self) -> f64 {
        self.0.nnz() as f64
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
        let a = RowOperator(matrix);
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
            let (rows, both) = (RowOperator(&matrix), SparseOperator::new(&matrix));
            for (found, expected) in [(rows.row_gram(), both.row_gram()), (rows.column_gram(), both.column_gram())] {
                for at in 0..found.nrows() {
                    assert_eq!(found.row(at)[..=at], expected.row(at)[..=at], "row {at}: halves are exact");
                }
            }
        }
    }
}
