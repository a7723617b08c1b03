//! The equations of one user or item: least squares with a penalty, all factors and biases of the other side being known.

use super::BiasedMfParams;
use crate::normal_equations::Cholesky;

/// What factors and biases cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Penalties {
    factor: f64,
    bias: f64,
    shrinkage: f64,
}

impl Penalties {
    pub(crate) fn of(params: &BiasedMfParams) -> Self {
        let BiasedMfParams { regularization, bias_regularization, bias_shrinkage, .. } = *params;
        Self { factor: regularization, bias: bias_regularization, shrinkage: bias_shrinkage }
    }
}

/// What the ratings of one user or item ask of its factors and bias: sums over the ratings, of which none is kept.
#[derive(Clone, Debug)]
pub(super) struct Equations {
    /// The latest rating's factors of the other side, and a 1 for the bias.
    row: Vec<f64>,
    /// Sums of the products of such rows with themselves, width x width, row-major; what is above the diagonal means nothing.
    matrix: Vec<f64>,
    /// Sums of the rows, each times what is left of its rating beside mean and bias of the other side.
    right: Vec<f64>,
    ratings: usize,
}

impl Equations {
    pub(super) fn new(width: usize) -> Self {
        Self { row: Vec::with_capacity(width), matrix: vec![0.0; width * width], right: vec![0.0; width], ratings: 0 }
    }

    /// Forgets all ratings.
    pub(super) fn clear(&mut self) {
        self.matrix.fill(0.0);
        self.right.fill(0.0);
        self.ratings = 0;
    }

    /// Adds a rating less the mean, and factors and bias of its other side.
    pub(super) fn add(&mut self, other: impl Iterator<Item = f64>, rating: f64) {
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
    pub(super) fn factor(&self, penalties: &Penalties) -> Option<Cholesky> {
        if self.ratings == 0 {
            return None;
        }
        let (width, mut matrix) = (self.right.len(), self.matrix.clone());
        #[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
        let count = self.ratings as f64;
        for at in 0..width {
            let is_bias = at + 1 == width;
            let bias = penalties.bias * count + penalties.shrinkage;
            matrix[at * width + at] += if is_bias { bias } else { penalties.factor * count };
        }
        Cholesky::new(matrix, width)
    }

    /// The factors and the bias with the least sum of squared errors and penalties.
    pub(super) fn solved(&self, penalties: &Penalties) -> Option<Vec<f64>> {
        let factor = self.factor(penalties)?;
        let mut solved = self.right.clone();
        factor.solve(&mut solved);
        Some(solved)
    }
}

/// What is left of a rating beside the bias of its other side, which ends the row and gives way to a 1.
pub(super) fn without_bias(row: &mut [f64], rating: f64) -> f64 {
    row.last_mut().map_or(rating, |bias| rating - std::mem::replace(bias, 1.0))
}
