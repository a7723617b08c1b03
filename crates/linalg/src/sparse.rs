//! A sparse matrix as a linear operator, in the two orientations that its products need.

use faer::Accum;
use rayon::prelude::*;

use crate::csr::{self, CsrMatrix};
use crate::dense::Dense;
use crate::operator::{LinearOperator, written_out};
use crate::scalar::Real;
use crate::spmm;

/// Rows of a block: this many rows of 16 columns stay in a core's own cache, 256 KiB in single precision.
pub(crate) const BLOCK: usize = 4096;
/// Entries that a block has at least for every row of a product, so that reading and writing the row is not most of the
/// work: a sparser matrix is cut into fewer and larger blocks.
const ENTRIES: usize = 8;

/// What a [`SparseOperator`] needs besides the matrix itself.
///
/// With `L` the matrix, transposed if it has more columns than rows, these are `Lᵀ` cut into blocks of columns, and `L`
/// where it is not the matrix itself. Memory: one copy of the matrix; two if it has more columns than rows and is cut into
/// more than one block.
#[derive(Clone, Debug)]
struct Counterpart {
    /// `L`, if it is not the matrix.
    long: Option<CsrMatrix>,
    /// `Lᵀ` in blocks of columns, if it is not the matrix.
    blocks: Vec<CsrMatrix>,
}

impl Counterpart {
    /// The counterpart of a matrix.
    fn of(matrix: &CsrMatrix) -> Self {
        let long = (matrix.nrows() < matrix.ncols()).then(|| matrix.transpose());
        let rows = long.as_ref().unwrap_or(matrix);
        let parts = parts(rows.ncols(), rows.nrows(), rows.nnz());
        if long.is_some() && parts == 1 {
            return Self { long, blocks: Vec::new() };
        }
        let tasks = rayon::current_num_threads().div_ceil(parts);
        let blocks = (0..parts).into_par_iter().map(|part| rows.transpose_rows(span(rows.nrows(), parts, part), tasks));
        let blocks = blocks.collect();
        Self { long, blocks }
    }
}

/// Blocks that a matrix with these sides and entries is cut into.
fn parts(short: usize, long: usize, nnz: usize) -> usize {
    long.div_ceil(BLOCK).min((nnz / (ENTRIES * short.max(1))).max(1))
}

/// The `part`-th of `parts` nearly equal spans of `0..n`.
fn span(n: usize, parts: usize, part: usize) -> std::ops::Range<usize> {
    n * part / parts..n * (part + 1) / parts
}

/// Bytes of the counterpart of a matrix.
pub(crate) fn counterpart_bytes(nrows: usize, ncols: usize, nnz: usize) -> u64 {
    let (short, long) = (nrows.min(ncols), nrows.max(ncols));
    let parts = parts(short, long, nnz);
    let transposed = if nrows < ncols { csr::bytes(long, nnz) } else { 0 };
    let blocks = if nrows < ncols && parts == 1 { 0 } else { 8 * (nnz + parts * (short + 1)) };
    transposed + blocks as u64
}

/// A sparse matrix with what its products need besides: every one runs over rows and through blocks that stay in the cache.
///
/// Memory beyond the matrix: one copy of it; two if it has more columns than rows, more than 4,096 of them, and 16 entries
/// or more a row on average.
#[derive(Clone, Debug)]
pub struct SparseOperator<'a> {
    matrix: &'a CsrMatrix,
    counterpart: Counterpart,
}

impl<'a> SparseOperator<'a> {
    /// Makes the counterpart. O(nnz + nrows + ncols).
    #[must_use]
    pub fn new(matrix: &'a CsrMatrix) -> Self {
        Self { matrix, counterpart: Counterpart::of(matrix) }
    }

    /// Whether the rows are the longer side.
    fn is_tall(&self) -> bool {
        self.matrix.nrows() >= self.matrix.ncols()
    }

    /// The matrix with the longer side as rows.
    fn long(&self) -> &CsrMatrix {
        self.counterpart.long.as_ref().unwrap_or(self.matrix)
    }

    /// The matrix with the longer side as columns, cut into blocks of those.
    fn blocks(&self) -> &[CsrMatrix] {
        if self.counterpart.blocks.is_empty() { std::slice::from_ref(self.matrix) } else { &self.counterpart.blocks }
    }

    /// `y = L x`.
    fn lengthen<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        let long = self.long();
        spmm::multiply(long, 0..long.nrows(), x.values(), x.ncols(), y.values_mut(), Accum::Replace);
    }

    /// `y = Lᵀ x`.
    fn shorten<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        let (width, mut start) = (x.ncols(), 0);
        for block in self.blocks() {
            let end = start + block.ncols();
            let x = &x.values()[start * width..end * width];
            let accum = if start == 0 { Accum::Replace } else { Accum::Add };
            spmm::multiply(block, 0..block.nrows(), x, width, y.values_mut(), accum);
            start = end;
        }
    }

    /// `y = Lᵀ L x`, block after block: what is between the products never leaves the cache.
    fn short_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        let (width, mut start) = (x.ncols(), 0);
        let most = self.blocks().iter().map(CsrMatrix::ncols).max().unwrap_or(0);
        let mut middle = Dense::zeros(most, width);
        for block in self.blocks() {
            let end = start + block.ncols();
            let middle = &mut middle.values_mut()[..block.ncols() * width];
            spmm::multiply(self.long(), start..end, x.values(), width, middle, Accum::Replace);
            let accum = if start == 0 { Accum::Replace } else { Accum::Add };
            spmm::multiply(block, 0..block.nrows(), middle, width, y.values_mut(), accum);
            start = end;
        }
    }

    /// The lower triangle of `Lᵀ L`; half the sum over rows of `L` of (stored entries)² multiplications, parallel over rows,
    /// and 4 bytes an entry meanwhile.
    ///
    /// Products of f32 are exact in f64, so that small integers and halves give an exact result.
    fn gram(&self) -> Dense {
        let n = self.long().ncols();
        let ends: Vec<Vec<u32>> = self.blocks().iter().map(ends).collect();
        let mut gram = Dense::zeros(n, n);
        gram.values_mut().par_chunks_exact_mut(n.max(1)).with_max_len(16).enumerate().for_each(|(row, sums)| {
            let mut start = 0;
            for (block, ends) in self.blocks().iter().zip(&ends) {
                let (columns, values) = block.row(row);
                let ends = &ends[block.offsets()[row]..];
                for ((&column, &value), &end) in columns.iter().zip(values).zip(ends) {
                    let (others, factors) = self.long().row(start + column as usize);
                    let (others, factors) = (&others[..end as usize], &factors[..end as usize]);
                    let value = f64::from(value);
                    for (&other, &factor) in others.iter().zip(factors) {
                        sums[other as usize] += value * f64::from(factor);
                    }
                }
                start += block.ncols();
            }
        });
        gram
    }
}

/// For every entry, how many its column has down to its own row: where the loop over them ends, without a look at each.
fn ends(matrix: &CsrMatrix) -> Vec<u32> {
    let mut counts = vec![0u32; matrix.ncols()];
    let mut ends = Vec::with_capacity(matrix.nnz());
    for row in 0..matrix.nrows() {
        for &column in matrix.row(row).0 {
            let count = &mut counts[column as usize];
            *count += 1;
            ends.push(*count);
        }
    }
    ends
}

impl LinearOperator for SparseOperator<'_> {
    fn nrows(&self) -> usize {
        self.matrix.nrows()
    }

    fn ncols(&self) -> usize {
        self.matrix.ncols()
    }

    fn apply<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall() { self.lengthen(x, y) } else { self.shorten(x, y) }
    }

    fn apply_transpose<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall() { self.shorten(x, y) } else { self.lengthen(x, y) }
    }

    fn apply_row_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall() {
            let mut middle = Dense::zeros(self.ncols(), x.ncols());
            self.shorten(x, &mut middle);
            self.lengthen(&middle, y);
        } else {
            self.short_gram(x, y);
        }
    }

    fn apply_column_gram<T: Real>(&self, x: &Dense<T>, y: &mut Dense<T>) {
        if self.is_tall() {
            self.short_gram(x, y);
        } else {
            let mut middle = Dense::zeros(self.nrows(), x.ncols());
            self.shorten(x, &mut middle);
            self.lengthen(&middle, y);
        }
    }

    fn multiplications(&self) -> f64 {
        self.matrix.nnz() as f64
    }

    fn row_gram(&self) -> Dense {
        if self.is_tall() {
            written_out(self.nrows(), self.nrows(), |x, y| self.apply_row_gram(x, y))
        } else {
            self.gram()
        }
    }

    fn column_gram(&self) -> Dense {
        if self.is_tall() {
            self.gram()
        } else {
            written_out(self.ncols(), self.ncols(), |x, y| self.apply_column_gram(x, y))
        }
    }

    fn to_dense(&self) -> Dense {
        let mut whole = Dense::zeros(self.nrows(), self.ncols());
        if self.ncols() > 0 {
            for (row, whole) in whole.values_mut().chunks_exact_mut(self.ncols()).enumerate() {
                let (columns, values) = self.matrix.row(row);
                for (&column, &value) in columns.iter().zip(values) {
                    whole[column as usize] = f64::from(value);
                }
            }
        }
        whole
    }
}
