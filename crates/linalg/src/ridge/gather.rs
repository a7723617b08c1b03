//! Rows of a matrix, their columns scaled, as the panels of an operand: as they are, or transposed.

use pulp::{Arch, Simd, WithSimd};

use super::panels::{Panels, WIDTH};

/// Rows and columns of a square that is transposed in registers.
const TILE: usize = 4;
/// Columns that are scaled and transposed at a time.
const COLUMNS: usize = 16;
/// Rows that are scaled at a time: they come from anywhere, so that many have to be on their way from memory at once.
const TOGETHER: usize = 8;

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
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { z, sum, count, row, scales } = self;
        let (scales, _) = scales.as_chunks::<WIDTH>();
        let (sums, _) = sum.as_chunks_mut::<WIDTH>();
        for start in (0..count).step_by(TOGETHER) {
            let end = count.min(start + TOGETHER);
            let mut rows: [&[f32]; TOGETHER] = [&[]; TOGETHER];
            rows.iter_mut().zip(start..end).for_each(|(to, at)| *to = row(at));
            for (panel, (scales, sums)) in scales.iter().zip(&mut *sums).enumerate().take(z.count()) {
                let to = &mut z.panel_mut(panel)[start..end];
                for register in 0..WIDTH / S::F32_LANES {
                    let (scale, sum) =
                        (S::as_simd_f32s(scales).0[register], &mut S::as_mut_simd_f32s(sums).0[register]);
                    let (mut held, first) = (*sum, panel * WIDTH + register * S::F32_LANES);
                    for (to, row) in to.iter_mut().zip(rows) {
                        // Behind the end of a row there are zeros.
                        let given = row.get(first..row.len().min(first + S::F32_LANES)).unwrap_or_default();
                        let given = match S::as_simd_f32s(given) {
                            (&[whole], _) => whole,
                            (_, rest) => simd.partial_load_f32s(rest),
                        };
                        let scaled = simd.mul_f32s(given, scale);
                        S::as_mut_simd_f32s(&mut to.0).0[register] = scaled;
                        held = simd.add_f32s(held, scaled);
                    }
                    *sum = held;
                }
            }
        }
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
