//! The factor of a small symmetric matrix, and the solution of its equations.

use pulp::{Arch, Simd, WithSimd};

use super::panels::{BLOCK, Panels, Strip, WIDTH};
use super::tiles::{add_tiles, first_register};

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
            // Below the diagonal, in the registers that hold it, stands what the solutions must not see.
            for (row, strip) in matrix.panel_mut(own)[top..top + BLOCK].iter_mut().enumerate() {
                strip.0[..at + row].fill(0.0);
            }
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
        for row in 0..BLOCK {
            inverse[row] = upper[row][row].sqrt().recip();
            let divided = upper[row].map(|x| x * inverse[row]);
            upper[row] = divided;
            for below in row + 1..BLOCK {
                for (x, &above) in upper[below].iter_mut().zip(&divided) {
                    *x = (-divided[below]).mul_add(above, *x);
                }
            }
        }
        Self { upper, inverse }
    }

    /// Divides 8 rows by the transposed factor, register by register.
    #[inline(always)]
    fn divide<S: Simd>(&self, simd: S, block: &mut [Strip], first: usize) {
        for register in first..WIDTH / S::F32_LANES {
            let mut x: [S::f32s; BLOCK] = std::array::from_fn(|row| S::as_simd_f32s(&block[row].0).0[register]);
            for row in 0..BLOCK {
                x[row] = simd.mul_f32s(x[row], simd.splat_f32s(self.inverse[row]));
                for below in row + 1..BLOCK {
                    let factor = simd.splat_f32s(self.upper[row][below]);
                    x[below] = simd.negate_mul_add_f32s(factor, x[row], x[below]);
                }
            }
            for (strip, x) in block.iter_mut().zip(x) {
                S::as_mut_simd_f32s(&mut strip.0).0[register] = x;
            }
        }
    }
}

/// `b ← U⁻ᵀ b`.
#[inline(always)]
fn forward<S: Simd>(simd: S, upper: &Panels, b: &mut [f32]) {
    for row in 0..upper.rows {
        let own = row / WIDTH;
        let x = b[row] / upper.panel(own)[row].0[row % WIDTH];
        let factor = simd.splat_f32s(x);
        for (panel, b) in b.chunks_exact_mut(WIDTH).enumerate().skip(own) {
            let first = first_register::<S>(row, panel);
            let above = &S::as_simd_f32s(&upper.panel(panel)[row].0).0[first..];
            for (b, &above) in S::as_mut_simd_f32s(b).0[first..].iter_mut().zip(above) {
                *b = simd.negate_mul_add_f32s(factor, above, *b);
            }
        }
        // Its own place was taken for one of those below.
        b[row] = x;
    }
}

/// `b ← U⁻¹ b`.
#[inline(always)]
fn backward<S: Simd>(simd: S, upper: &Panels, b: &mut [f32]) {
    for row in (0..upper.rows).rev() {
        let own = row / WIDTH;
        let x = std::mem::take(&mut b[row]);
        let mut sum = simd.splat_f32s(0.0);
        for (panel, b) in b.chunks_exact(WIDTH).enumerate().skip(own) {
            let first = first_register::<S>(row, panel);
            let right = &S::as_simd_f32s(&upper.panel(panel)[row].0).0[first..];
            for (&b, &right) in S::as_simd_f32s(b).0[first..].iter().zip(right) {
                sum = simd.mul_add_f32s(b, right, sum);
            }
        }
        b[row] = (x - simd.reduce_sum_f32s(sum)) / upper.panel(own)[row].0[row % WIDTH];
    }
}
