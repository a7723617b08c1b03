//! The factor of a small symmetric matrix, and the solution of its equations.
#![expect(clippy::reversed_empty_ranges, reason = "the last row of a block has none below it, the first none above")]

use pulp::{Arch, Simd, WithSimd};

use super::panels::{BLOCK, Panels, Strip, WIDTH};
use super::tiles::{add_tiles, first_register};

/// The work for each row of a block, written out: the compiler keeps a block in registers only where its places are constants.
macro_rules! unrolled {
    ($row:ident in [$($at:literal)*], $work:block) => {
        $({
            const $row: usize = $at;
            $work
        })*
    };
}

/// Replaces the upper triangle of `matrix`, symmetric and positive definite, by `U` with `Uᵀ U = matrix`, and `b` by the
/// solution of `matrix x = b`.
///
/// Left-looking, 8 rows at a time: what the rows above take away, the factor of the block on the diagonal, and the rows
/// divided by it.
pub(super) struct Solve<'a> {
    pub(super) matrix: &'a mut Panels,
    /// As many as the matrix has rows, filled up to whole strips.
    pub(super) b: &'a mut [f32],
}

impl Solve<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { matrix, b } = self;
        let (rows, count) = (matrix.rows, matrix.count());
        for top in (0..rows).step_by(BLOCK) {
            let (own, at) = (top / WIDTH, top % WIDTH);
            let own_start = own * rows;
            for panel in own..count {
                let first = first_register::<S>(top, panel);
                let (before, after) = matrix.strips.split_at_mut(panel * rows + top);
                let above = &before[panel * rows..];
                let left = &before[own_start..][..top];
                add_tiles::<S, true>(simd, &mut after[..BLOCK], first, left, at, above);
            }
            let diagonal = Triangle::factor(&matrix.panel(own)[top..top + BLOCK], at);
            for panel in own..count {
                let block = &mut matrix.panel_mut(panel)[top..top + BLOCK];
                diagonal.divide(simd, block, first_register::<S>(top, panel));
            }
            diagonal.keep(&mut matrix.panel_mut(own)[top..top + BLOCK], at);
        }
        forward(simd, matrix, b);
        backward(simd, matrix, b);
    }
}

/// The factor of a block on the diagonal, and the inverses of its own diagonal.
struct Triangle {
    upper: [[f32; BLOCK]; BLOCK],
    inverse: [f32; BLOCK],
}

impl Triangle {
    #[inline(always)]
    fn factor(block: &[Strip], at: usize) -> Self {
        let mut upper = [[0f32; BLOCK]; BLOCK];
        let mut inverse = [0f32; BLOCK];
        for (row, strip) in upper.iter_mut().zip(block) {
            row.copy_from_slice(&strip.0[at..at + BLOCK]);
        }
        unrolled!(ROW in [0 1 2 3 4 5 6 7], {
            let own = upper[ROW];
            // The next row waits for a division alone; the root is taken beside it.
            let share = own[ROW].recip();
            inverse[ROW] = own[ROW].sqrt().recip();
            for below in ROW + 1..BLOCK {
                let factor = -(own[below] * share);
                for at in 0..BLOCK {
                    upper[below][at] = factor.mul_add(own[at], upper[below][at]);
                }
            }
        });
        for (row, inverse) in upper.iter_mut().zip(inverse) {
            for x in row {
                *x *= inverse;
            }
        }
        Self { upper, inverse }
    }

    /// Writes what the solutions read: inverses on the diagonal, and zeros before it, where a register holds both.
    #[inline(always)]
    fn keep(&self, block: &mut [Strip], at: usize) {
        for (row, strip) in block.iter_mut().enumerate() {
            if at >= BLOCK {
                strip.0[at - BLOCK..at].copy_from_slice(&[0.0; BLOCK]);
            }
            for (column, to) in strip.0[at..at + BLOCK].iter_mut().enumerate() {
                let after = if column == row { self.inverse[row] } else { *to };
                *to = if column < row { 0.0 } else { after };
            }
        }
    }

    /// Divides 8 rows by the transposed factor, register by register.
    #[inline(always)]
    fn divide<S: Simd>(&self, simd: S, block: &mut [Strip], first: usize) {
        for register in first..WIDTH / S::F32_LANES {
            let mut x: [S::f32s; BLOCK] = std::array::from_fn(|row| S::as_simd_f32s(&block[row].0).0[register]);
            unrolled!(ROW in [0 1 2 3 4 5 6 7], {
                x[ROW] = simd.mul_f32s(x[ROW], simd.splat_f32s(self.inverse[ROW]));
                for below in ROW + 1..BLOCK {
                    let factor = simd.splat_f32s(self.upper[ROW][below]);
                    x[below] = simd.negate_mul_add_f32s(factor, x[ROW], x[below]);
                }
            });
            for (strip, x) in block.iter_mut().zip(x) {
                S::as_mut_simd_f32s(&mut strip.0).0[register] = x;
            }
        }
    }
}

/// `b ← U⁻ᵀ b`, 8 rows at a time; the diagonal of `upper` holds inverses.
#[inline(always)]
fn forward<S: Simd>(simd: S, upper: &Panels, b: &mut [f32]) {
    for top in (0..upper.rows).step_by(BLOCK) {
        let (own, at) = (top / WIDTH, top % WIDTH);
        let triangle = &upper.panel(own)[top..top + BLOCK];
        let mut x = [0f32; BLOCK];
        x.copy_from_slice(&b[top..top + BLOCK]);
        unrolled!(ROW in [0 1 2 3 4 5 6 7], {
            x[ROW] *= triangle[ROW].0[at + ROW];
            for below in ROW + 1..BLOCK {
                x[below] = (-x[ROW]).mul_add(triangle[ROW].0[at + below], x[below]);
            }
        });
        let mut factors = [simd.splat_f32s(0.0); BLOCK];
        for (factor, &x) in factors.iter_mut().zip(&x) {
            *factor = simd.splat_f32s(x);
        }
        for (panel, b) in b.chunks_exact_mut(WIDTH).enumerate().skip(own) {
            let rows = &upper.panel(panel)[top..top + BLOCK];
            let b = S::as_mut_simd_f32s(b).0;
            for (register, b) in b.iter_mut().enumerate().skip(first_register::<S>(top, panel)) {
                for (row, &factor) in rows.iter().zip(&factors) {
                    *b = simd.negate_mul_add_f32s(factor, S::as_simd_f32s(&row.0).0[register], *b);
                }
            }
        }
        // Their own places were taken for some of those below.
        b[top..top + BLOCK].copy_from_slice(&x);
    }
}

/// `b ← U⁻¹ b`, 8 rows at a time; the diagonal of `upper` holds inverses.
#[inline(always)]
fn backward<S: Simd>(simd: S, upper: &Panels, b: &mut [f32]) {
    for top in (0..upper.rows).step_by(BLOCK).rev() {
        let (own, at) = (top / WIDTH, top % WIDTH);
        let mut x = [0f32; BLOCK];
        x.copy_from_slice(&b[top..top + BLOCK]);
        b[top..top + BLOCK].fill(0.0);
        let mut sums = [simd.splat_f32s(0.0); BLOCK];
        for (panel, b) in b.chunks_exact(WIDTH).enumerate().skip(own) {
            let rows = &upper.panel(panel)[top..top + BLOCK];
            let b = S::as_simd_f32s(b).0;
            for (register, &b) in b.iter().enumerate().skip(first_register::<S>(top, panel)) {
                for (sum, row) in sums.iter_mut().zip(rows) {
                    *sum = simd.mul_add_f32s(b, S::as_simd_f32s(&row.0).0[register], *sum);
                }
            }
        }
        for (x, sum) in x.iter_mut().zip(sums) {
            *x -= simd.reduce_sum_f32s(sum);
        }
        let triangle = &upper.panel(own)[top..top + BLOCK];
        unrolled!(ROW in [7 6 5 4 3 2 1 0], {
            x[ROW] *= triangle[ROW].0[at + ROW];
            for above in 0..ROW {
                x[above] = (-x[ROW]).mul_add(triangle[above].0[at + ROW], x[above]);
            }
        });
        b[top..top + BLOCK].copy_from_slice(&x);
    }
}
