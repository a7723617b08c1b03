//! Least squares with a penalty on every coefficient, for many small systems over rows of one matrix.

mod axes;
mod gather;
mod panels;
mod solve;
mod steps;
mod tiles;

pub use axes::{NoAxes, column_squares, to_principal_axes};
pub use steps::RidgeSteps;

use gather::{Columns, Rows};
use panels::{BLOCK, Panels, WIDTH};
use solve::Solve;
use tiles::{AddProducts, DEPTH, Times};

/// Rows that are summed in f32; sums of as many are added in f64.
const SUMMED: usize = 1 << 11;

/// Solves `(D + Yᵀ Y) x = Yᵀ 1`: the least squares of `Y x` against ones with a diagonal `D` of penalties, for a few rows `Y`
/// of a matrix; one system after another in the same memory.
///
/// With `Z = Y D^-½` and `x = D^-½ t` it is `(I + Zᵀ Z) t = Zᵀ 1`, as wide as a row. Where there are fewer rows than that,
/// `t = Zᵀ s` with `(I + Z Zᵀ) s = 1`, as wide as there are rows. Where `D` is at least a share `w` of the squares of the
/// columns, as in a factorisation in which all rows count `w` and those of `Y` one more, no eigenvalue of either exceeds
/// `1 + 1 / w` and none is below 1: f32 is enough.
///
/// Costs `r² l + r³ / 3` flops for `r` the smaller and `l` the larger of the number of rows and their width. The bits depend
/// on the rows and penalties alone.
#[derive(Clone, Debug)]
pub struct RidgeSolver {
    width: usize,
    z: Panels,
    matrix: Panels,
    /// The right-hand side, and then the solution.
    b: Vec<f32>,
    /// `D^-½`, filled up to whole strips with zeros.
    scales: Vec<f32>,
    /// `D^-½` times what a penalty towards a mean adds to the right-hand side; nothing without a mean.
    pull: Vec<f32>,
    /// Sums over more rows than are summed in f32: of the right-hand side, and of the matrix.
    wide: (Vec<f64>, Vec<f64>),
}

impl RidgeSolver {
    /// A solver for rows of `width` columns.
    #[must_use]
    pub fn new(width: usize) -> Self {
        let (z, matrix, b, pull, wide) = Default::default();
        Self { width, z, matrix, b, scales: vec![0.0; width.next_multiple_of(WIDTH)], pull, wide }
    }

    /// Writes the coefficients to `x`. `row` gives each of the `count` rows; the penalty of a column is its entry in
    /// `penalties` and `more`; one of 0 makes the coefficient 0.
    ///
    /// # Panics
    /// When a row, `penalties` or `x` is not as wide as a row.
    pub fn solve<'r>(
        &mut self,
        count: usize,
        row: impl Fn(usize) -> &'r [f32],
        penalties: (&[f32], f32),
        x: &mut [f32],
    ) {
        self.solve_towards(count, row, penalties, None, x);
    }

    /// The same with `more` as a penalty on the difference from a `mean`: `(D + Yᵀ Y) x = Yᵀ 1 + more mean`, where `D` has `more`
    /// in it. With `g = D^-½ more mean` it is `(I + Zᵀ Z) t = Zᵀ 1 + g`, or `t = g + Zᵀ s` with `(I + Z Zᵀ) s = 1 - Z g`.
    ///
    /// # Panics
    /// When a row, `penalties`, `mean` or `x` is not as wide as a row.
    pub fn solve_towards<'r>(
        &mut self,
        count: usize,
        row: impl Fn(usize) -> &'r [f32],
        (penalties, more): (&[f32], f32),
        mean: Option<&[f32]>,
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
        let width = self.width;
        let row = |at: usize| {
            let row = row(at);
            assert_eq!(row.len(), width, "width of a row");
            row
        };
        if count.next_multiple_of(BLOCK) < width {
            self.solve_rows(count, row, x);
        } else {
            self.solve_columns(count, row);
            x.copy_from_slice(&self.b[..width]);
        }
        x.iter_mut().zip(&self.scales).for_each(|(x, scale)| *x *= scale);
    }

    /// `t` through the matrix of columns, into `b`.
    fn solve_columns<'r>(&mut self, count: usize, row: impl Fn(usize) -> &'r [f32]) {
        let size = self.width.next_multiple_of(BLOCK);
        self.z.shape(DEPTH, size);
        let is_long = count > SUMMED;
        for group in (0..count).step_by(SUMMED) {
            self.matrix.reset(size, size);
            self.clear_b(size);
            let end = count.min(group + SUMMED);
            for chunk in (group..end).step_by(DEPTH) {
                let depth = DEPTH.min(end - chunk);
                let Self { z, b: sum, scales, matrix, .. } = self;
                Rows { z, sum, count: depth, row: |at| row(chunk + at), scales }.run();
                AddProducts { sum: matrix, z, depth }.run();
            }
            if is_long {
                self.carry(group == 0);
            }
        }
        if is_long {
            let Self { matrix, b, wide, .. } = self;
            b.iter_mut().zip(&wide.0).for_each(|(to, &sum)| *to = sum as f32);
            matrix.entries_mut().zip(&wide.1).for_each(|(to, &sum)| *to = sum as f32);
        }
        self.b.iter_mut().zip(&self.pull).for_each(|(b, pull)| *b += pull);
        self.add_one(size);
        Solve { matrix: &mut self.matrix, b: &mut self.b }.run();
    }

    /// Adds the sums of a group of rows to those in f64.
    fn carry(&mut self, is_first: bool) {
        let Self { matrix, b, wide, .. } = self;
        if is_first {
            wide.0 = vec![0.0; b.len()];
            wide.1 = vec![0.0; matrix.entries().count()];
        }
        wide.0.iter_mut().zip(b).for_each(|(sum, x)| *sum += f64::from(*x));
        wide.1.iter_mut().zip(matrix.entries()).for_each(|(sum, x)| *sum += f64::from(x));
    }

    /// `t` through the matrix of rows, into `x`.
    fn solve_rows<'r>(&mut self, count: usize, row: impl Fn(usize) -> &'r [f32], x: &mut [f32]) {
        let size = count.next_multiple_of(BLOCK);
        self.z.shape(self.width, size);
        Columns { z: &mut self.z, count, row, scales: &self.scales }.run();
        self.matrix.reset(size, size);
        AddProducts { sum: &mut self.matrix, z: &self.z, depth: self.width }.run();
        self.add_one(size);
        self.clear_b(size);
        self.b[..count].fill(1.0);
        let (strips, _) = self.b.as_chunks_mut::<WIDTH>();
        for (panel, b) in strips.iter_mut().enumerate().take(self.z.count()) {
            for (z, pull) in self.z.panel(panel).iter().zip(&self.pull) {
                b.iter_mut().zip(&z.0).for_each(|(b, z)| *b -= z * pull);
            }
        }
        Solve { matrix: &mut self.matrix, b: &mut self.b }.run();
        Times { z: &self.z, b: &self.b, out: x }.run();
        x.iter_mut().zip(&self.pull).for_each(|(x, pull)| *x += pull);
    }

    fn add_one(&mut self, size: usize) {
        for at in 0..size {
            self.matrix.panel_mut(at / WIDTH)[at].0[at % WIDTH] += 1.0;
        }
    }

    fn clear_b(&mut self, size: usize) {
        self.b.clear();
        self.b.resize(size.next_multiple_of(WIDTH), 0.0);
    }
}

/// An entry of `D^-½`. No row has anything in a column without a penalty, in which a solution is then 0.
fn scale_of(penalty: f32) -> f32 {
    if penalty > 0.0 { penalty.sqrt().recip() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::Dense;
    use crate::random::RandomBlocks;

    fn solved(rows: &Dense<f32>, penalties: &[f32], more: f32) -> Vec<f32> {
        let mut solver = RidgeSolver::new(penalties.len());
        let mut x = vec![f32::NAN; penalties.len()];
        let row = |at: usize| rows.row(at);
        // What was solved before leaves no trace.
        solver.solve(rows.nrows().min(3), row, (penalties, more), &mut x);
        solver.solve(rows.nrows(), row, (penalties, more), &mut x);
        x
    }

    /// The largest entry of `(D + Yᵀ Y) x - Yᵀ 1`, in f64, relative to that of `Yᵀ 1`.
    fn residual(rows: &Dense<f32>, penalties: &[f32], more: f32, x: &[f32]) -> f64 {
        let (count, width) = (rows.nrows(), penalties.len());
        let wide = |x: f32| f64::from(x);
        let left: Vec<f64> = (0..count)
            .map(|at| 1.0 - rows.row(at).iter().zip(x).map(|(&y, &x)| wide(y) * wide(x)).sum::<f64>())
            .collect();
        let (mut most, mut largest) = (0f64, f64::MIN_POSITIVE);
        for column in 0..width {
            let sum = |of: &dyn Fn(usize) -> f64| (0..count).map(|at| of(at) * wide(rows.row(at)[column])).sum::<f64>();
            most = most.max((sum(&|at| left[at]) - wide(penalties[column] + more) * wide(x[column])).abs());
            largest = largest.max(sum(&|_| 1.0).abs());
        }
        most / largest
    }

    #[test]
    fn solutions_satisfy_their_equations_for_more_rows_than_columns_and_fewer() {
        for width in [1, 3, 8, 31, 32, 33, 64, 100] {
            for count in [0, 1, 2, 7, 8, 9, 30, 33, 64, 90, 127, 128, 129, 300] {
                let rows: Dense<f32> = RandomBlocks::new(5).block(count, width);
                let penalties: Vec<f32> = (0..width).map(|column| 0.3 * (column + 1) as f32).collect();
                let x = solved(&rows, &penalties, 0.7);
                let off = residual(&rows, &penalties, 0.7, &x);
                assert!(off < 1e-4, "{count} rows of {width}: {off:e}");
            }
        }
    }

    #[test]
    fn more_rows_than_single_precision_can_sum_are_summed_in_double() {
        let rows = Dense::new(40 * SUMMED + 5, 2, [0.1f32, 0.3].repeat(40 * SUMMED + 5));
        let x = solved(&rows, &[4000.0, 4000.0], 0.0);
        let off = residual(&rows, &[4000.0, 4000.0], 0.0, &x);
        assert!(off < 5e-5, "{off:e}");
    }

    #[test]
    fn a_penalty_on_the_difference_from_a_mean_satisfies_its_equations() {
        let wide = |x: f32| f64::from(x);
        for width in [1, 3, 8, 31, 33, 64] {
            for count in [0, 1, 7, 9, 30, 64, 129, SUMMED + 3] {
                let rows: Dense<f32> = RandomBlocks::new(5).block(count, width);
                let mean: Dense<f32> = RandomBlocks::new(6).block(1, width);
                let penalties: Vec<f32> = (0..width).map(|column| 0.3 * (column + 1) as f32).collect();
                let (more, mean) = (0.7f32, mean.row(0));
                let mut x = vec![f32::NAN; width];
                let mut solver = RidgeSolver::new(width);
                solver.solve_towards(count, |at| rows.row(at), (&penalties, more), Some(mean), &mut x);
                let left: Vec<f64> = (0..count)
                    .map(|at| 1.0 - rows.row(at).iter().zip(&x).map(|(&y, &x)| wide(y) * wide(x)).sum::<f64>())
                    .collect();
                for column in 0..width {
                    let fit: f64 = (0..count).map(|at| left[at] * wide(rows.row(at)[column])).sum();
                    let pull = wide(more) * (wide(mean[column]) - wide(x[column]));
                    let off = fit + pull - wide(penalties[column]) * wide(x[column]);
                    let scale = 1.0 + (0..count).map(|at| wide(rows.row(at)[column]).abs()).sum::<f64>();
                    assert!(off.abs() < 2e-5 * scale, "{count} rows of {width}, column {column}: {off:e}");
                }
                // A mean of zeros is none.
                let (mut zero, mut none) = (vec![f32::NAN; width], vec![f32::NAN; width]);
                solver.solve_towards(count, |at| rows.row(at), (&penalties, more), Some(&vec![0.0; width]), &mut zero);
                solver.solve(count, |at| rows.row(at), (&penalties, more), &mut none);
                assert_eq!(zero, none);
            }
        }
    }

    #[test]
    fn a_column_of_zeros_without_a_penalty_has_the_coefficient_zero() {
        let rows = Dense::new(2, 2, vec![1.0, 0.0, 2.0, 0.0]);
        let x = solved(&rows, &[1.0, 0.0], 0.0);
        assert!((x[0] - 0.5).abs() < 1e-6 && x[1] == 0.0, "{x:?}");
    }

    #[test]
    fn principal_axes_are_perpendicular_and_keep_the_products_of_rows() {
        let given = Dense::<f32>::copied::<f32>(RandomBlocks::new(2).block::<f32>(300, 70).view());
        let mut turned = given.clone();
        let mut beside = given.clone();
        to_principal_axes(&mut turned, Some(&mut beside)).unwrap();
        assert_eq!(turned.values(), beside.values());
        let dot = |x: &Dense<f32>, i: usize, j: usize| {
            x.row(i).iter().zip(x.row(j)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
        };
        for (i, j) in [(0, 0), (3, 299), (150, 7)] {
            assert!((dot(&given, i, j) - dot(&turned, i, j)).abs() < 1e-4);
        }
        let squares = column_squares(&turned);
        assert!(squares.is_sorted_by(|a, b| a >= b), "{squares:?}");
        for (i, j) in [(0, 1), (0, 69), (30, 40)] {
            let sum: f64 = (0..300).map(|at| f64::from(turned.row(at)[i]) * f64::from(turned.row(at)[j])).sum();
            assert!(sum.abs() < 1e-4 * squares[0], "{sum}");
        }
        let mut broken = Dense::new(2, 1, vec![1.0, f32::NAN]);
        assert_eq!(to_principal_axes(&mut broken, None), Err(NoAxes));
    }
}
