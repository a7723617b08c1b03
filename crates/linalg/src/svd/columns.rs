//! The norms of columns, and the signs of singular vectors, which are free: a rule makes them the same everywhere.

use rayon::prelude::*;

use crate::dense::Dense;
use crate::product::ROWS;

/// Columns that are made together: few enough that they stay in a core's own cache up to the last pass over them.
pub(super) const STRIP: usize = 16;

/// Entries within this part of the largest one count as equal to it, so that rounding does not decide between entries that
/// are equal in exact arithmetic.
const EQUAL: f64 = 1e-6;

/// For every column, 1 or -1: the sign of the first of the entries whose magnitude is about the largest.
pub(super) fn signs(matrix: &Dense) -> Vec<f64> {
    let width = matrix.ncols();
    let chunks = || matrix.values().par_chunks(ROWS * width);
    let larger = |a: Vec<f64>, b: Vec<f64>| a.into_iter().zip(b).map(|(a, b)| if a > b { a } else { b }).collect();
    let largest: Vec<f64> = chunks().map(|rows| constant(rows, width, largest)).reduce(|| vec![0.0; width], larger);
    let bounds: Vec<f64> = largest.into_iter().map(|largest| largest * (1.0 - EQUAL)).collect();
    // Chunks are combined in their order, so that the first one decides.
    let first = |a: Vec<f64>, b: Vec<f64>| a.into_iter().zip(b).map(|(a, b)| if a == 0.0 { b } else { a }).collect();
    let signs = chunks().map(|rows| constant(rows, width, |rows, width| first_signs(rows, width, bounds.clone())));
    let signs: Vec<f64> = signs.reduce(|| vec![0.0; width], first);
    signs.into_iter().map(|sign| if sign < 0.0 { -1.0 } else { 1.0 }).collect()
}

/// Gives the compiler the width of a strip as a constant.
#[inline(always)]
fn constant(rows: &[f64], width: usize, of_rows: impl Fn(&[f64], usize) -> Vec<f64>) -> Vec<f64> {
    if width == STRIP { of_rows(rows, STRIP) } else { of_rows(rows, width) }
}

/// The largest magnitude of every column.
#[inline(always)]
fn largest(rows: &[f64], width: usize) -> Vec<f64> {
    let mut largest = vec![0f64; width];
    for row in rows.chunks_exact(width) {
        for (largest, x) in largest.iter_mut().zip(row) {
            *largest = if x.abs() > *largest { x.abs() } else { *largest };
        }
    }
    largest
}

/// The sign of the first entry of every column that is as large as its bound; zero where there is none.
#[inline(always)]
fn first_signs(rows: &[f64], width: usize, mut bounds: Vec<f64>) -> Vec<f64> {
    let mut signs = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        // Most rows have no such entry, which is told without a branch for each.
        if !row.iter().zip(&bounds).fold(false, |any, (x, bound)| any | (x.abs() >= *bound)) {
            continue;
        }
        for ((sign, bound), &x) in signs.iter_mut().zip(&mut bounds).zip(row) {
            if x.abs() >= *bound {
                *sign = if x < 0.0 { -1.0 } else { 1.0 };
                *bound = f64::INFINITY;
            }
        }
    }
    signs
}

/// The Euclidean norm of every column. Summed as a [`product`](crate::product).
pub(super) fn norms(matrix: &Dense) -> Vec<f64> {
    let width = matrix.ncols();
    let chunks = matrix.values().par_chunks(ROWS * width);
    let parts: Vec<Vec<f64>> = chunks.map(|rows| constant(rows, width, squares)).collect();
    let mut sums = vec![0.0; width];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    sums.into_iter().map(f64::sqrt).collect()
}

/// The sum of squares of every column.
#[inline(always)]
fn squares(rows: &[f64], width: usize) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * x);
    }
    sums
}
