//! Products of tall dense matrices, parallel over fixed chunks of rows so that the bits never depend on the threads.

use faer::linalg::matmul::{matmul, triangular, triangular::BlockStructure};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::dense::Dense;
use crate::scalar::Real;

/// Rows that one task takes; part of the result's definition, because sums are split there.
pub(crate) const ROWS: usize = 128;
/// The same for a product of so tall a matrix that fewer tasks are enough to balance, and each is worth its packing.
const TALL_ROWS: usize = 2 * ROWS;
/// Rows from which a matrix is that tall.
const TALL: usize = 8 * TALL_ROWS;
/// Columns of a strip of a large product.
const STRIP: usize = 64;
/// Bytes of a column of a product that is computed at a time: two of faer's kernels. Of more it makes pieces for a cache of
/// 256 KiB, which its kernels do not divide.
const PIECE: usize = 768;
/// Rows and columns of a tile that is copied at a time.
const TILE: usize = 16;
/// Partial sums that are kept at a time.
const WAVE: usize = 64;

/// Rows of a task of a product with `n` rows.
fn task_rows(n: usize) -> usize {
    if n < TALL { ROWS } else { TALL_ROWS }
}

/// `aᵀ b` for `a: n x p` and `b: n x q`; 2 n p q flops. Partial sums of 128 or 256 rows are added in row order.
///
/// A result with more than 64 columns and as many rows is made strip by strip of columns, each over all chunks in order, so
/// that few partial sums are held.
pub(crate) fn inner<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> Mat<T> {
    if is_large(a.ncols(), b.ncols()) {
        let mut total = Mat::zeros(a.ncols(), b.ncols());
        column_chunks(total.as_mut(), STRIP).into_par_iter().with_max_len(1).enumerate().for_each(
            |(strip, mut sum)| {
                let b = b.subcols(strip * STRIP, sum.ncols());
                for start in (0..a.nrows()).step_by(TALL_ROWS) {
                    let rows = TALL_ROWS.min(a.nrows() - start);
                    let (a, b) = (a.subrows(start, rows), b.subrows(start, rows));
                    matmul(sum.as_mut(), Accum::Add, a.transpose(), b, T::from_f64(1.0), Par::Seq);
                }
            },
        );
        return total;
    }
    summed(a.nrows(), a.ncols(), b.ncols(), |start, rows, mut sum| {
        let (a, b, piece) = (a.subrows(start, rows), b.subrows(start, rows), PIECE / size_of::<T>());
        for from in (0..a.ncols()).step_by(piece) {
            let width = piece.min(a.ncols() - from);
            let a = a.subcols(from, width).transpose();
            matmul(sum.as_mut().subrows_mut(from, width), Accum::Replace, a, b, T::from_f64(1.0), Par::Seq);
        }
    })
}

/// The lower triangle of `aᵀ a` for `a: n x p` in f64, above it zeros; n p² flops. Summed as [`inner`].
pub(crate) fn gram<T: Real>(a: &Dense<T>) -> Mat<f64> {
    let width = a.ncols();
    if is_large(width, width) {
        return large_gram(a);
    }
    summed(a.nrows(), width, width, |start, rows, sum| {
        let wide: Vec<f64> = a.values()[start * width..][..rows * width].iter().map(|x| x.to_f64()).collect();
        let a = MatRef::from_row_major_slice(&wide, rows, width);
        let (whole, lower) = (BlockStructure::Rectangular, BlockStructure::TriangularLower);
        triangular::matmul(sum, lower, Accum::Replace, a.transpose(), whole, a, whole, 1.0, Par::Seq);
    })
}

/// Whether a product has so many entries that partial sums of it would take much memory.
fn is_large(p: usize, q: usize) -> bool {
    p.min(q) > STRIP
}

/// [`gram`] in strips of columns, each from its own diagonal block on.
fn large_gram<T: Real>(a: &Dense<T>) -> Mat<f64> {
    let width = a.ncols();
    let mut total = Mat::zeros(width, width);
    column_chunks(total.as_mut(), STRIP).into_par_iter().with_max_len(1).enumerate().for_each(|(strip, sum)| {
        let from = strip * STRIP;
        let mut sum = sum.subrows_mut(from, width - from);
        let mut wide = Vec::with_capacity(ROWS * (width - from));
        for rows in a.values().chunks(ROWS * width) {
            wide.clear();
            rows.chunks_exact(width).for_each(|row| wide.extend(row[from..].iter().map(|x| x.to_f64())));
            let a = MatRef::from_row_major_slice(&wide, rows.len() / width, width - from);
            let b = a.subcols(0, sum.ncols());
            matmul(sum.as_mut(), Accum::Add, a.transpose(), b, 1.0, Par::Seq);
        }
        for column in 1..sum.ncols() {
            sum.as_mut().col_mut(column).subrows_mut(0, column).fill(0.0);
        }
    });
    total
}

/// The same entries in another precision, rounded to the nearest.
pub(crate) fn converted<T: Real, S: Real>(a: &Mat<T>) -> Mat<S> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| S::from_f64(a[(i, j)].to_f64()))
}

/// The lower triangle of a square matrix in column-major order, rounded to another precision.
pub(crate) fn lower_columns<T: Real, S: Real>(a: &Dense<T>) -> Mat<S> {
    let n = a.nrows();
    let mut all = Mat::zeros(n, n);
    let tasks = column_chunks(all.as_mut(), TILE).into_par_iter().with_max_len(1).enumerate();
    tasks.for_each(|(task, mut columns)| {
        let (left, width) = (task * TILE, columns.ncols());
        for top in (left..n).step_by(TILE) {
            for row in top..n.min(top + TILE) {
                let entries = &a.row(row)[left..=row.min(left + width - 1)];
                for (at, value) in entries.iter().enumerate() {
                    columns[(row, at)] = S::from_f64(value.to_f64());
                }
            }
        }
    });
    all
}

/// `a b` for small matrices, on one thread.
pub(crate) fn small<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> Mat<T> {
    let mut product = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut product, Accum::Replace, a, b, T::from_f64(1.0), Par::Seq);
    product
}

/// The `p x q` sum of what `partial` makes of every chunk of `n` rows (start, rows, place), added in row order.
fn summed<T: Real>(n: usize, p: usize, q: usize, partial: impl Fn(usize, usize, MatMut<'_, T>) + Sync) -> Mat<T> {
    let size = task_rows(n);
    let chunks = n.div_ceil(size);
    let of_chunk = |chunk: usize| {
        let mut sum = Mat::zeros(p, q);
        partial(chunk * size, size.min(n - chunk * size), sum.as_mut());
        sum
    };
    let mut total = Mat::zeros(p, q);
    // Few partial sums live at once.
    for wave in (0..chunks).step_by(WAVE) {
        let sums: Vec<Mat<T>> = (wave..chunks.min(wave + WAVE)).into_par_iter().with_max_len(1).map(of_chunk).collect();
        for sum in &sums {
            total += sum;
        }
    }
    total
}

/// `x -= q c` for `x: n x b`, `q: n x p` and `c: p x b`.
pub(crate) fn subtract<T: Real>(x: &mut Dense<T>, q: MatRef<'_, T>, c: MatRef<'_, T>) {
    accumulate(x, Accum::Add, q, c, T::from_f64(-1.0));
}

/// `q c` for `q: n x p` and `c: p x b`.
pub(crate) fn multiply<T: Real>(q: MatRef<'_, T>, c: MatRef<'_, T>) -> Dense<T> {
    let mut product = Dense::zeros(q.nrows(), c.ncols());
    accumulate(&mut product, Accum::Replace, q, c, T::from_f64(1.0));
    product
}

/// `x ← x c` for a square `c`, in place but for a chunk of rows a thread.
pub(crate) fn turn<T: Real>(x: &mut Dense<T>, c: MatRef<'_, T>) {
    let ncols = x.ncols();
    if ncols == 0 {
        return;
    }
    x.values_mut().par_chunks_mut(ROWS * ncols).for_each(|x| {
        let (rows, mut turned) = (x.len() / ncols, vec![T::default(); x.len()]);
        let product = MatMut::from_row_major_slice_mut(&mut turned, rows, ncols);
        let x_rows = MatRef::from_row_major_slice(&*x, rows, ncols);
        matmul(product, Accum::Replace, x_rows, c, T::from_f64(1.0), Par::Seq);
        x.copy_from_slice(&turned);
    });
}

fn accumulate<T: Real>(x: &mut Dense<T>, beta: Accum, q: MatRef<'_, T>, c: MatRef<'_, T>, alpha: T) {
    if q.ncols() > 0 {
        in_chunks(x, |start, x| {
            let q = q.subrows(start, x.nrows());
            matmul(x, beta, q, c, alpha, Par::Seq);
        });
    }
}

/// Subtracts the first columns of `x` times `share: p x (ncols - p)` from the other ones.
pub(crate) fn subtract_leading<T: Real>(x: &mut Dense<T>, share: MatRef<'_, T>) {
    in_chunks(x, |_, x| {
        let (leading, rest) = x.as_mut().split_at_col_mut(share.nrows());
        matmul(rest, Accum::Add, leading.as_ref(), share, T::from_f64(-1.0), Par::Seq);
    });
}

/// Runs `change` on every chunk of rows (where it starts, the rows), in parallel.
pub(crate) fn in_chunks<T: Real>(x: &mut Dense<T>, change: impl Fn(usize, &mut MatMut<'_, T>) + Sync) {
    let ncols = x.ncols();
    if ncols == 0 {
        return;
    }
    let size = task_rows(x.nrows());
    x.values_mut().par_chunks_mut(size * ncols).with_max_len(1).enumerate().for_each(|(chunk, x)| {
        let rows = x.len() / ncols;
        change(chunk * size, &mut MatMut::from_row_major_slice_mut(x, rows, ncols));
    });
}

/// A matrix in chunks of columns; the last one may be narrower. For tasks, which then do not depend on the threads.
pub(crate) fn column_chunks<T: Real>(mut matrix: MatMut<'_, T>, width: usize) -> Vec<MatMut<'_, T>> {
    let mut chunks = Vec::with_capacity(matrix.ncols().div_ceil(width));
    while matrix.ncols() > width {
        let (chunk, rest) = matrix.split_at_col_mut(width);
        chunks.push(chunk);
        matrix = rest;
    }
    if matrix.ncols() > 0 {
        chunks.push(matrix);
    }
    chunks
}

/// Columns of one task among `count`, at most `most`: four tasks or more, of whole registers.
pub(crate) fn task_width(count: usize, most: usize) -> usize {
    (count / 4).next_multiple_of(16).clamp(16, most)
}

/// A sum over `nrows` rows for each of `width` columns: `add` adds what a row contributes. Summed as [`inner`].
pub(crate) fn column_sums(nrows: usize, width: usize, add: impl Fn(usize, &mut [f64]) + Sync) -> Vec<f64> {
    let of_chunk = |chunk: usize| {
        let mut sums = vec![0.0; width];
        (chunk * ROWS..nrows.min((chunk + 1) * ROWS)).for_each(|row| add(row, &mut sums));
        sums
    };
    let parts: Vec<Vec<f64>> = (0..nrows.div_ceil(ROWS)).into_par_iter().map(of_chunk).collect();
    let mut total = vec![0.0; width];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    total
}
