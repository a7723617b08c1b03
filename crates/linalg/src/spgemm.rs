//! The products of every column of a sparse matrix with all others, row by row of `Xᵀ X` and never the whole.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::csr::CsrMatrix;

/// Columns that one task takes, between which its sums are used again.
const COLUMNS: usize = 16;
/// Columns whose sums are cleared and gone over together.
const BLOCK: usize = 64;
/// A sum to which nothing was added: no sum of other numbers has this sign and value.
const NOTHING: f64 = -0.0;

/// One row of `Xᵀ X`: what one column's dot products with those that share a row with it are.
#[derive(Clone, Copy, Debug)]
pub struct ColumnProducts<'a> {
    /// The column.
    pub column: usize,
    sums: &'a Sums,
}

impl<'a> ColumnProducts<'a> {
    /// The columns that share at least one row with this one, itself among them, and the dot products; columns rise.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f64)> + use<'a> {
        let blocks = self.sums.of.chunks(BLOCK).zip(&self.sums.touched).enumerate();
        blocks.filter(|&(_, (_, &touched))| touched).flat_map(|(at, (sums, _))| {
            let first = u32::try_from(BLOCK * at).unwrap_or(u32::MAX);
            let reached = |&(_, &sum): &(u32, &f64)| sum.to_bits() != NOTHING.to_bits();
            (first..).zip(sums).filter(reached).map(|(column, &sum)| (column, sum))
        })
    }

    /// The largest `k` of the dot products with *other* columns, after `weigh` (the other column, the dot product) made a
    /// finite value of each or left it out: values fall, equal ones rank by rising column. O(columns + kept log k).
    #[must_use]
    pub fn top_k(&self, k: usize, mut weigh: impl FnMut(u32, f64) -> Option<f64>) -> Vec<(u32, f64)> {
        let own = self.column;
        let others = self.iter().filter(|&(column, _)| column as usize != own);
        let mut kept: Vec<(u32, f64)> = others
            .filter_map(|(column, dot)| Some((column, weigh(column, dot)?)))
            .filter(|(_, value)| value.is_finite())
            .collect();
        largest(&mut kept, k);
        kept
    }
}

/// A sum for each column.
#[derive(Debug)]
struct Sums {
    /// [`NOTHING`] where nothing was added.
    of: Vec<f64>,
    /// For each block, whether anything was added in it.
    touched: Vec<bool>,
}

impl Sums {
    fn new(columns: usize) -> Self {
        Self { of: vec![NOTHING; columns], touched: vec![false; columns.div_ceil(BLOCK)] }
    }
}

/// Clears the sums, and adds to them the rows of `x` that hold a column, each times its entry there and its weight.
///
/// In vector code: the dense kernels that others bring may leave the upper halves of the registers in use, and what is not
/// compiled for those registers then runs at less than half its speed. The end of this function clears them.
struct AddRows<'a> {
    x: &'a CsrMatrix,
    rows: &'a [u32],
    values: &'a [f32],
    weights: Option<&'a [f64]>,
    sums: &'a mut Sums,
}

impl WithSimd for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { x, rows, values, weights, sums } = self;
        let (of, touched) = (&mut sums.of[..], &mut sums.touched[..]);
        for (block, touched) in of.chunks_mut(BLOCK).zip(&mut *touched) {
            if std::mem::take(touched) {
                block.fill(NOTHING);
            }
        }
        for (&row, &value) in rows.iter().zip(values) {
            let factor = weights.map_or(1.0, |weights| weights[row as usize]) * f64::from(value);
            let (columns, values) = x.row(row as usize);
            for (&column, &value) in columns.iter().zip(values) {
                // What is added is never -0: a sum that was added to is not NOTHING.
                of[column as usize] += factor * f64::from(value) + 0.0;
                touched[column as usize / BLOCK] = true;
            }
        }
    }
}

/// Keeps the largest `k` values: they fall, equal ones rank by rising index. O(values + kept log kept).
pub fn largest(values: &mut Vec<(u32, f64)>, k: usize) {
    let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    // 0 and -0 are equal.
    values.iter_mut().for_each(|(_, value)| *value += 0.0);
    if k < values.len() {
        values.select_nth_unstable_by(k, order);
        values.truncate(k);
    }
    values.sort_unstable_by(order);
}

/// Calls `keep` on every row of `Xᵀ W X` and returns what it made of each, in the order of the columns.
///
/// `X: m x n` sparse, `columns` its transpose (`n x m`), `W` a diagonal of `weights`, one for each row of `X`; without
/// weights `W` is the identity. Dot products are summed in f64 over rising rows, so that the bits
/// do not depend on the threads. The sum over rows of (stored entries)² multiplications, parallel over columns;
/// memory: 8.02 n bytes a thread and what `keep` returns.
///
/// # Panics
/// When `columns` is not of the transposed shape, or `weights` has another length than `X` has rows.
pub fn column_products<R: Send>(
    x: &CsrMatrix,
    columns: &CsrMatrix,
    weights: Option<&[f64]>,
    keep: impl Fn(ColumnProducts<'_>) -> R + Sync,
) -> Vec<R> {
    let n = x.ncols();
    assert_eq!((columns.nrows(), columns.ncols()), (n, x.nrows()), "shape of the transpose");
    assert!(weights.is_none_or(|weights| weights.len() == x.nrows()), "a weight for each of {} rows", x.nrows());
    let one = |sums: &mut Sums, column: usize| {
        let (rows, values) = columns.row(column);
        Arch::new().dispatch(AddRows { x, rows, values, weights, sums });
        keep(ColumnProducts { column, sums })
    };
    (0..n).into_par_iter().with_min_len(COLUMNS).map_init(|| Sums::new(n), one).collect()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these results are exact to the bit by contract")]
mod tests {
    use super::*;
    use crate::gram::tests::scattered;

    /// The dot product of two columns, if they share a row, by naive loops.
    fn dot(x: &CsrMatrix, weights: Option<&[f64]>, i: usize, j: usize) -> Option<f64> {
        let at = |row: usize, column: usize| {
            let (columns, values) = x.row(row);
            columns.iter().position(|&c| c as usize == column).map(|place| f64::from(values[place]))
        };
        let terms = (0..x.nrows()).filter_map(|row| {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            Some(weight * at(row, i)? * at(row, j)?)
        });
        terms.fold(None, |sum, term| Some(sum.unwrap_or(0.0) + term))
    }

    #[test]
    fn every_product_of_two_columns_that_share_a_row_is_delivered_once() {
        for (nrows, ncols) in [(1, 1), (30, 70), (70, 30), (0, 4)] {
            let x = scattered(nrows, ncols);
            let weights: Vec<f64> = (0..nrows).map(|row| (row % 5) as f64 / 2.0).collect();
            for weights in [None, Some(&weights[..])] {
                let of = |i| (0..ncols).filter_map(|j| Some((j as u32, dot(&x, weights, i, j)?))).collect();
                let expected: Vec<Vec<(u32, f64)>> = (0..ncols).map(of).collect();
                for count in [1, 3] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
                    let all = || column_products(&x, &x.transpose(), weights, |row| row.iter().collect::<Vec<_>>());
                    assert_eq!(pool.install(all), expected, "{nrows} x {ncols}, {count} threads");
                }
            }
        }
    }

    #[test]
    fn the_largest_are_kept_and_equal_ones_rank_by_rising_column() {
        let x = scattered(40, 90);
        let value = |column: u32, dot: f64| (column % 7 != 3).then_some((dot / 4.0).trunc());
        for k in [0, 1, 5, 20, 500] {
            let found = column_products(&x, &x.transpose(), None, |row| row.top_k(k, value));
            for (i, found) in found.iter().enumerate() {
                let others = (0..90).filter(|&j| j != i).filter_map(|j| Some((j as u32, dot(&x, None, i, j)?)));
                let mut all: Vec<(u32, f64)> = others.filter_map(|(j, dot)| Some((j, value(j, dot)?))).collect();
                all.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap().then(a.0.cmp(&b.0)));
                all.truncate(k);
                assert_eq!(found, &all, "column {i}, the largest {k}");
            }
        }
        let nothing = column_products(&x, &x.transpose(), None, |row| row.top_k(9, |_, _| Some(f64::NAN)));
        assert!(nothing.iter().all(Vec::is_empty), "what is not finite is left out");
    }
}
