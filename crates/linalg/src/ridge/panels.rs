//! The products, factors and solutions of small symmetric matrices, in strips of 32 columns.

use pulp::{Arch, Simd, WithSimd};

/// Columns of a strip: two registers of AVX-512, four of AVX2, eight of NEON.
pub(super) const WIDTH: usize = 32;
/// Rows that are made at a time.
pub(super) const BLOCK: usize = 8;
/// Rows of an operand that are multiplied at a time: two strips of them fit into a cache of 32 KiB.
pub(super) const DEPTH: usize = 128;

/// Neighbouring columns of one row, on cache lines of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(super) struct Strip(pub(super) [f32; WIDTH]);

const ZERO: Strip = Strip([0.0; WIDTH]);

/// A matrix in panels of 32 columns, each stored row after row.
///
/// ```text
/// columns 0..32     [ row 0 | row 1 | .. ]     panel 0
/// columns 32..64    [ row 0 | row 1 | .. ]     panel 1
/// ..                                           the last panel is filled up with zeros
/// ```
#[derive(Clone, Debug, Default)]
pub(super) struct Panels {
    rows: usize,
    strips: Vec<Strip>,
}

impl Panels {
    /// Takes on a shape; what is in it has no meaning.
    pub(super) fn shape(&mut self, rows: usize, columns: usize) {
        self.rows = rows;
        self.strips.resize(rows * columns.div_ceil(WIDTH), ZERO);
    }

    /// Becomes a matrix of zeros.
    pub(super) fn reset(&mut self, rows: usize, columns: usize) {
        self.strips.clear();
        self.shape(rows, columns);
    }

    /// The strips of all rows of a panel.
    pub(super) fn panel(&self, panel: usize) -> &[Strip] {
        &self.strips[panel * self.rows..][..self.rows]
    }

    /// The strips of all rows of a panel, to write.
    pub(super) fn panel_mut(&mut self, panel: usize) -> &mut [Strip] {
        &mut self.strips[panel * self.rows..][..self.rows]
    }

    /// Number of panels.
    pub(super) fn count(&self) -> usize {
        self.strips.len().checked_div(self.rows).unwrap_or(0)
    }

    /// All entries, panel after panel.
    pub(super) fn entries(&self) -> impl Iterator<Item = f32> {
        self.strips.iter().flat_map(|strip| strip.0)
    }

    /// All entries, panel after panel, to write.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.strips.iter_mut().flat_map(|strip| &mut strip.0)
    }
}

/// Adds `zᵀ z` of the first `depth` rows of `z` to the upper triangle of `sum`, one fused multiply-add a term, in the order
/// of the rows.
pub(super) struct AddProducts<'a> {
    pub(super) sum: &'a mut Panels,
    pub(super) z: &'a Panels,
    pub(super) depth: usize,
}

impl AddProducts<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sum, z, depth } = self;
        for start in (0..depth).step_by(DEPTH) {
            let rows = start..depth.min(start + DEPTH);
            for panel in 0..sum.count() {
                let right = &z.panel(panel)[rows.clone()];
                let last = sum.rows.min((panel + 1) * WIDTH);
                for top in (0..last).step_by(BLOCK) {
                    let left = &z.panel(top / WIDTH)[rows.clone()];
                    let to: &mut [Strip] = &mut sum.panel_mut(panel)[top..top + BLOCK];
                    add_tiles::<S, false>(simd, to, first_register::<S>(top, panel), left, top % WIDTH, right);
                }
            }
        }
    }
}

/// The register of a panel with the diagonal of a block of rows, or the first one.
#[inline(always)]
fn first_register<S: Simd>(top: usize, panel: usize) -> usize {
    if top / WIDTH == panel { top % WIDTH / S::F32_LANES } else { 0 }
}

/// `to ± leftᵀ right` for the 8 columns of `left` from `at` on and the registers of `right` from `first` on.
#[inline(always)]
fn add_tiles<S: Simd, const MINUS: bool>(
    simd: S,
    to: &mut [Strip],
    first: usize,
    left: &[Strip],
    at: usize,
    right: &[Strip],
) {
    let registers = WIDTH / S::F32_LANES;
    let mut register = first;
    // Sixteen sums at a time, where there are registers for them.
    if S::REGISTER_COUNT >= 32 {
        while register + 2 <= registers {
            add_tile::<S, 2, MINUS>(simd, to, register, left, at, right);
            register += 2;
        }
    }
    while register < registers {
        add_tile::<S, 1, MINUS>(simd, to, register, left, at, right);
        register += 1;
    }
}

#[inline(always)]
fn add_tile<S: Simd, const N: usize, const MINUS: bool>(
    simd: S,
    to: &mut [Strip],
    register: usize,
    left: &[Strip],
    at: usize,
    right: &[Strip],
) {
    let mut sums = [[simd.splat_f32s(0.0); N]; BLOCK];
    for (sums, to) in sums.iter_mut().zip(&*to) {
        let given = S::as_simd_f32s(&to.0).0;
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = given[register + n];
        }
    }
    for (left, right) in left.iter().zip(right) {
        let right: [S::f32s; N] = std::array::from_fn(|n| S::as_simd_f32s(&right.0).0[register + n]);
        let left = &left.0[at..at + BLOCK];
        for (sums, &factor) in sums.iter_mut().zip(left) {
            let factor = simd.splat_f32s(factor);
            for (sum, &right) in sums.iter_mut().zip(&right) {
                *sum = if MINUS {
                    simd.negate_mul_add_f32s(factor, right, *sum)
                } else {
                    simd.mul_add_f32s(factor, right, *sum)
                };
            }
        }
    }
    for (sums, to) in sums.iter().zip(to) {
        let place = S::as_mut_simd_f32s(&mut to.0).0;
        for (n, &sum) in sums.iter().enumerate() {
            place[register + n] = sum;
        }
    }
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

/// `z b` for the first rows of `z`: one sum for each of `out`.
pub(super) struct Times<'a> {
    pub(super) z: &'a Panels,
    pub(super) b: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl Times<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Times<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (row, out) in self.out.iter_mut().enumerate() {
            let mut sum = simd.splat_f32s(0.0);
            for (panel, b) in self.b.chunks_exact(WIDTH).enumerate() {
                let z = S::as_simd_f32s(&self.z.panel(panel)[row].0).0;
                for (&z, &b) in z.iter().zip(S::as_simd_f32s(b).0) {
                    sum = simd.mul_add_f32s(z, b, sum);
                }
            }
            *out = simd.reduce_sum_f32s(sum);
        }
    }
}
