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

/// The ratings of one user or item. The last of `width` columns is the bias.
#[derive(Clone, Debug)]
pub(super) struct Equations {
    width: usize,
    /// Of each rating the factors of the other side, and a 1.
    rows: Vec<f64>,
    /// What is left of each rating beside mean and bias of the other side.
    rest: Vec<f64>,
}

impl Equations {
    pub(super) fn new(width: usize) -> Self {
        Self { width, rows: Vec::new(), rest: Vec::new() }
    }

    /// Forgets all ratings.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.rest.clear();
    }

    /// Adds a rating less the mean, and factors and bias of its other side.
    pub(super) fn add(&mut self, other: impl Iterator<Item = f64>, rating: f64) {
        self.rows.extend(other);
        let Some(bias) = self.rows.last_mut() else { return };
        self.rest.push(rating - *bias);
        *bias = 1.0;
    }

    /// Of each rating its row and what is left of it.
    pub(super) fn ratings(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.rows.chunks_exact(self.width).zip(self.rest.iter().copied())
    }

    /// The matrix that is to be solved with; `None` without ratings, or where it is not positive definite in f64.
    pub(super) fn factor(&self, penalties: &Penalties) -> Option<Cholesky> {
        if self.rest.is_empty() {
            return None;
        }
        let width = self.width;
        let mut matrix = vec![0f64; width * width];
        for row in self.rows.chunks_exact(width) {
            for (line, (to, &x)) in matrix.chunks_exact_mut(width).zip(row).enumerate() {
                to[..=line].iter_mut().zip(row).for_each(|(to, &y)| *to += x * y);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
        let count = self.rest.len() as f64;
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
        let mut solved = vec![0f64; self.width];
        for (row, rest) in self.ratings() {
            solved.iter_mut().zip(row).for_each(|(to, x)| *to += x * rest);
        }
        factor.solve(&mut solved);
        Some(solved)
    }
}
