//! Symmetric matrices of which the lower triangle is known.

use rayon::prelude::*;

use crate::scalar::Real;

/// Rows and columns of a square that is copied at a time, of which both sides stay in the cache.
const TILE: usize = 64;

/// Copies the lower triangle of a row-major `n x n` matrix over the upper one. Parallel, n² / 2 copies.
pub(crate) fn lower_to_upper<T: Real>(values: &mut [T], n: usize) {
    diagonal(values, n, 0);
}

/// Completes a square on the diagonal: rows from `first` on, of which `rows` holds all `n` columns.
fn diagonal<T: Real>(rows: &mut [T], n: usize, first: usize) {
    let count = rows.len().checked_div(n).unwrap_or(0);
    if count <= TILE {
        for i in 0..count {
            for j in i + 1..count {
                rows[i * n + first + j] = rows[j * n + first + i];
            }
        }
        return;
    }
    let half = (count / 2).next_multiple_of(TILE).min(count - 1);
    let (top, bottom) = rows.split_at_mut(half * n);
    top.par_chunks_mut(TILE * n).enumerate().for_each(|(task, top)| {
        let left = first + task * TILE;
        for (tile, bottom) in bottom.chunks(TILE * n).enumerate() {
            let right = first + half + tile * TILE;
            for (i, row) in top.chunks_exact_mut(n).enumerate() {
                for (j, below) in bottom.chunks_exact(n).enumerate() {
                    row[right + j] = below[left + i];
                }
            }
        }
    });
    rayon::join(|| diagonal(top, n, first), || diagonal(bottom, n, first + half));
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these are copies")]
mod tests {
    use super::*;

    #[test]
    fn every_entry_above_the_diagonal_becomes_the_one_below_it() {
        for n in [0usize, 1, 2, 63, 64, 65, 129, 200, 333] {
            let lower = |i: usize, j: usize| (i * (i + 1) / 2 + j) as f64;
            let value = |i: usize, j: usize| if j <= i { lower(i, j) } else { -1.0 };
            let mut values: Vec<f64> = (0..n * n).map(|at| value(at / n, at % n)).collect();
            lower_to_upper(&mut values, n);
            assert!(values.iter().enumerate().all(|(at, &x)| {
                let (i, j) = (at / n, at % n);
                x == lower(i.max(j), i.min(j))
            }));
        }
    }
}
