//! Small symmetric systems in f64: a triangular factor and what is solved with it.

/// The lower triangular factor of a symmetric, positive definite matrix.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    /// size x size, row-major; what is above the diagonal means nothing.
    lower: Vec<f64>,
    size: usize,
}

impl Cholesky {
    /// Factors a matrix, of which only what is on and below the diagonal is read. None when it is not positive definite.
    pub(crate) fn new(mut matrix: Vec<f64>, size: usize) -> Option<Self> {
        for row in 0..size {
            for column in 0..=row {
                let (a, b) = (&matrix[row * size..][..column], &matrix[column * size..][..column]);
                let left = matrix[row * size + column] - a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                matrix[row * size + column] = if column < row {
                    left / matrix[column * size + column]
                } else if left > 0.0 {
                    left.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self { lower: matrix, size })
    }

    /// Solves for what the matrix maps to `b`, in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        self.solve_lower(b);
        self.solve_upper(b);
    }

    /// Solves with the factor.
    pub(crate) fn solve_lower(&self, b: &mut [f64]) {
        for row in 0..self.size {
            let line = &self.lower[row * self.size..][..=row];
            let known: f64 = line[..row].iter().zip(&*b).map(|(a, b)| a * b).sum();
            b[row] = (b[row] - known) / line[row];
        }
    }

    /// Solves with the transposed factor: what that makes of independent normals has the inverse matrix as its covariance.
    pub(crate) fn solve_upper(&self, b: &mut [f64]) {
        for row in (0..self.size).rev() {
            b[row] /= self.lower[row * self.size + row];
            let solved = b[row];
            for (to, factor) in b[..row].iter_mut().zip(&self.lower[row * self.size..]) {
                *to -= factor * solved;
            }
        }
    }

    /// `xᵀ A x` for the matrix `A`.
    pub(crate) fn length(&self, x: &[f64]) -> f64 {
        (0..self.size)
            .map(|column| {
                let part = |row: usize| self.lower[row * self.size + column] * x[row];
                (column..self.size).map(part).sum::<f64>().powi(2)
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_and_lengths_are_those_of_the_matrix() {
        let matrix = vec![4.0, 9.0, 9.0, 2.0, 5.0, 9.0, -1.0, 0.5, 3.0];
        let full = [[4.0, 2.0, -1.0], [2.0, 5.0, 0.5], [-1.0, 0.5, 3.0]];
        let factor = Cholesky::new(matrix, 3).unwrap();
        let x = [1.5, -2.0, 0.25];
        let times: Vec<f64> = full.iter().map(|row| row.iter().zip(&x).map(|(a, b)| a * b).sum()).collect();
        let mut solved = times.clone();
        factor.solve(&mut solved);
        for (found, expected) in solved.iter().zip(&x) {
            assert!((found - expected).abs() < 1e-14, "{solved:?}");
        }
        let length: f64 = times.iter().zip(&x).map(|(a, b)| a * b).sum();
        assert!((factor.length(&x) - length).abs() < 1e-13);
        assert!(Cholesky::new(vec![1.0, 0.0, 2.0, 1.0], 2).is_none());
        assert!(Cholesky::new(vec![f64::NAN], 1).is_none());
    }
}
