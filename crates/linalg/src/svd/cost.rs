//! What each solver costs, so that the cheapest is chosen.

use super::{Solver, SvdParams, lanczos, single};
use crate::rows::RowOperator;
use crate::scalar::Real;

/// The largest shorter side whose Gram matrix is formed: 8,192² f64 are 512 MiB.
pub(super) const GRAM_LIMIT: usize = 8192;

/// Seconds of one thread of the machine that the model was calibrated on, in double precision. Only ratios matter.
mod seconds {
    /// A multiplication of sparse times block.
    pub(super) const SPARSE: f64 = 1e-10;
    /// A multiplication of dense times dense, tall and thin.
    pub(super) const DENSE: f64 = 4.2e-11;
    /// One of n³ in the eigendecomposition of a dense n x n matrix, while that fits the cache; twice as many where not.
    pub(super) const EIGEN: f64 = 5.5e-11;
    /// One of n² k in the eigendecomposition when k vectors are wanted.
    pub(super) const VECTORS: f64 = 6e-11;
    /// A product of two entries in the sparse Gram matrix, which is always computed in double precision.
    pub(super) const GRAM: f64 = 1.3e-9;
}

/// Bytes at which a matrix has fallen out of the cache.
const CACHE: f64 = 1e8;

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
    pub(super) fn of(nrows: usize, ncols: usize, multiplications: f64, params: &SvdParams) -> Self {
        Self {
            short: nrows.min(ncols) as f64,
            long: nrows.max(ncols) as f64,
            rank: params.rank as f64,
            multiplications,
            digits: -params.tolerance.log10().clamp(-16.0, 0.0),
        }
    }

    /// Multiplications in one product with one vector: the entries of a sparse matrix.
    pub(super) fn entries(&self) -> usize {
        self.multiplications as usize
    }

    /// The solver that is expected to take least time in precision `T`.
    pub(super) fn cheapest<T: Real>(&self) -> Solver {
        let single = size_of::<T>() == 4;
        let fits = self.short <= GRAM_LIMIT as f64;
        if fits && self.gram(single) < self.lanczos(single) { Solver::Gram } else { Solver::Lanczos }
    }

    /// Krylov columns that non-negative matrices of a few leading directions need for a rank and a number of digits; fitted to
    /// the MovieLens matrices.
    pub(super) fn columns(&self) -> f64 {
        let free = 2.0 * self.rank + (20.0 + 2.0 * self.digits) * self.rank.sqrt();
        self.short * (1.0 - (-free / self.short).exp())
    }

    /// Products and orthogonalisation, twice as fast in single precision; a Rayleigh-Ritz step, always in double.
    fn lanczos(&self, single: bool) -> f64 {
        let columns = self.columns();
        let products = 2.0 * self.multiplications * columns * seconds::SPARSE;
        let basis = self.short * columns * (2.0 * columns + self.rank) * seconds::DENSE;
        (products + basis) * if single { 0.5 } else { 1.0 } + 1.15 * eigen(columns, self.rank)
    }

    /// The Gram matrix, from pairs of entries of each row of the longer side, and its eigendecomposition, of which the
    /// divide and conquer is in double precision always.
    fn gram(&self, single: bool) -> f64 {
        let pairs = 0.5 * self.multiplications * (self.multiplications / self.long).max(1.0);
        pairs * seconds::GRAM + eigen(self.short, self.rank) * if single { 0.7 } else { 1.0 }
    }
}

/// Whether a sparse matrix is best multiplied row by row: blocks are so narrow that another order would not pay for itself.
pub(super) fn prefers_rows(nrows: usize, ncols: usize, nnz: usize, params: &SvdParams) -> bool {
    let solver = || Problem::of(nrows, ncols, nnz as f64, params).cheapest::<f32>();
    lanczos::block(params.rank) == lanczos::NARROW
        && single::suits(params, nrows.min(ncols))
        && RowOperator::suits(nrows.min(ncols), nnz)
        && params.solver.unwrap_or_else(solver) == Solver::Lanczos
}

/// The eigendecomposition of a dense matrix for the largest `rank` pairs, in double precision.
fn eigen(n: f64, rank: f64) -> f64 {
    let fallen = (8.0 * n * n / CACHE).min(1.0);
    (n * seconds::EIGEN * (1.0 + fallen) + rank * seconds::VECTORS) * n * n
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<T: Real>(short: f64, long: f64, multiplications: f64, digits: f64, rank: f64) -> Solver {
        Problem { short, long, rank, multiplications, digits }.cheapest::<T>()
    }

    #[test]
    fn the_choice_is_that_of_the_clock() {
        // Both solvers were timed on these; between the ranks named they take about as long.
        for (rank, solver) in
            [(10, Solver::Lanczos), (100, Solver::Lanczos), (250, Solver::Lanczos), (400, Solver::Gram)]
        {
            assert_eq!(chosen::<f32>(1228.0, 3463.0, 2e5, 6.0, f64::from(rank)), solver, "tutorial, single, {rank}");
        }
        for (rank, solver) in [(10, Solver::Lanczos), (200, Solver::Lanczos), (300, Solver::Gram), (1000, Solver::Gram)]
        {
            assert_eq!(chosen::<f64>(1228.0, 3463.0, 2e5, 9.0, f64::from(rank)), solver, "tutorial, double, {rank}");
        }
        for (rank, solver) in [(100, Solver::Lanczos), (1000, Solver::Lanczos), (2500, Solver::Gram)] {
            assert_eq!(chosen::<f32>(3706.0, 6040.0, 1e6, 6.0, f64::from(rank)), solver, "ml-1m, single, {rank}");
            assert_eq!(chosen::<f64>(3706.0, 6040.0, 1e6, 9.0, f64::from(rank)), solver, "ml-1m, double, {rank}");
        }
        assert_eq!(chosen::<f32>(26_744.0, 138_493.0, 2e7, 6.0, 200.0), Solver::Lanczos);
    }

    #[test]
    fn rows_are_for_few_triplets_of_many_ratings() {
        let asked = |rank, tolerance| SvdParams { rank, tolerance, ..SvdParams::default() };
        assert!(prefers_rows(138_493, 26_744, 20_000_000, &asked(10, 1e-6)));
        assert!(prefers_rows(6040, 3706, 1_000_209, &asked(16, 1e-6)));
        assert!(!prefers_rows(6040, 3706, 1_000_209, &asked(17, 1e-6)), "a wider block");
        assert!(!prefers_rows(6040, 3706, 1_000_209, &asked(10, 1e-9)), "double precision");
        assert!(!prefers_rows(1228, 3463, 200_000, &asked(10, 1e-6)), "too little to share");
        let gram = SvdParams { solver: Some(Solver::Gram), ..asked(10, 1e-6) };
        assert!(!prefers_rows(6040, 3706, 1_000_209, &gram), "no block at all");
    }
}
