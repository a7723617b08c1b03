//! How much memory a decomposition takes, told before it starts.

use std::fmt;

use faer::Par;
use faer::linalg::svd::{ComputeSvdVectors::Thin, svd_scratch};

use super::cost::{self, Problem};
use super::{Solver, SvdParams, correct, finish, lanczos, single};
use crate::{csr, rows, sparse};

/// Bytes that the decomposition of a sparse matrix holds at most, by what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SvdMemory {
    /// The matrix, as it is given.
    pub given: u64,
    /// The matrix once more, or twice, in the order that the products need; nothing where they need no other.
    pub counterpart: u64,
    /// The result: `U` and `V` in double precision.
    pub factors: u64,
    /// Everything else, at the moment when it is most: a full Krylov basis, the Gram matrix, what its eigenvectors are made
    /// from, copies of vectors that are corrected.
    pub workspace: u64,
}

impl SvdMemory {
    /// Everything.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.given + self.counterpart + self.factors + self.workspace
    }
}

impl fmt::Display for SvdMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let matrix = mib(self.given + self.counterpart);
        let (factors, workspace) = (mib(self.factors), mib(self.workspace));
        write!(f, "matrix {matrix} MiB, factors {factors} MiB, workspace {workspace} MiB")
    }
}

/// What [`truncated_svd_sparse`](super::truncated_svd_sparse) will ask of the allocator for a matrix of this shape with
/// `nnz` entries, to a fifth and 20 MB: each thread that multiplies holds 4 MiB of its own besides.
///
/// Of the solver that the shape decides for, in the precision that the tolerance decides for. Two things that only the
/// values can tell are not counted: that singular values below a hundredth of the largest one are wanted, for which single
/// precision is given up for double (up to twice the workspace of Lanczos), and the last resort, the matrix written out.
#[must_use]
pub fn svd_memory(nrows: usize, ncols: usize, nnz: usize, params: &SvdParams) -> SvdMemory {
    let (short, long) = (nrows.min(ncols), nrows.max(ncols));
    let rank = params.rank.min(short);
    let problem = Problem::of(nrows, ncols, nnz as f64, params);
    let sides = Sides { short, long, rank };
    let factors = sides.factors();
    let (solver, finish) = if single::suits(params, short) {
        let solver = params.solver.unwrap_or_else(|| problem.cheapest::<f32>());
        (sides.solver(solver, &problem, 4), sides.finish_single())
    } else {
        let solver = params.solver.unwrap_or_else(|| problem.cheapest::<f64>());
        (sides.solver(solver, &problem, 8), sides.finish_double())
    };
    let (counterpart, sums) = if cost::prefers_rows(nrows, ncols, nnz, params) {
        (if nrows < ncols { csr::bytes(ncols, nnz) } else { 0 }, rows::sum_bytes(short, nnz))
    } else {
        (sparse::counterpart_bytes(nrows, ncols, nnz), 0)
    };
    let most = (solver as u64 + sums).max(finish as u64);
    SvdMemory {
        given: csr::bytes(nrows, nnz),
        counterpart,
        factors: factors as u64,
        workspace: most.saturating_sub(factors as u64),
    }
}

/// The shape of a problem.
struct Sides {
    short: usize,
    long: usize,
    rank: usize,
}

impl Sides {
    /// Bytes of the result.
    fn factors(&self) -> usize {
        8 * self.rank * (self.short + self.long)
    }

    /// Bytes until the vectors of the shorter side are there, for a number of bytes a number.
    fn solver(&self, solver: Solver, problem: &Problem, precision: usize) -> usize {
        let Self { short, long, rank } = *self;
        match solver {
            Solver::Lanczos => {
                let block = lanczos::block(rank);
                let capacity = lanczos::capacity(rank, block, short);
                // The projected matrix, in room for a full basis; of the columns that are multiplied, a copy of it, which
                // is reduced, and the eigenvectors of the tridiagonal one, twice. Spectra flatter than those of the cost
                // model take up to two fifths more columns than it expects, ratings as many.
                let columns = capacity.min((1.2 * problem.columns()) as usize);
                let projected = 8 * capacity * capacity + 8 * 3 * columns * columns;
                let blocks = precision * block * (3 * short + long.min(sparse::BLOCK));
                precision * short * (capacity + 16) + projected + blocks
            }
            // In single precision: the matrix in double and in single, of which the second stays; the eigenvectors of the
            // tridiagonal one in double, twice. The same in double. Or the ends of loops while it is summed.
            Solver::Gram => ((16 + precision) * short * short).max(8 * short * short + 4 * problem.entries()),
            Solver::Dense => dense(long, short),
        }
    }

    /// Bytes while vectors in single precision are corrected.
    fn finish_single(&self) -> usize {
        let Self { short, long, rank } = *self;
        let both = short + long;
        // All are copied; or the leading ones and strips, and later one window.
        let copies = if rank <= correct::WINDOW { self.factors() } else { 8 * correct::WINDOW * both };
        self.factors() + copies.max(self.strips(4)) + 4 * rank * short
    }

    /// Bytes of the strips in which residuals are measured, for a number of bytes a number.
    fn strips(&self, precision: usize) -> usize {
        precision * finish::strip(self.rank, precision) * (self.short + self.long)
    }

    /// Bytes while vectors in double precision are finished: strips, the inner products of the images and their factor.
    fn finish_double(&self) -> usize {
        self.factors() + self.strips(8) + 8 * 2 * self.rank * self.rank
    }
}

/// Bytes of the decomposition of a matrix that is written out.
fn dense(long: usize, short: usize) -> usize {
    let scratch = svd_scratch::<f64>(long, short, Thin, Thin, Par::Seq, Default::default());
    8 * (2 * long * short + short * short) + scratch.unaligned_bytes_required()
}
