//! The largest products of a matrix with a vector, exactly, from a copy of the matrix in bytes that says where to look.
//!
//! Each row `v` is kept a second time as whole numbers from -127 to 127 times a step of its own, `v = s q + r`. For a vector
//! `x`, itself rounded to steps, the product of the whole numbers differs from `v x` by no more than
//!
//! ```text
//! |x| ( |r| + |v - r| |x's remainder| / |x| )  +  what sums in single precision are off, |x| |v| ncols 2^-24        (Cauchy, Schwarz)
//! ```
//!
//! so that a row whose estimate and bound together stay below the `k`-th best of the estimates less their bounds is not
//! among the best `k`, ties included. What is added to all products changes their order only by rounding, which the bound holds too. What is left, a few dozen of a million rows, is multiplied in single precision as
//! [`PanelMatrix::times`] does it. A search reads a quarter of the memory.
//!
//! The idea of a coarse pass with a bound and an exact one behind it is that of Weber, Schek, Blott, "A quantitative analysis
//! and performance study for similarity-search methods in high-dimensional spaces" (the VA-file), VLDB 1998, section 5.

mod bytes;
mod scan;

use crate::panel::PanelMatrix;
use bytes::{Bytes, Query};
use scan::Scan;

/// Rows that may be left, as a share of all, before the exact search is as fast.
const MOST_LEFT: usize = 16;
/// Rows that may be left in any case.
const LEFT: usize = 1 << 10;
/// Lengths of a row times that of a vector from which on sums could leave single precision.
const TOO_LONG: f64 = 1e38;
/// Columns up to which the bound of the sums in single precision holds, and whole numbers stay exact.
const MOST_COLUMNS: usize = 1 << 16;

/// The copy in bytes of one matrix.
///
/// Memory: `nrows * (ncols + 8)` bytes, `nrows` rounded up to 64.
#[derive(Clone, Debug)]
pub struct Screen {
    bytes: Bytes,
}

impl Screen {
    /// Copies a matrix of finite numbers; `None` where a search could not rely on the copy: a row is too long or not finite, or there
    /// are no columns or more than 65,536. O(nrows * ncols), parallel over rows.
    #[must_use]
    pub fn new(matrix: &PanelMatrix) -> Option<Self> {
        let bytes = (1..=MOST_COLUMNS).contains(&matrix.ncols()).then(|| Bytes::new(matrix))?;
        (bytes.longest <= TOO_LONG).then_some(Self { bytes })
    }

    /// The bytes of a copy of a matrix of this shape.
    #[must_use]
    pub fn bytes(nrows: usize, ncols: usize) -> u64 {
        nrows.next_multiple_of(bytes::ROWS) as u64 * (ncols as u64 + 8)
    }

    /// The places and values of the largest `k` entries of `matrix x + plus` among the rows that are `allowed`, largest first,
    /// equal ones by rising row: to the bit what [`PanelMatrix::times_plus`] and a sort give. `None` where the copy does not
    /// tell enough rows apart, or numbers are so large that sums could overflow; then every row has to be multiplied.
    ///
    /// `matrix` must be that of [`new`](Self::new); a `plus` of -0.0 adds nothing. One thread. `allowed` is asked of rows that rise, not of all of them.
    ///
    /// # Panics
    /// When the matrix has another shape than that of the copy, or `x` another length than a row.
    pub fn largest(
        &self,
        matrix: &PanelMatrix,
        (x, plus): (&[f32], f32),
        k: usize,
        allowed: &mut dyn FnMut(usize) -> bool,
    ) -> Option<Vec<(usize, f32)>> {
        let shape = (self.bytes.nrows, self.bytes.ncols);
        assert_eq!((matrix.nrows(), matrix.ncols()), shape, "shape of the matrix");
        assert_eq!(x.len(), shape.1, "length of the vector");
        let query = Query::new(x)?;
        // What `plus` is added to, and what its addition rounds.
        let largest = query.length * self.bytes.longest + f64::from(plus).abs();
        if largest.is_nan() || largest > TOO_LONG {
            return None;
        }
        let rounded = if plus == 0.0 { 0.0 } else { largest * 2f64.powi(-23) };
        let most = LEFT.max(8 * k).max(shape.0 / MOST_LEFT);
        let rows = Scan::new(&self.bytes, (&query, rounded), k, most).run(allowed)?;
        let mut found: Vec<(usize, f32)> = rows.into_iter().map(|row| (row, matrix.row_times(row, x) + plus)).collect();
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(k);
        Some(found)
    }
}

#[cfg(test)]
mod tests;
