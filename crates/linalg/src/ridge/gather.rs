//! Rows of a matrix, their columns scaled, as the panels of an operand: as they are, or transposed.

use pulp::{Arch, Simd, WithSimd};

use super::panels::{Panels, WIDTH};

/// Rows and columns of a square that is transposed in registers.
const TILE: usize = 4;
/// Columns that are scaled and transposed at a time.
const COLUMNS: usize = 16;

/// Writes the scaled rows to the first rows of `z`, and adds them to `sum`.
pub(super) struct Rows<'a, F> {
    pub(super) z: &'a mut Panels,
    pub(super) sum: &'a mut [f32],
    pub(super) count: usize,
    pub(super) row: F,
    /// Filled up to whole strips with zeros.
    pub(super) scales: &'a [f32],
}

impl<'r, F: Fn(usize) -> &'r [f32]> Rows<'_, F> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl<'r, F: Fn(usize) -> &'r [f32]> WithSimd for Rows<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { z, sum, count, row, scales } = self;
        let (scales, _) = scales.as_chunks::<WIDTH>();
        let (sums, _) = sum.as_chunks_mut::<WIDTH>();
        for at in 0..count {
            let (whole, rest) = row(at).as_chunks::<WIDTH>();
            for (panel, given) in whole.iter().enumerate() {
                scale_strip(given, &scales[panel], &mut sums[panel], &mut z.panel_mut(panel)[at].0);
            }
            if !rest.is_empty() {
                let mut given = [0f32; WIDTH];
                given[..rest.len()].copy_from_slice(rest);
                let panel = whole.len();
                scale_strip(&given, &scales[panel], &mut sums[panel], &mut z.panel_mut(panel)[at].0);
            }
        }
    }
}

#[inline(always)]
fn scale_strip(given: &[f32; WIDTH], scales: &[f32; WIDTH], sums: &mut [f32; WIDTH], to: &mut [f32; WIDTH]) {
    for at in 0..WIDTH {
        to[at] = given[at] * scales[at];
        sums[at] += to[at];
    }
}

/// Writes the scaled rows to the columns of `z`; zeros to those behind them in the last panel.
pub(super) struct Columns<'a, F> {
    pub(super) z: &'a mut Panels,
    pub(super) count: usize,
    pub(super) row: F,
    /// Filled up to whole strips with zeros.
    pub(super) scales: &'a [f32],
}

impl<'r, F: Fn(usize) -> &'r [f32]> Columns<'_, F> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl<'r, F: Fn(usize) -> &'r [f32]> WithSimd for Columns<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { z, count, row, scales } = self;
        for panel in 0..z.count() {
            let first = panel * WIDTH;
            let rows: [&[f32]; WIDTH] =
                std::array::from_fn(|at| if first + at < count { row(first + at) } else { Default::default() });
            let to = z.panel_mut(panel);
            let mut tile = [[0f32; COLUMNS]; WIDTH];
            for (chunk, to) in to.chunks_mut(COLUMNS).enumerate() {
                let start = chunk * COLUMNS;
                let scales = &scales[start..start + to.len()];
                for (tile, row) in tile.iter_mut().zip(rows) {
                    if let Some(row) = row.get(start..start + to.len()) {
                        tile.iter_mut().zip(row).zip(scales).for_each(|((to, x), scale)| *to = x * scale);
                    }
                }
                for at in (0..WIDTH).step_by(TILE) {
                    let rows: &[[f32; COLUMNS]] = &tile[at..at + TILE];
                    for column in (0..to.len()).step_by(TILE) {
                        let square: [[f32; TILE]; TILE] =
                            std::array::from_fn(|i| std::array::from_fn(|j| rows[i][column + j]));
                        for (j, to) in to[column..].iter_mut().take(TILE).enumerate() {
                            to.0[at..at + TILE].copy_from_slice(&square.map(|row| row[j]));
                        }
                    }
                }
            }
        }
    }
}
