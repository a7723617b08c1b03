//! A few steps of conjugate gradients towards the least squares with a penalty on every coefficient.

use pulp::{Arch, Simd, WithSimd};

use super::scale_of;

/// Numbers that a row is filled up to: a register of AVX-512, two of AVX2, four of NEON.
const LINE: usize = 16;
/// Rows that are held at a time, and whose products are summed in f32; sums of as many are added in f64.
const HELD: usize = 1 << 10;
/// Rows that are multiplied side by side.
const TOGETHER: usize = 4;

/// Comes closer to the solution of `(D + Yᵀ Y) x = Yᵀ 1`, that of [`RidgeSolver`](super::RidgeSolver), from where `x` is; one
/// system after another in the same memory.
///
/// Conjugate gradients on `(I + Zᵀ Z) t = Zᵀ 1` with `Z = Y D^-½` and `x = D^-½ t`, which is `D` as the preconditioner (Golub,
/// Van Loan, "Matrix Computations", 4th edition, 2013, section 11.5). No step makes the least squares larger, but for rounding.
///
/// Costs `4 (1 + steps)` flops a number of `Y`, read from the caches after the first time where there are at most 1,024 rows.
/// Memory: 4 KiB a column. The bits depend on the rows, penalties and `x` alone, and on the width of the registers.
#[derive(Clone, Debug)]
pub struct RidgeSteps {
    width: usize,
    /// The scaled rows that are held, each filled up to whole lines with zeros.
    z: Vec<f32>,
    /// `D^-½`, and then vectors of that length, all filled up with zeros.
    scales: Vec<f32>,
    solution: Vec<f32>,
    residual: Vec<f32>,
    direction: Vec<f32>,
    product: Vec<f32>,
    /// `D^-½` times what a penalty towards a mean adds to the right-hand side; nothing without a mean.
    pull: Vec<f32>,
    wide: Vec<f64>,
}

impl RidgeSteps {
    /// For rows of `width` columns.
    #[must_use]
    pub fn new(width: usize) -> Self {
        let vector = || vec![0f32; width.next_multiple_of(LINE)];
        let [scales, solution, residual, direction, product] = std::array::from_fn(|_| vector());
        let (z, pull, wide) = Default::default();
        Self { width, z, scales, solution, residual, direction, product, pull, wide }
    }

    /// Takes `steps` steps from `x`. `row` gives each of the `count` rows; the penalty of a column is its entry in `penalties`
    /// and `more`; one of 0 makes the coefficient 0.
    ///
    /// # Panics
    /// When a row, `penalties` or `x` is not as wide as a row.
    pub fn improve<'r>(
        &mut self,
        count: usize,
        row: impl Fn(usize) -> &'r [f32],
        penalties: (&[f32], f32),
        steps: usize,
        x: &mut [f32],
    ) {
        self.improve_towards(count, row, penalties, None, steps, x);
    }

    /// The same with `more` as a penalty on the difference from a `mean`, as
    /// [`RidgeSolver::solve_towards`](super::RidgeSolver::solve_towards) has it.
    ///
    /// # Panics
    /// When a row, `penalties`, `mean` or `x` is not as wide as a row.
    pub fn improve_towards<'r>(
        &mut self,
        count: usize,
        row: impl Fn(usize) -> &'r [f32],
        (penalties, more): (&[f32], f32),
        mean: Option<&[f32]>,
        steps: usize,
        x: &mut [f32],
    ) {
        assert!(penalties.len() == self.width && x.len() == self.width, "penalties and coefficients of a row");
        for (scale, penalty) in self.scales.iter_mut().zip(penalties) {
            *scale = scale_of(penalty + more);
        }
        self.pull.clear();
        if let Some(mean) = mean {
            assert_eq!(mean.len(), self.width, "width of a mean");
            self.pull.extend(mean.iter().zip(&self.scales).map(|(mean, scale)| more * mean * scale));
        }
        let of_all = self.solution.iter_mut().zip(&self.scales).zip(&*x);
        of_all.for_each(|((to, &scale), &x)| *to = if scale > 0.0 { x / scale } else { 0.0 });
        let width = self.width;
        let row = |at: usize| {
            let row = row(at);
            assert_eq!(row.len(), width, "width of a row");
            row
        };
        self.z.resize(count.min(HELD) * self.scales.len(), 0.0);
        Arch::new().dispatch(Improve { of: self, count, row, steps });
        x.iter_mut().zip(&self.solution).zip(&self.scales).for_each(|((x, t), scale)| *x = t * scale);
    }
}

/// The arguments of [`RidgeSteps::improve`], for dispatch.
struct Improve<'a, F> {
    of: &'a mut RidgeSteps,
    count: usize,
    row: F,
    steps: usize,
}

impl<'r, F: Fn(usize) -> &'r [f32]> WithSimd for Improve<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { of, count, row, steps } = self;
        let RidgeSteps { z, scales, solution, residual, direction, product, pull, wide, .. } = of;
        let mut rows = Rows { z, scales, count, row, is_held: false };
        // Zᵀ 1 + g - (I + Zᵀ Z) t
        rows.products(simd, 1.0, solution, residual, wide);
        for (r, t) in residual.iter_mut().zip(&*solution) {
            *r -= t;
        }
        for (r, g) in residual.iter_mut().zip(&*pull) {
            *r += g;
        }
        direction.copy_from_slice(residual);
        let mut square = dot(simd, residual, residual);
        for _ in 0..steps {
            // -Zᵀ Z p
            rows.products(simd, 0.0, direction, product, wide);
            let curvature = dot(simd, direction, direction) - dot(simd, direction, product);
            let step = square / curvature;
            if !(step.is_finite() && step > 0.0) {
                break;
            }
            for (((t, r), p), q) in solution.iter_mut().zip(&mut *residual).zip(&*direction).zip(&*product) {
                *t += step * p;
                *r += step * (q - p);
            }
            let before = square;
            square = dot(simd, residual, residual);
            let share = square / before;
            for (p, r) in direction.iter_mut().zip(&*residual) {
                *p = share * *p + r;
            }
        }
    }
}

/// The scaled rows.
struct Rows<'a, F> {
    z: &'a mut [f32],
    scales: &'a [f32],
    count: usize,
    row: F,
    /// Whether `z` has all of them.
    is_held: bool,
}

impl<'r, F: Fn(usize) -> &'r [f32]> Rows<'_, F> {
    /// `out = Zᵀ (base - Z v)`, with `base` for every row.
    #[inline(always)]
    fn products<S: Simd>(&mut self, simd: S, base: f32, v: &[f32], out: &mut [f32], wide: &mut Vec<f64>) {
        let width = out.len();
        out.fill(0.0);
        let is_long = self.count > HELD;
        if is_long {
            wide.clear();
            wide.resize(width, 0.0);
        }
        for start in (0..self.count).step_by(HELD) {
            let count = HELD.min(self.count - start);
            let z = &mut self.z[..count * width];
            if !self.is_held {
                for (at, to) in z.chunks_exact_mut(width).enumerate() {
                    for ((to, x), scale) in to.iter_mut().zip((self.row)(start + at)).zip(self.scales) {
                        *to = x * scale;
                    }
                }
            }
            let (v, to) = (S::as_simd_f32s(v).0, S::as_mut_simd_f32s(out).0);
            let mut groups = z.chunks_exact(TOGETHER * width);
            for rows in &mut groups {
                add::<S, TOGETHER>(simd, base, rows, v, to);
            }
            for row in groups.remainder().chunks_exact(width) {
                add::<S, 1>(simd, base, row, v, to);
            }
            if is_long {
                for (sum, x) in wide.iter_mut().zip(&mut *out) {
                    *sum += f64::from(std::mem::take(x));
                }
            }
        }
        if is_long {
            for (to, &sum) in out.iter_mut().zip(&*wide) {
                *to = sum as f32;
            }
        }
        self.is_held = !is_long;
    }
}

/// Adds to `out` each of `N` rows times `base` less its product with `v`.
#[inline(always)]
fn add<S: Simd, const N: usize>(simd: S, base: f32, rows: &[f32], v: &[S::f32s], out: &mut [S::f32s]) {
    let width = rows.len() / N;
    let rows: [&[S::f32s]; N] =
        std::array::from_fn(|n| &S::as_simd_f32s(&rows[n * width..][..width]).0[..v.len().min(out.len())]);
    let mut sums = [simd.splat_f32s(0.0); N];
    for (at, &v) in v.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(&rows) {
            *sum = simd.mul_add_f32s(row[at], v, *sum);
        }
    }
    // Loops, not closures: these are compiled for other registers where they are not inlined.
    for sum in &mut sums {
        *sum = simd.splat_f32s(base - simd.reduce_sum_f32s(*sum));
    }
    for (at, to) in out.iter_mut().enumerate() {
        for (row, &factor) in rows.iter().zip(&sums) {
            *to = simd.mul_add_f32s(row[at], factor, *to);
        }
    }
}

/// The product of two vectors of whole lines.
#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let mut sum = simd.splat_f32s(0.0);
    for (&a, &b) in S::as_simd_f32s(a).0.iter().zip(S::as_simd_f32s(b).0) {
        sum = simd.mul_add_f32s(a, b, sum);
    }
    simd.reduce_sum_f32s(sum)
}

#[cfg(test)]
mod tests {
    use super::super::RidgeSolver;
    use super::*;
    use crate::dense::Dense;
    use crate::random::RandomBlocks;

    /// The largest difference from the exact solution after so many steps from zero, relative to its largest entry.
    fn off(count: usize, width: usize, steps: usize) -> f32 {
        let rows: Dense<f32> = RandomBlocks::new(5).block(count, width);
        let penalties: Vec<f32> = (0..width).map(|column| 0.3 * (column + 1) as f32 + count as f32 / 4.0).collect();
        let (mut exact, mut found) = (vec![0f32; width], vec![0f32; width]);
        let row = |at: usize| rows.row(at);
        RidgeSolver::new(width).solve(count, row, (&penalties, 0.7), &mut exact);
        let mut solver = RidgeSteps::new(width);
        // What was solved before leaves no trace.
        solver.improve(count.min(3), row, (&penalties, 0.1), 1, &mut vec![1.0; width]);
        solver.improve(count, row, (&penalties, 0.7), steps, &mut found);
        let largest = exact.iter().fold(1e-30f32, |largest, x| largest.max(x.abs()));
        exact.iter().zip(&found).fold(0f32, |most, (a, b)| most.max((a - b).abs())) / largest
    }

    #[test]
    fn steps_come_closer_to_the_exact_solution_and_many_reach_it() {
        for width in [1, 3, 16, 33, 100] {
            for count in [0, 1, 4, 5, 30, 127, 1000, 1024, 1025, 3000] {
                let differences = [1, 3, 30].map(|steps| off(count, width, steps));
                assert!(differences[2] < 1e-4, "{count} rows of {width}: {differences:?}");
                assert!(differences[1] <= differences[0] + 1e-5, "{count} rows of {width}: {differences:?}");
            }
        }
    }

    #[test]
    fn steps_towards_a_mean_reach_the_exact_solution_of_it() {
        for (count, width) in [(0, 3), (5, 16), (30, 33), (1100, 20)] {
            let rows: Dense<f32> = RandomBlocks::new(5).block(count, width);
            let mean: Dense<f32> = RandomBlocks::new(6).block(1, width);
            let penalties: Vec<f32> = (0..width).map(|column| 0.3 * (column + 1) as f32 + count as f32 / 4.0).collect();
            let (row, of_column, mean) = (|at: usize| rows.row(at), (&penalties[..], 0.7), Some(mean.row(0)));
            let (mut exact, mut found) = (vec![0f32; width], vec![0.5f32; width]);
            RidgeSolver::new(width).solve_towards(count, row, of_column, mean, &mut exact);
            RidgeSteps::new(width).improve_towards(count, row, of_column, mean, 40, &mut found);
            for (exact, found) in exact.iter().zip(&found) {
                assert!((exact - found).abs() < 1e-5, "{count} rows of {width}: {found}, not {exact}");
            }
        }
    }

    #[test]
    fn steps_from_the_solution_stay_there_and_a_column_without_a_penalty_has_the_coefficient_zero() {
        let rows = Dense::new(2, 2, vec![1.0, 0.0, 2.0, 0.0]);
        let mut x = [0.5, 9.0];
        RidgeSteps::new(2).improve(2, |at| rows.row(at), (&[1.0, 0.0], 0.0), 3, &mut x);
        assert!((x[0] - 0.5).abs() < 1e-6 && x[1] == 0.0, "{x:?}");
    }
}
