//! Factors and biases of users and items from ratings, by exact solutions for one side while the other is known.

use foretaste_linalg::CsrMatrix;
use rayon::prelude::*;

use crate::FitError;
use crate::normal_equations::Cholesky;

/// Users or items that are solved for between two reports.
const WAVE: usize = 1 << 13;
/// The same of one task.
const TASK: usize = 8;

/// What factors and biases of a user or item with `n` ratings cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Penalties {
    /// On squared factors, times `n^exponent`.
    pub(crate) factor: f64,
    /// On the squared bias, times `n^exponent`.
    pub(crate) bias: f64,
    /// On the squared bias, whatever the number of ratings.
    pub(crate) shrinkage: f64,
    /// How much more what has many ratings costs.
    pub(crate) exponent: f64,
}

impl Penalties {
    /// What multiplies the penalties of a user or item with as many ratings.
    #[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
    pub(crate) fn times(&self, ratings: usize) -> f64 {
        (ratings as f64).powf(self.exponent)
    }
}

/// What the ratings of one user or item ask of its factors and bias: sums over the ratings, of which none is kept.
#[derive(Clone, Debug)]
pub(crate) struct Equations {
    /// The latest rating's factors of the other side, and a 1 for the bias.
    row: Vec<f64>,
    /// Sums of the products of such rows with themselves, width x width, row-major; what is above the diagonal means nothing.
    matrix: Vec<f64>,
    /// Sums of the rows, each times what is left of its rating beside mean and bias of the other side.
    right: Vec<f64>,
    ratings: usize,
}

impl Equations {
    pub(crate) fn new(width: usize) -> Self {
        Self { row: Vec::with_capacity(width), matrix: vec![0.0; width * width], right: vec![0.0; width], ratings: 0 }
    }

    /// Forgets all ratings.
    fn clear(&mut self) {
        self.matrix.fill(0.0);
        self.right.fill(0.0);
        self.ratings = 0;
    }

    /// Adds a rating less the mean, and factors and bias of its other side.
    pub(crate) fn add(&mut self, other: impl Iterator<Item = f64>, rating: f64) {
        self.row.clear();
        self.row.extend(other);
        let rest = without_bias(&mut self.row, rating);
        let lines = self.matrix.chunks_exact_mut(self.row.len());
        for (line, (to, &x)) in lines.zip(&self.row).enumerate() {
            to[..=line].iter_mut().zip(&self.row).for_each(|(to, &y)| *to += x * y);
        }
        self.right.iter_mut().zip(&self.row).for_each(|(to, x)| *to += x * rest);
        self.ratings += 1;
    }

    /// The matrix that is to be solved with; `None` without ratings, or where it is not positive definite in f64.
    pub(crate) fn factor(&self, penalties: &Penalties) -> Option<Cholesky> {
        if self.ratings == 0 {
            return None;
        }
        let (width, mut matrix) = (self.right.len(), self.matrix.clone());
        let times = penalties.times(self.ratings);
        for at in 0..width {
            let is_bias = at + 1 == width;
            let bias = penalties.bias * times + penalties.shrinkage;
            matrix[at * width + at] += if is_bias { bias } else { penalties.factor * times };
        }
        Cholesky::new(matrix, width)
    }

    /// The factors and the bias with the least sum of squared errors and penalties.
    pub(crate) fn solved(&self, penalties: &Penalties) -> Option<Vec<f64>> {
        let factor = self.factor(penalties)?;
        let mut solved = self.right.clone();
        factor.solve(&mut solved);
        Some(solved)
    }
}

/// What is left of a rating beside the bias of its other side, which ends the row and gives way to a 1.
pub(crate) fn without_bias(row: &mut [f64], rating: f64) -> f64 {
    row.last_mut().map_or(rating, |bias| rating - std::mem::replace(bias, 1.0))
}

/// Users or items: their ratings, and factors and bias of each.
pub(crate) struct Side<'a> {
    ratings: &'a CsrMatrix,
    /// rows x (factors and a bias), row-major.
    pub(crate) rows: Vec<f64>,
}

impl<'a> Side<'a> {
    /// All biases are 0.
    pub(crate) fn new(ratings: &'a CsrMatrix, factors: usize, first: impl Fn(usize, usize) -> f64) -> Self {
        let mut rows = vec![0f64; ratings.nrows() * (factors + 1)];
        for (at, row) in rows.chunks_exact_mut(factors + 1).enumerate() {
            row[..factors].iter_mut().enumerate().for_each(|(column, to)| *to = first(at, column));
        }
        Self { ratings, rows }
    }

    /// Solves for every row, the rows of the other side being known; equal bits at any number of threads. Penalties are on the
    /// distance of the factors from `near`, rows x factors, or from 0 where there is none.
    pub(crate) fn solve(
        &mut self,
        other: &Self,
        (penalties, mean): (&Penalties, f64),
        near: Option<&[f64]>,
        solved: &mut dyn FnMut(f64) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let (all, ratings) = (self.ratings.nrows().max(1), self.ratings);
        let width = self.rows.len() / all;
        for (wave, rows) in self.rows.chunks_mut((WAVE * width).max(1)).enumerate() {
            let tasks = rows.par_chunks_mut(TASK * width).enumerate();
            tasks.for_each_init(
                || Equations::new(width),
                |equations, (task, rows)| {
                    for (at, to) in rows.chunks_exact_mut(width).enumerate() {
                        let row = wave * WAVE + task * TASK + at;
                        let near = near.map_or(&[][..], |near| &near[row * (width - 1)..][..width - 1]);
                        equations.clear();
                        let (columns, values) = ratings.row(row);
                        for (&column, &value) in columns.iter().zip(values) {
                            let known = &other.rows[column as usize * width..][..width];
                            equations.add(known.iter().copied(), f64::from(value) - mean - product(near, known));
                        }
                        match equations.solved(penalties) {
                            Some(solved) => to.copy_from_slice(&solved),
                            None => to.fill(0.0),
                        }
                        to.iter_mut().zip(near).for_each(|(to, near)| *to += near);
                    }
                },
            );
            #[expect(clippy::cast_precision_loss, reason = "a number of rows is far below 2^53")]
            solved((wave + 1).saturating_mul(WAVE).min(all) as f64 / all as f64)?;
        }
        Ok(())
    }
}

/// The product of two rows, as far as the shorter goes.
pub(crate) fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean of all ratings.
pub(crate) fn mean(matrix: &CsrMatrix) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
    let count = matrix.nnz().max(1) as f64;
    matrix.values().iter().map(|&value| f64::from(value)).sum::<f64>() / count
}
