//! A symmetric matrix times a vector, reading every entry of the lower triangle once.

use std::ops::Range;

use faer::MatRef;
use pulp::{Simd, WithSimd};

use crate::scalar::Real;

/// Columns taken together: enough that the arithmetic and not the loads of `x` and `y` fill the time.
const COLUMNS: usize = 4;

/// Rows from which the columns are split in two strips, each with a thread of its own where there are two.
const SPLIT: usize = 320;

/// `y = A x` for the rows and columns `from..` of `A`, given by its lower triangle.
///
/// All vectors are indexed by rows of the whole matrix, so that loads are aligned. `work` is as long as `y`; what it holds
/// does not matter. `beside` is work that needs none of the result, for the thread that has less to do.
#[inline(always)]
pub(super) fn multiply<T: Real, S: Simd>(
    simd: S,
    matrix: MatRef<'_, T>,
    from: usize,
    x: &[T],
    y: &mut [T],
    work: &mut [T],
    beside: impl WithSimd<Output = ()> + Send,
) {
    let n = matrix.nrows();
    if n - from < SPLIT {
        strip(simd, matrix, from..n, x, y);
        simd.vectorize(beside);
        return;
    }
    // Half of the triangle's area is left of this.
    let middle = from + (n - from) * 3 / 10;
    rayon::join(
        || simd.vectorize(Strip { matrix, columns: from..middle, x, y }),
        || {
            simd.vectorize(Strip { matrix, columns: middle..n, x, y: work });
            simd.vectorize(beside);
        },
    );
    for (y, &work) in y[middle..].iter_mut().zip(&work[middle..]) {
        *y += work;
    }
}

/// The contribution of some columns of the lower triangle, and of the rows that mirror them.
struct Strip<'a, T> {
    matrix: MatRef<'a, T>,
    columns: Range<usize>,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> WithSimd for Strip<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        strip(simd, self.matrix, self.columns, self.x, self.y);
    }
}

#[inline(always)]
fn strip<T: Real, S: Simd>(simd: S, matrix: MatRef<'_, T>, columns: Range<usize>, x: &[T], y: &mut [T]) {
    let n = matrix.nrows();
    y[columns.start..].fill(T::default());
    let column = |j: usize| matrix.col(j).try_as_col_major().map_or(&[][..], |column| column.as_slice());
    let lanes = T::lanes::<S>();
    let mut j = columns.start;
    while j < columns.end {
        // Together where the columns start at a multiple of their number, and whole registers hold their triangle.
        let head = j - j % lanes..(j + COLUMNS).next_multiple_of(lanes);
        if j.is_multiple_of(COLUMNS) && j + COLUMNS <= columns.end && head.end <= n {
            several(simd, std::array::from_fn(|c| column(j + c)), j, head, x, y);
            j += COLUMNS;
        } else {
            single(column(j), j, x, y);
            j += 1;
        }
    }
}

#[inline(always)]
fn single<T: Real>(a: &[T], j: usize, x: &[T], y: &mut [T]) {
    let factor = x[j];
    let mut dot = a[j] * factor;
    for ((&a, &x), y) in a[j + 1..].iter().zip(&x[j + 1..]).zip(&mut y[j + 1..]) {
        *y = a.fused(factor, *y);
        dot = a.fused(x, dot);
    }
    y[j] += dot;
}

/// The terms of four columns; the registers of the rows `head` hold some that are above the diagonal.
#[inline(always)]
fn several<T: Real, S: Simd>(simd: S, columns: [&[T]; COLUMNS], j: usize, head: Range<usize>, x: &[T], y: &mut [T]) {
    let zero = T::splat(simd, T::default());
    let mut terms: Terms<T, S> = Terms { simd, factors: [zero; COLUMNS], sums: [zero; COLUMNS] };
    // Loops: a closure handed to the array would be a function without the vector instructions.
    for (factor, &x) in terms.factors.iter_mut().zip(&x[j..]) {
        *factor = T::splat(simd, x);
    }
    let lanes = T::lanes::<S>();
    let (x_head, _) = T::registers(simd, &x[head.clone()]);
    let (y_head, _) = T::registers_mut(simd, &mut y[head.clone()]);
    for (start, (x, y)) in head.clone().step_by(lanes).zip(x_head.iter().zip(y_head)) {
        let mut below = [zero; COLUMNS];
        for (c, (below, column)) in below.iter_mut().zip(columns).enumerate() {
            let entries = T::partial(simd, &column[start..start + lanes]);
            *below = T::from_lane(simd, entries, (j + c + 1).saturating_sub(start).min(lanes));
        }
        *y = terms.add(below, *x, *y);
    }
    let (xs, x_rest) = T::registers(simd, &x[head.end..]);
    let (ys, y_rest) = T::registers_mut(simd, &mut y[head.end..]);
    let mut registers: [&[T::Register<S>]; COLUMNS] = [&[]; COLUMNS];
    let mut rest = [zero; COLUMNS];
    for ((registers, rest), column) in registers.iter_mut().zip(&mut rest).zip(columns) {
        let (whole, partial) = T::registers(simd, &column[head.end..]);
        *registers = &whole[..xs.len()];
        *rest = T::partial(simd, partial);
    }
    for (at, (&x, y)) in xs.iter().zip(ys).enumerate() {
        *y = terms.add([registers[0][at], registers[1][at], registers[2][at], registers[3][at]], x, *y);
    }
    if !y_rest.is_empty() {
        let sum = terms.add(rest, T::partial(simd, x_rest), T::partial(simd, y_rest));
        T::write_partial(simd, y_rest, sum);
    }
    for (c, (column, sum)) in columns.into_iter().zip(terms.sums).enumerate() {
        y[j + c] += column[j + c].fused(x[j + c], T::total(simd, sum));
    }
}

/// What runs through the rows of four columns.
struct Terms<T: Real, S: Simd> {
    simd: S,
    /// The entries of `x` that belong to the columns.
    factors: [T::Register<S>; COLUMNS],
    /// The entries of `y` that belong to the columns, lane by lane.
    sums: [T::Register<S>; COLUMNS],
}

impl<T: Real, S: Simd> Terms<T, S> {
    /// Takes in a register of rows of every column, and returns what becomes of these rows of `y`.
    #[inline(always)]
    fn add(&mut self, columns: [T::Register<S>; COLUMNS], x: T::Register<S>, mut y: T::Register<S>) -> T::Register<S> {
        for ((&column, sum), &factor) in columns.iter().zip(&mut self.sums).zip(&self.factors) {
            *sum = T::fuse(self.simd, column, x, *sum);
            y = T::fuse(self.simd, column, factor, y);
        }
        y
    }
}
