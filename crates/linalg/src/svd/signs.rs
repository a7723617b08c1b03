//! The signs of singular vectors, which are free: a rule makes them the same everywhere.

use rayon::prelude::*;

use crate::dense::Dense;
use crate::product::ROWS;

/// Entries within this part of the largest one count as equal to it, so that rounding does not decide between entries that
/// are equal in exact arithmetic.
const EQUAL: f64 = 1e-6;

/// For every column, 1 or -1: the sign of the first of the entries whose magnitude is about the largest.
pub(super) fn of(matrix: &Dense) -> Vec<f64> {
    let width = matrix.ncols();
    let zeros = || vec![0f64; width];
    let chunks = || matrix.values().par_chunks(ROWS * width);
    let largest = chunks().map(|rows| {
        let mut largest = zeros();
        for row in rows.chunks_exact(width) {
            largest.iter_mut().zip(row).for_each(|(largest, x)| *largest = largest.max(x.abs()));
        }
        largest
    });
    let largest = largest.reduce(zeros, |a, b| a.into_iter().zip(b).map(|(a, b)| a.max(b)).collect());
    let signs = chunks().map(|rows| {
        let mut signs = zeros();
        for row in rows.chunks_exact(width) {
            for ((sign, &largest), &x) in signs.iter_mut().zip(&largest).zip(row) {
                if *sign == 0.0 && x.abs() >= largest * (1.0 - EQUAL) {
                    *sign = if x < 0.0 { -1.0 } else { 1.0 };
                }
            }
        }
        signs
    });
    // Chunks are combined in their order, so that the first one decides.
    let first = |a: Vec<f64>, b: Vec<f64>| a.into_iter().zip(b).map(|(a, b)| if a == 0.0 { b } else { a }).collect();
    let signs: Vec<f64> = signs.reduce(zeros, first);
    signs.into_iter().map(|sign| if sign < 0.0 { -1.0 } else { 1.0 }).collect()
}
