//! What one core of this machine does at most: the limits that measurements are compared with.

use std::hint::black_box;

use pulp::{Arch, Simd, WithSimd};

use crate::cpu_seconds;

/// Fused multiply-adds that do not wait for each other.
const SIDE_BY_SIDE: usize = 16;

/// GFLOP/s of fused multiply-adds in registers, and GB/s of reading memory in order, the best of some runs.
pub(super) fn rates() -> serde_json::Value {
    let best = |run: &dyn Fn() -> f64| (0..7).map(|_| run()).fold(0.0, f64::max);
    let memory = vec![1f32; 128 << 20];
    serde_json::json!({
        "f32_gflops": best(&|| Arch::new().dispatch(Single)),
        "f64_gflops": best(&|| Arch::new().dispatch(Double)),
        "memory_gb_s": best(&|| Arch::new().dispatch(Reading(&memory))),
        "l2_gb_s": best(&|| (0..200).map(|_| Arch::new().dispatch(Reading(&memory[..64 << 10]))).fold(0.0, f64::max)),
    })
}

const ROUNDS: usize = 3_000_000;

struct Single;

impl WithSimd for Single {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let factor = simd.splat_f32s(black_box(0.999));
        let mut sums = [simd.splat_f32s(black_box(1.0)); SIDE_BY_SIDE];
        let begun = cpu_seconds();
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, factor);
            }
        }
        let took = cpu_seconds() - begun;
        let total = sums.into_iter().reduce(|a, b| simd.add_f32s(a, b)).map(|sum| simd.reduce_sum_f32s(sum));
        black_box(total);
        (2 * ROUNDS * SIDE_BY_SIDE * S::F32_LANES) as f64 / took / 1e9
    }
}

struct Double;

impl WithSimd for Double {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let factor = simd.splat_f64s(black_box(0.999));
        let mut sums = [simd.splat_f64s(black_box(1.0)); SIDE_BY_SIDE];
        let begun = cpu_seconds();
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_f64s(*sum, factor, factor);
            }
        }
        let took = cpu_seconds() - begun;
        let total = sums.into_iter().reduce(|a, b| simd.add_f64s(a, b)).map(|sum| simd.reduce_sum_f64s(sum));
        black_box(total);
        (2 * ROUNDS * SIDE_BY_SIDE * S::F64_LANES) as f64 / took / 1e9
    }
}

struct Reading<'a>(&'a [f32]);

impl WithSimd for Reading<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (registers, _) = S::as_simd_f32s(self.0);
        let mut sums = [simd.splat_f32s(0.0); SIDE_BY_SIDE];
        let begun = cpu_seconds();
        for registers in registers.chunks_exact(SIDE_BY_SIDE) {
            for (sum, &x) in sums.iter_mut().zip(registers) {
                *sum = simd.add_f32s(*sum, x);
            }
        }
        let took = cpu_seconds() - begun;
        let total = sums.into_iter().reduce(|a, b| simd.add_f32s(a, b)).map(|sum| simd.reduce_sum_f32s(sum));
        black_box(total);
        size_of_val(self.0) as f64 / took / 1e9
    }
}
