//! The dense Gram matrix of a sparse one.

use rayon::prelude::*;

use crate::csr::CsrMatrix;
use crate::dense::Dense;
use crate::mirror;

/// `Xᵀ W X`, dense `n x n` in f64 and symmetric to the bit, for `X: m x n` sparse and a diagonal `W` of `weights`, one for
/// each row of `X`; without weights `W` is the identity.
///
/// `columns` is `X` transposed (`n x m`), which every caller has or needs. Entry `(i, j)` is the sum over the rows that
/// hold both columns, in rising order, so that the bits do not depend on the threads; with values that are small integers
/// or halves and weights of the same kind it is exact. Half the sum over rows of (stored entries)² multiplications,
/// parallel over rows of the result. Memory: 8 n² bytes, the result.
///
/// # Panics
/// When `columns` is not of the transposed shape, or `weights` has another length than `X` has rows.
#[must_use]
pub fn gram(x: &CsrMatrix, columns: &CsrMatrix, weights: Option<&[f64]>) -> Dense {
    let n = x.ncols();
    assert_eq!((columns.nrows(), columns.ncols()), (n, x.nrows()), "shape of the transpose");
    assert!(weights.is_none_or(|weights| weights.len() == x.nrows()), "a weight for each of {} rows", x.nrows());
    let mut gram = Dense::zeros(n, n);
    gram.values_mut().par_chunks_exact_mut(n.max(1)).enumerate().for_each(|(column, sums)| {
        let (rows, values) = columns.row(column);
        for (&row, &value) in rows.iter().zip(values) {
            let weight = weights.map_or(1.0, |weights| weights[row as usize]);
            add_row(x, row as usize, weight * f64::from(value), &mut sums[..=column]);
        }
    });
    mirror::lower_to_upper(gram.values_mut(), n);
    gram
}

/// `sums += factor * row`, as far as `sums` goes.
fn add_row(matrix: &CsrMatrix, row: usize, factor: f64, sums: &mut [f64]) {
    let (columns, values) = matrix.row(row);
    for (&column, &value) in columns.iter().zip(values) {
        let Some(sum) = sums.get_mut(column as usize) else { break };
        *sum += factor * f64::from(value);
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these results are exact to the bit by contract")]
pub(crate) mod tests {
    use super::*;

    /// Halves from -2 to 4 at scattered places, an empty row and an empty column among them, and stored zeros.
    pub(crate) fn scattered(nrows: usize, ncols: usize) -> CsrMatrix {
        let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
        for row in 0..nrows {
            for column in 0..ncols {
                let hash = (row * 7919 + column * 104_729 + row * column * 31) % 97;
                if hash < 30 && row % 9 != 4 && column % 11 != 5 {
                    columns.push(column as u32);
                    values.push((hash % 13) as f32 / 2.0 - 2.0);
                }
            }
            offsets.push(columns.len());
        }
        CsrMatrix::new(ncols, offsets, columns, values).unwrap()
    }

    #[test]
    fn the_gram_matrix_is_that_of_naive_loops_with_and_without_weights_at_any_number_of_threads() {
        for (nrows, ncols) in [(1, 1), (60, 40), (40, 130), (200, 1), (0, 3)] {
            let x = scattered(nrows, ncols);
            let columns = x.transpose();
            let weights: Vec<f64> = (0..nrows).map(|row| (row % 5) as f64 / 2.0).collect();
            for weights in [None, Some(&weights[..])] {
                let mut expected = vec![0.0; ncols * ncols];
                for row in 0..nrows {
                    let (at, values) = x.row(row);
                    let weight = weights.map_or(1.0, |weights| weights[row]);
                    for (&i, &a) in at.iter().zip(values) {
                        for (&j, &b) in at.iter().zip(values) {
                            expected[i as usize * ncols + j as usize] += weight * f64::from(a) * f64::from(b);
                        }
                    }
                }
                for count in [1, 3] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
                    let found = pool.install(|| gram(&x, &columns, weights));
                    assert_eq!(found.values(), expected, "{nrows} x {ncols}, {count} threads: halves are exact");
                }
            }
        }
    }
}
