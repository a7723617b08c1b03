//! What each solver costs, so that the cheapest is chosen.

use super::{Solver, SvdParams};
use crate::operator::LinearOperator;
use crate::scalar::Real;

/// The largest shorter side whose Gram matrix is formed: 8,192² f64 are 512 MiB.
pub(super) const GRAM_LIMIT: usize = 8192;

/// Seconds a multiplication takes in double precision on one thread of the machine that the model was calibrated on; in
/// single precision half. Only their ratios matter.
mod seconds {
    /// Sparse times block.
    pub(super) const SPARSE: f64 = 1e-10;
    /// Dense times dense, tall and thin.
    pub(super) const DENSE: f64 = 5e-11;
    /// One of n³ in the eigendecomposition of a dense n x n matrix, few vectors wanted.
    pub(super) const EIGEN: f64 = 8e-11;
    /// One of n² k in the eigendecomposition when k vectors are wanted.
    pub(super) const VECTORS: f64 = 8e-11;
    /// One product of two ratings in the sparse Gram matrix, which is always computed in double precision.
    pub(super) const GRAM: f64 = 5e-10;
}

/// The size of a problem, as far as the cost of solving it depends on it.
pub(super) struct Problem {
    /// The shorter side and the longer one.
    short: f64,
    long: f64,
    rank: f64,
    /// Multiplications in one product with one vector.
    multiplications: f64,
    /// Decimal digits of the residual.
    digits: f64,
}

impl Problem {
    /// `a` has no more rows than columns.
    pub(super) fn of<A: LinearOperator + ?Sized>(a: &A, params: &SvdParams) -> Self {
        Self {
            short: a.nrows() as f64,
            long: a.ncols() as f64,
            rank: params.rank as f64,
            multiplications: a.multiplications(),
            digits: -params.tolerance.log10().clamp(-16.0, 0.0),
        }
    }

    /// The solver that is expected to take least time in precision `T`.
    pub(super) fn cheapest<T: Real>(&self) -> Solver {
        let speed = if size_of::<T>() == 4 { 0.5 } else { 1.0 };
        let fits = self.short <= GRAM_LIMIT as f64;
        if fits && self.gram(speed) < self.lanczos(speed) { Solver::Gram } else { Solver::Lanczos }
    }

    /// Krylov columns that the MovieLens matrices need for a rank and a number of digits, and others of their kind.
    fn columns(&self) -> f64 {
        let free = 2.0 * self.rank + (10.0 + 2.5 * self.digits) * self.rank.sqrt();
        self.short * (1.0 - (-free / self.short).exp())
    }

    /// Products, orthogonalisation (twice over the basis), one and a half Rayleigh-Ritz steps in double precision.
    fn lanczos(&self, speed: f64) -> f64 {
        let columns = self.columns();
        let products = 2.0 * self.multiplications * columns * seconds::SPARSE;
        let basis = self.short * columns * (2.0 * columns + self.rank) * seconds::DENSE;
        let eigen = (columns * seconds::EIGEN + self.rank * seconds::VECTORS) * columns * columns;
        (products + basis) * speed + 1.5 * eigen
    }

    /// The Gram matrix, from pairs of entries of each row of the longer side, and its eigendecomposition.
    fn gram(&self, speed: f64) -> f64 {
        let pairs = 0.5 * self.multiplications * (self.multiplications / self.long).max(1.0);
        let eigen = (self.short * seconds::EIGEN + self.rank * seconds::VECTORS) * self.short * self.short;
        pairs * seconds::GRAM + eigen * speed
    }
}
