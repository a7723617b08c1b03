//! A dense f32 matrix packed for one product: every row times the same vector.

mod tiles;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Rows of one panel: one AVX-512 register of f32, two of AVX2, four of NEON.
const LANES: usize = 16;
/// Panels summed side by side, so that a fused multiply-add need not wait for the one before it.
const GROUP: usize = 4;
/// Lanes that one task makes at least.
const TASK: usize = 4096;

/// One entry of each of the rows of a panel, on a cache line of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
struct Lane([f32; LANES]);

/// An `nrows x ncols` matrix stored so that `M x` reads memory once, in order, in whole vector registers.
///
/// ```text
/// rows 0..16     [ column 0 of 16 rows | column 1 of 16 rows | .. ]     panel 0
/// rows 16..32    [ column 0 of 16 rows | column 1 of 16 rows | .. ]     panel 1
/// ..                                                                    the last panel is filled up with zeros
/// ```
///
/// Memory: `4 * ncols * (nrows rounded up to 16)` bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelMatrix {
    nrows: usize,
    ncols: usize,
    lanes: Vec<Lane>,
}

impl PanelMatrix {
    /// Packs a row-major `nrows x ncols` matrix. O(nrows * ncols), parallel over panels.
    ///
    /// # Panics
    /// When `values.len()` is not `nrows * ncols`.
    #[must_use]
    pub fn new(nrows: usize, ncols: usize, values: &[f32]) -> Self {
        Self::of(nrows, ncols, values, |value| value)
    }

    /// [`new`](Self::new) of entries that are rounded to f32.
    ///
    /// # Panics
    /// When `values.len()` is not `nrows * ncols`.
    #[must_use]
    pub fn rounded(nrows: usize, ncols: usize, values: &[f64]) -> Self {
        Self::of(nrows, ncols, values, |value| value as f32)
    }

    fn of<T: Copy + Sync>(nrows: usize, ncols: usize, values: &[T], rounded: impl Fn(T) -> f32 + Sync) -> Self {
        assert_eq!(Some(values.len()), nrows.checked_mul(ncols), "values of a {nrows} x {ncols} matrix");
        // Made lane by lane, so that the threads share the first touch of the memory.
        let lanes = (0..nrows.div_ceil(LANES) * ncols).into_par_iter().with_min_len(TASK).map(|at| {
            let (panel, column) = (at / ncols, at % ncols);
            let mut lane = [0.0; LANES];
            let rows = values[panel * LANES * ncols..].chunks_exact(ncols);
            lane.iter_mut().zip(rows).for_each(|(lane, row)| *lane = rounded(row[column]));
            Lane(lane)
        });
        Self { nrows, ncols, lanes: lanes.collect() }
    }

    /// The rows of `M D` with the diagonal `D` of `weights`, each divided by its length, in f64 until rounded; a row of zeros
    /// stays one. 4 * nrows * ncols flops, parallel.
    ///
    /// # Panics
    /// When `weights.len()` is not [`ncols`](Self::ncols).
    #[must_use]
    pub fn directions(&self, weights: &[f64]) -> Self {
        let Self { nrows, ncols, ref lanes } = *self;
        assert_eq!(weights.len(), ncols, "weights of the columns");
        let panels = lanes.par_chunks_exact(ncols.max(1));
        let scales: Vec<[f64; LANES]> =
            panels.with_min_len(TASK.div_ceil(ncols.max(1))).map(|panel| unit_scales(panel, weights)).collect();
        let lanes = lanes.par_iter().enumerate().with_min_len(TASK).map(|(at, lane)| {
            let (scales, weight) = (&scales[at / ncols], weights[at % ncols]);
            let mut direction = [0.0; LANES];
            for ((to, &x), scale) in direction.iter_mut().zip(&lane.0).zip(scales) {
                *to = (f64::from(x) * weight * scale) as f32;
            }
            Lane(direction)
        });
        Self { nrows, ncols, lanes: lanes.collect() }
    }

    /// Number of rows.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.nrows
    }

    /// Number of columns.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.ncols
    }

    /// All rows, row-major, as they were given to [`new`](Self::new). O(nrows x ncols).
    #[must_use]
    pub fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0f32; self.nrows * self.ncols];
        for (row, out) in rows.chunks_exact_mut(self.ncols.max(1)).enumerate() {
            self.row(row, out);
        }
        rows
    }

    /// Copies one row into `out` (`ncols` entries), as it was given to [`new`](Self::new).
    ///
    /// # Panics
    /// When `row` is not below [`nrows`](Self::nrows) or `out` has another length than `ncols`.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        assert!(row < self.nrows, "row {row} of {}", self.nrows);
        assert_eq!(out.len(), self.ncols, "length of a row");
        let panel = &self.lanes[row / LANES * self.ncols..][..self.ncols];
        for (entry, lane) in out.iter_mut().zip(panel) {
            *entry = lane.0[row % LANES];
        }
    }

    /// `out = M x`: `x` has `ncols` entries, `out` has `nrows`. One thread, 2 * nrows * ncols flops.
    ///
    /// Each entry is summed in column order from zero with one fused multiply-add a term, so that it has the same bits
    /// on every processor. The vector instructions are chosen once a call; a processor without fused multiply-add (x86
    /// before 2013) computes it in software, slowly.
    ///
    /// # Panics
    /// When `x` or `out` has another length than stated.
    pub fn times(&self, x: &[f32], out: &mut [f32]) {
        // What leaves every number as it is, zeros of both signs included.
        self.times_plus(x, -0.0, out);
    }

    /// `out = M x + plus`, each entry rounded before the addition: what [`times`](Self::times) gives, and then the sum.
    ///
    /// # Panics
    /// When `x` or `out` has another length than stated.
    pub fn times_plus(&self, x: &[f32], plus: f32, out: &mut [f32]) {
        assert_eq!(x.len(), self.ncols, "length of the vector");
        assert_eq!(out.len(), self.nrows, "length of the product");
        Arch::new().dispatch(Times { matrix: self, x, plus, out });
    }

    /// One entry of `M x`, that of `row`, with the bits that [`times`](Self::times) gives it. 2 * ncols flops.
    ///
    /// # Panics
    /// When `row` is not below [`nrows`](Self::nrows) or `x` has another length than `ncols`.
    #[must_use]
    pub fn row_times(&self, row: usize, x: &[f32]) -> f32 {
        assert!(row < self.nrows, "row {row} of {}", self.nrows);
        assert_eq!(x.len(), self.ncols, "length of the vector");
        let panel = &self.lanes[row / LANES * self.ncols..][..self.ncols];
        panel.iter().zip(x).fold(0.0, |sum, (lane, &factor)| lane.0[row % LANES].mul_add(factor, sum))
    }
}

/// The arguments of [`PanelMatrix::times_plus`], for dispatch.
struct Times<'a> {
    matrix: &'a PanelMatrix,
    x: &'a [f32],
    plus: f32,
    out: &'a mut [f32],
}

impl WithSimd for Times<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (ncols, lanes) = (self.matrix.ncols, &self.matrix.lanes[..]);
        let mut panel = 0;
        let mut groups = self.out.chunks_exact_mut(LANES * GROUP);
        for out in &mut groups {
            let sums = sum_group::<GROUP>(&lanes[panel * ncols..][..GROUP * ncols], self.x);
            for (out, sum) in out.chunks_exact_mut(LANES).zip(&sums) {
                add(out, sum, self.plus);
            }
            panel += GROUP;
        }
        for out in groups.into_remainder().chunks_mut(LANES) {
            let [sum] = sum_group::<1>(&lanes[panel * ncols..][..ncols], self.x);
            add(out, &sum, self.plus);
            panel += 1;
        }
    }
}

/// `out = sums + plus`, as far as `out` goes.
#[inline(always)]
fn add(out: &mut [f32], sums: &[f32; LANES], plus: f32) {
    for (out, &sum) in out.iter_mut().zip(sums) {
        *out = sum + plus;
    }
}

/// The products of `N` neighbouring panels with `x`.
#[inline(always)]
fn sum_group<const N: usize>(lanes: &[Lane], x: &[f32]) -> [[f32; LANES]; N] {
    let ncols = x.len();
    let panels: [&[Lane]; N] = std::array::from_fn(|panel| &lanes[panel * ncols..][..ncols]);
    let mut sums = [[0f32; LANES]; N];
    for (column, &factor) in x.iter().enumerate() {
        for (sum, panel) in sums.iter_mut().zip(&panels) {
            let lane = &panel[column].0;
            for (sum, &entry) in sum.iter_mut().zip(lane) {
                *sum = entry.mul_add(factor, *sum);
            }
        }
    }
    sums
}

/// What the rows of a panel, their columns weighted, are multiplied by to have length 1; zero for a row of zeros.
fn unit_scales(panel: &[Lane], weights: &[f64]) -> [f64; LANES] {
    let mut squares = [0.0; LANES];
    for (lane, weight) in panel.iter().zip(weights) {
        for (square, &x) in squares.iter_mut().zip(&lane.0) {
            let x = f64::from(x) * weight;
            *square += x * x;
        }
    }
    squares.map(|square| if square > 0.0 { square.sqrt().recip() } else { 0.0 })
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these results are exact to the bit by contract")]
mod tests {
    use super::*;

    fn entry(row: usize, column: usize) -> f32 {
        ((row * 31 + column * 17) % 101) as f32 * 0.37 - 11.0
    }

    #[test]
    fn a_product_is_the_fused_sum_in_column_order_for_every_shape() {
        for nrows in [0, 1, 15, 16, 17, 63, 64, 65, 200] {
            for ncols in [0, 1, 3, 50] {
                let values: Vec<f32> = (0..nrows * ncols).map(|at| entry(at / ncols, at % ncols)).collect();
                let matrix = PanelMatrix::new(nrows, ncols, &values);
                let x: Vec<f32> = (0..ncols).map(|column| entry(7, column) / 3.0).collect();
                let mut out = vec![f32::NAN; nrows];
                matrix.times(&x, &mut out);
                let expected: Vec<f32> = (0..nrows)
                    .map(|row| (0..ncols).fold(0.0, |sum, column| entry(row, column).mul_add(x[column], sum)))
                    .collect();
                assert_eq!(out, expected, "{nrows} x {ncols}");
                let alone: Vec<f32> = (0..nrows).map(|row| matrix.row_times(row, &x)).collect();
                assert_eq!(alone, expected, "{nrows} x {ncols}, row by row");
                matrix.times_plus(&x, 0.7, &mut out);
                let expected: Vec<f32> = expected.into_iter().map(|sum| sum + 0.7).collect();
                assert_eq!(out, expected, "{nrows} x {ncols}, and more");
            }
        }
    }

    #[test]
    fn a_row_reads_back_as_it_was_given() {
        let values: Vec<f32> = (0..33 * 5).map(|at| entry(at / 5, at % 5)).collect();
        let matrix = PanelMatrix::new(33, 5, &values);
        assert_eq!((matrix.nrows(), matrix.ncols()), (33, 5));
        let mut out = [0.0; 5];
        for row in 0..33 {
            matrix.row(row, &mut out);
            assert_eq!(out, values[row * 5..][..5]);
        }
    }
}
