//! The products of a packed matrix with many vectors, a tile of sums in registers at a time.

use pulp::{Arch, Simd, WithSimd};

use super::{LANES, Lane, PanelMatrix};

/// Vectors of one tile.
const VECTORS: usize = 8;
/// Panels of one tile where there are 32 registers: 24 of them hold sums.
const PANELS: usize = 3;
/// Vectors that stay in the first cache beside a tile of 128 columns, while the panels of a piece stay in the second.
const TOGETHER: usize = 4 * VECTORS;
/// Panels of a piece, whole tiles of them: a visit costs a call, which pieces of a single tile do not pay for.
const PIECE: usize = 12;

/// The products of the panels of a piece with one vector.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Piece([[f32; LANES]; PIECE]);

impl PanelMatrix {
    /// The products `M x` with many vectors `x`, the rows of `xs` (a number of them times `ncols`, row-major), given in pieces:
    /// `visit` gets the place of a vector, the first row of a piece and its entries. The pieces of a vector come in the order
    /// of the rows.
    ///
    /// Every entry has the bits that [`times`](Self::times) gives it. The matrix is read once and the products are never
    /// written as a whole: 2 * nrows * ncols flops a vector, at the speed of a dense product from some eight vectors on. One
    /// thread; memory: a copy of `xs` and 192 numbers a vector.
    ///
    /// # Panics
    /// When `xs` is not a whole number of rows of `ncols` entries.
    pub fn times_each(&self, xs: &[f32], visit: &mut dyn FnMut(usize, usize, &[f32])) {
        let ncols = self.ncols();
        let count = xs.len().checked_div(ncols).unwrap_or(0);
        assert_eq!(xs.len(), count * ncols, "rows of the vectors");
        let mut packed = vec![[0f32; VECTORS]; count.div_ceil(VECTORS) * ncols];
        for (at, x) in xs.chunks_exact(ncols.max(1)).enumerate() {
            let block = &mut packed[at / VECTORS * ncols..][..ncols];
            block.iter_mut().zip(x).for_each(|(to, &x)| to[at % VECTORS] = x);
        }
        Arch::new().dispatch(TimesEach { matrix: self, packed: &packed, count, visit });
    }
}

/// The arguments of [`PanelMatrix::times_each`], for dispatch.
struct TimesEach<'a> {
    matrix: &'a PanelMatrix,
    /// Eight vectors at a time, column by column.
    packed: &'a [[f32; VECTORS]],
    count: usize,
    visit: &'a mut dyn FnMut(usize, usize, &[f32]),
}

impl WithSimd for TimesEach<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let panels = self.matrix.nrows().div_ceil(LANES);
        let mut pieces = vec![Piece([[0.0; LANES]; PIECE]); self.count.next_multiple_of(VECTORS)];
        for start in (0..panels).step_by(PIECE) {
            let end = panels.min(start + PIECE);
            for (group, pieces) in pieces.chunks_mut(TOGETHER).enumerate() {
                let xs = &self.packed[group * TOGETHER / VECTORS * self.matrix.ncols()..];
                let mut panel = start;
                if S::REGISTER_COUNT >= 32 {
                    while panel + PANELS <= end {
                        self.tiles::<S, PANELS>(simd, panel, xs, panel - start, pieces);
                        panel += PANELS;
                    }
                }
                while panel < end {
                    self.tiles::<S, 1>(simd, panel, xs, panel - start, pieces);
                    panel += 1;
                }
            }
            let first = start * LANES;
            let rows = self.matrix.nrows().min(end * LANES) - first;
            for (at, piece) in pieces.iter().enumerate().take(self.count) {
                (self.visit)(at, first, &piece.0.as_flattened()[..rows]);
            }
        }
    }
}

impl TimesEach<'_> {
    /// The products of `N` neighbouring panels with the first of these vectors, one for each piece, written to the panels of
    /// the pieces from `to` on.
    #[inline(always)]
    fn tiles<S: Simd, const N: usize>(
        &self,
        simd: S,
        panel: usize,
        xs: &[[f32; VECTORS]],
        to: usize,
        pieces: &mut [Piece],
    ) {
        let ncols = self.matrix.ncols();
        let lanes = &self.matrix.lanes[panel * ncols..][..N * ncols];
        let panels: [&[Lane]; N] = std::array::from_fn(|n| &lanes[n * ncols..][..ncols]);
        for (block, pieces) in pieces.chunks_exact_mut(VECTORS).enumerate() {
            let xs = &xs[block * ncols..][..ncols];
            for register in 0..LANES / S::F32_LANES {
                tile(simd, register, &panels, xs, to, pieces);
            }
        }
    }
}

/// The sums of one register of each panel for eight vectors, in column order.
#[inline(always)]
fn tile<S: Simd, const N: usize>(
    simd: S,
    register: usize,
    panels: &[&[Lane]; N],
    xs: &[[f32; VECTORS]],
    to: usize,
    pieces: &mut [Piece],
) {
    let mut held = [[simd.splat_f32s(0.0); N]; VECTORS];
    for (column, x) in xs.iter().enumerate() {
        let entries: [S::f32s; N] = std::array::from_fn(|n| S::as_simd_f32s(&panels[n][column].0).0[register]);
        for (held, &x) in held.iter_mut().zip(x) {
            let x = simd.splat_f32s(x);
            for (sum, &entry) in held.iter_mut().zip(&entries) {
                *sum = simd.mul_add_f32s(entry, x, *sum);
            }
        }
    }
    for (piece, held) in pieces.iter_mut().zip(&held) {
        for (lane, &sum) in piece.0[to..to + N].iter_mut().zip(held) {
            S::as_mut_simd_f32s(lane).0[register] = sum;
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    fn entry(row: usize, column: usize) -> f32 {
        ((row * 31 + column * 17) % 101) as f32 * 0.37 - 11.0
    }

    fn matrix(nrows: usize, ncols: usize, scale: f32) -> Vec<f32> {
        (0..nrows * ncols).map(|at| scale * entry(at / ncols, at % ncols)).collect()
    }

    #[test]
    fn every_piece_has_the_bits_of_a_product_with_its_vector_alone() {
        for nrows in [0, 1, 16, 47, 48, 49, 191, 192, 193, 400] {
            for ncols in [0, 1, 5, 33] {
                for count in [0, 1, 7, 8, 9, 20] {
                    let given = PanelMatrix::new(nrows, ncols, &matrix(nrows, ncols, 1.0));
                    let vectors = matrix(count, ncols, 0.3);
                    let mut found: Vec<Vec<f32>> = vec![Vec::new(); count];
                    given.times_each(&vectors, &mut |at, first, piece| {
                        assert_eq!(first, found[at].len(), "pieces rise");
                        found[at].extend(piece);
                    });
                    for (at, found) in found.iter().enumerate().filter(|_| ncols > 0) {
                        let mut expected = vec![f32::NAN; nrows];
                        given.times(&vectors[at * ncols..][..ncols], &mut expected);
                        let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                        assert_eq!(bits(found), bits(&expected), "{nrows} x {ncols}, vector {at} of {count}");
                    }
                }
            }
        }
    }
}
