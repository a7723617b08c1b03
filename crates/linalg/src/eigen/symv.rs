//! A symmetric matrix times a vector, reading every entry of the lower triangle once.

use std::ops::Range;

use faer::MatRef;
use pulp::Simd;

use crate::scalar::Real;

/// Columns taken together: enough that the arithmetic and not the loads of `x` and `y` fill the time.
const COLUMNS: usize = 4;

/// `y = A x` for the rows and columns `from..` of `A`, given by its lower triangle.
///
/// All vectors are indexed by rows of the whole matrix, so that loads are aligned. To be called from within a dispatch.
#[inline(always)]
pub(super) fn multiply<T: Real, S: Simd>(simd: S, matrix: MatRef<'_, T>, from: usize, x: &[T], y: &mut [T]) {
    let n = matrix.nrows();
    y[from..].fill(T::default());
    let column = |j: usize| matrix.col(j).try_as_col_major().map_or(&[][..], |column| column.as_slice());
    let lanes = size_of::<T::Register<S>>() / size_of::<T>();
    let mut j = from;
    while j < n {
        // Together where the columns start at a multiple of their number, and whole registers hold their triangle.
        let head = j - j % lanes..(j + COLUMNS).next_multiple_of(lanes);
        if j.is_multiple_of(COLUMNS) && head.end <= n {
            several(simd, [column(j), column(j + 1), column(j + 2), column(j + 3)], j, head, x, y);
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
    let mut terms: Terms<T, S> = Terms {
        simd,
        factors: [0, 1, 2, 3].map(|c| T::splat(simd, x[j + c])),
        sums: [T::splat(simd, T::default()); COLUMNS],
    };
    let lanes = size_of::<T::Register<S>>() / size_of::<T>();
    for (start, (x, y)) in head
        .clone()
        .step_by(lanes)
        .zip(T::registers(simd, &x[head.clone()]).0.iter().zip(T::registers_mut(simd, &mut y[head.clone()]).0))
    {
        let below = |c: usize| {
            let entries = T::partial(simd, &columns[c][start..start + lanes]);
            T::from_lane(simd, entries, (j + c + 1).saturating_sub(start).min(lanes))
        };
        *y = terms.add([below(0), below(1), below(2), below(3)], *x, *y);
    }
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] =
        columns.map(|column| T::registers(simd, &column[head.end..]));
    let (xs, x_rest) = T::registers(simd, &x[head.end..]);
    let (ys, y_rest) = T::registers_mut(simd, &mut y[head.end..]);
    for (((((&a, &b), &c), &d), &x), y) in a.iter().zip(b).zip(c).zip(d).zip(xs).zip(ys) {
        *y = terms.add([a, b, c, d], x, *y);
    }
    if !y_rest.is_empty() {
        let rest = [a_rest, b_rest, c_rest, d_rest].map(|rest| T::partial(simd, rest));
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
    fn add(&mut self, [a, b, c, d]: [T::Register<S>; COLUMNS], x: T::Register<S>, y: T::Register<S>) -> T::Register<S> {
        let (simd, [p, q, r, s], sums) = (self.simd, self.factors, self.sums);
        self.sums = [
            T::fuse(simd, a, x, sums[0]),
            T::fuse(simd, b, x, sums[1]),
            T::fuse(simd, c, x, sums[2]),
            T::fuse(simd, d, x, sums[3]),
        ];
        T::fuse(simd, d, s, T::fuse(simd, c, r, T::fuse(simd, b, q, T::fuse(simd, a, p, y))))
    }
}
