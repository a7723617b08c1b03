//! The rows of the factor `K` of a sparse approximate inverse, each the solution of a small system.

use foretaste_linalg::{CsrError, CsrMatrix, column_products, largest};
use rayon::prelude::*;

use crate::fit::narrow;

/// A pivot of less than this share of its diagonal says that a row depends on those before it.
const LEAST_PIVOT: f64 = 1e-12;

/// The regularised Gram matrix below its diagonal: for each place the places before it with which it has to do.
pub(super) struct Correlations {
    diagonal: Vec<f64>,
    /// For each place, by rising place: the places before it and the entry of `A`.
    before: Vec<Vec<(u32, f32)>>,
}

impl Correlations {
    /// Of `Xᵀ W X`, whose columns are places, with `regularised` of its diagonal. Of each place the `pairs` entries of the largest
    /// correlation are kept. The sum over rows of (stored entries)² multiplications.
    pub(super) fn new(
        x: &CsrMatrix,
        weights: Option<&[f64]>,
        pairs: usize,
        regularised: impl Fn(f64) -> f64 + Sync,
    ) -> Self {
        let columns = x.transpose();
        let square = |column: usize| {
            let (rows, values) = columns.row(column);
            let weight = |row: u32| weights.map_or(1.0, |weights| weights[row as usize]);
            rows.iter().zip(values).map(|(&row, &value)| weight(row) * f64::from(value).powi(2)).sum()
        };
        let diagonal: Vec<f64> = (0..x.ncols()).map(|column| regularised(square(column))).collect();
        let before = column_products(x, &columns, weights, |products| {
            let own = products.column;
            let mut before: Vec<(u32, f64)> =
                products.iter().take_while(|&(place, _)| (place as usize) < own).collect();
            keep_largest(&mut before, pairs, squared(&diagonal));
            before.iter().map(|&(place, entry)| (place, narrow(entry))).collect()
        });
        Self { diagonal, before }
    }

    /// The factor, places x places. (nonzeros)³ / 3 multiplications a row.
    pub(super) fn factor(&self, nonzeros: usize) -> Result<CsrMatrix, CsrError> {
        let places = self.diagonal.len();
        let scratch = || Scratch { at: vec![u32::MAX; places], ..Scratch::default() };
        let rows: Vec<Vec<(u32, f32)>> = (0..places)
            .into_par_iter()
            .map_init(scratch, |scratch, place| self.row(place, nonzeros, scratch))
            .collect();
        let mut offsets = vec![0usize];
        offsets.extend(rows.iter().scan(0, |end, row| {
            *end += row.len();
            Some(*end)
        }));
        let columns = rows.iter().flatten().map(|&(column, _)| column).collect();
        CsrMatrix::new(places, offsets, columns, rows.iter().flatten().map(|&(_, value)| value).collect())
    }

    /// A row of the factor: `L⁻ᵀ e`, `L` the Cholesky factor of `A` on the pattern, `e` the unit vector of this place.
    fn row(&self, place: usize, nonzeros: usize, scratch: &mut Scratch) -> Vec<(u32, f32)> {
        let mut nearest: Vec<(u32, f64)> =
            self.before[place].iter().map(|&(other, entry)| (other, f64::from(entry))).collect();
        keep_largest(&mut nearest, nonzeros, squared(&self.diagonal));
        let Scratch { at, factor, pattern } = scratch;
        pattern.clear();
        pattern.extend(nearest.iter().map(|&(other, _)| other));
        pattern.sort_unstable();
        pattern.push(u32::try_from(place).unwrap_or(u32::MAX));
        (0u32..).zip(&*pattern).for_each(|(own, &place)| at[place as usize] = own);
        let size = pattern.len();
        factor.clear();
        factor.resize(size * size, 0.0);
        for (own, &place) in pattern.iter().enumerate() {
            factor[own * size + own] = self.diagonal[place as usize];
            for &(other, entry) in &self.before[place as usize] {
                // A place of the pattern that is before this one; all others are `u32::MAX`.
                if let Some(to) = factor[own * size..][..own].get_mut(at[other as usize] as usize) {
                    *to = f64::from(entry);
                }
            }
        }
        pattern.iter().for_each(|&place| at[place as usize] = u32::MAX);
        cholesky(factor, size);
        let solution = back_substituted(factor, size);
        let entries = pattern.iter().zip(solution).filter(|&(_, value)| value != 0.0);
        entries.map(|(&place, value)| (place, narrow(value))).collect()
    }
}

/// What is used again from row to row.
#[derive(Default)]
struct Scratch {
    /// For each place its own place in the pattern.
    at: Vec<u32>,
    factor: Vec<f64>,
    pattern: Vec<u32>,
}

/// Keeps the `most` entries of a row of which `size` is largest, in their order; equal ones rank by rising place.
pub(super) fn keep_largest(row: &mut Vec<(u32, f64)>, most: usize, size: impl Fn(u32, f64) -> f64) {
    if most < row.len() {
        let mut sizes: Vec<(u32, f64)> = row.iter().map(|&(place, entry)| (place, size(place, entry))).collect();
        largest(&mut sizes, most);
        let mut kept: Vec<u32> = sizes.iter().map(|&(place, _)| place).collect();
        kept.sort_unstable();
        row.retain(|(place, _)| kept.binary_search(place).is_ok());
    }
}

/// The squared correlation of a row of `A` with a place before it, up to a factor that all have.
fn squared(diagonal: &[f64]) -> impl Fn(u32, f64) -> f64 {
    |place, entry| entry * entry / diagonal[place as usize]
}

/// Factors the lower triangle in place, row by row. A row that depends on those before it, which rounding and dropped entries
/// can make of one, is left out: zeros.
fn cholesky(matrix: &mut [f64], size: usize) {
    for own in 0..size {
        let (before, rest) = matrix.split_at_mut(own * size);
        let row = &mut rest[..=own];
        let diagonal = row[own];
        for other in 0..own {
            let of_other = &before[other * size..][..=other];
            let pivot = of_other[other];
            row[other] = if pivot > 0.0 { (row[other] - dot(&row[..other], &of_other[..other])) / pivot } else { 0.0 };
        }
        let pivot = diagonal - dot(&row[..own], &row[..own]);
        if pivot > LEAST_PIVOT * diagonal {
            row[own] = pivot.sqrt();
        } else if own + 1 == size {
            // The row of the place itself stands alone.
            row.fill(0.0);
            row[own] = diagonal.sqrt();
        } else {
            row.fill(0.0);
        }
    }
}

/// `L⁻ᵀ e` for the last unit vector `e`; 0 where a row was left out.
fn back_substituted(factor: &[f64], size: usize) -> Vec<f64> {
    let mut solution = vec![0f64; size];
    if let Some(last) = solution.last_mut() {
        *last = 1.0;
    }
    for own in (0..size).rev() {
        let row = &factor[own * size..][..=own];
        let pivot = row[own];
        solution[own] = if pivot > 0.0 { solution[own] / pivot } else { 0.0 };
        let found = solution[own];
        solution.iter_mut().zip(&row[..own]).for_each(|(value, entry)| *value -= found * entry);
    }
    solution
}

/// Eight sums side by side, then those and the rest, in this order whatever the machine.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (whole, rest) = (a.chunks_exact(8).zip(b.chunks_exact(8)), a.len() / 8 * 8);
    let mut sums = [0f64; 8];
    for (a, b) in whole {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + a[rest..].iter().zip(&b[rest..]).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_depends_on_others_is_left_out() {
        // The second row equals the first; the last has to do with the first alone.
        let mut matrix = vec![4.0, 0.0, 0.0, 4.0, 4.0, 0.0, 2.0, 2.0, 5.0];
        cholesky(&mut matrix, 3);
        let solution = back_substituted(&matrix, 3);
        // Of [[4, 2], [2, 5]]: L = [[2, 0], [1, 2]], and its inverse, transposed, times the last unit vector.
        assert_eq!(solution, [-0.25, 0.0, 0.5]);
    }

    #[test]
    fn the_last_row_stands_alone_where_nothing_is_left_of_it() {
        let mut matrix = vec![4.0, 0.0, 6.0, 9.0];
        cholesky(&mut matrix, 2);
        assert_eq!(back_substituted(&matrix, 2), [0.0, 1.0 / 3.0]);
    }
}
