//! Products of strips, a tile of sums in registers at a time.

use pulp::{Arch, Simd, WithSimd};

use super::panels::{BLOCK, Panels, Strip, WIDTH};

/// Rows of an operand that are multiplied at a time: two strips of them fit into a cache of 32 KiB.
pub(super) const DEPTH: usize = 128;

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
pub(super) fn first_register<S: Simd>(top: usize, panel: usize) -> usize {
    if top / WIDTH == panel { top % WIDTH / S::F32_LANES } else { 0 }
}

/// `to ± leftᵀ right` for the 8 columns of `left` from `at` on and the registers of `right` from `first` on.
#[inline(always)]
pub(super) fn add_tiles<S: Simd, const MINUS: bool>(
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
