//! How much memory a decomposition takes, told before it starts.

use std::fmt;

use super::{SvdParams, cost, lanczos, single};
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
    /// from.
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

/// What [`truncated_svd_sparse`](super::truncated_svd_sparse) will hold for a matrix of this shape with `nnz` entries.
///
/// An upper bound while the result comes from Lanczos or from the Gram matrix, in either precision; the last resort, the
/// matrix written out, is not counted. Pages that are set aside but never written do not count as held.
#[must_use]
pub fn svd_memory(nrows: usize, ncols: usize, nnz: usize, params: &SvdParams) -> SvdMemory {
    let (short, long) = (nrows.min(ncols), nrows.max(ncols));
    let rank = params.rank.min(short);
    let factors = 8 * rank * (short + long);
    let precision = if single::suits(params) { 4 } else { 8 };
    // The basis; the projected matrix, a copy of it, its eigenvectors twice; blocks on their way.
    let capacity = lanczos::capacity(rank, lanczos::block(rank), short);
    let krylov = precision * short * capacity + 8 * 4 * capacity * capacity + 64 * lanczos::block(rank) * short;
    // The Gram matrix, the one that is reduced, the eigenvectors of the tridiagonal one twice.
    let gram = if short <= cost::GRAM_LIMIT && short < 8 * rank.max(64) { 8 * 4 * short * short } else { 0 };
    // The result in another order, the image in the precision of the products and strips of it.
    let finish = factors + precision * rank * (short + long) + 256 * long;
    let (counterpart, sums) = if cost::prefers_rows(nrows, ncols, nnz, params) {
        (if nrows < ncols { csr::bytes(ncols, nnz) } else { 0 }, rows::sum_bytes(short, nnz))
    } else {
        (sparse::counterpart_bytes(nrows, ncols, nnz), 0)
    };
    SvdMemory {
        given: csr::bytes(nrows, nnz),
        counterpart,
        factors: factors as u64,
        workspace: (krylov.max(gram).max(finish) + precision * rank * short) as u64 + sums,
    }
}
