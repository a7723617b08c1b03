//! A symmetric matrix times a vector, reading every entry of the lower triangle once.

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
    // Column by column up to a multiple of what is taken together, and at the end.
    let mut j = from;
    while j < n {
        if j.is_multiple_of(COLUMNS) && j + COLUMNS <= n {
            several(simd, [column(j), column(j + 1), column(j + 2), column(j + 3)], j, x, y);
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

#[inline(always)]
fn several<T: Real, S: Simd>(simd: S, columns: [&[T]; COLUMNS], j: usize, x: &[T], y: &mut [T]) {
    let n = x.len();
    let mut dots = [T::default(); COLUMNS];
    // The triangle, and the rows up to a full register.
    let lanes = size_of::<T::Register<S>>() / size_of::<T>();
    let aligned = (j + COLUMNS).next_multiple_of(lanes).min(n);
    for (c, column) in columns.iter().enumerate() {
        let factor = x[j + c];
        dots[c] = column[j + c] * factor;
        for i in j + c + 1..aligned {
            y[i] = column[i].fused(factor, y[i]);
            dots[c] = column[i].fused(x[i], dots[c]);
        }
    }
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] =
        columns.map(|column| T::registers(simd, &column[aligned..]));
    let (xs, x_rest) = T::registers(simd, &x[aligned..]);
    let (ys, y_rest) = T::registers_mut(simd, &mut y[aligned..]);
    let factors = [0, 1, 2, 3].map(|c| T::splat(simd, x[j + c]));
    let mut sums = [T::splat(simd, T::default()); COLUMNS];
    for (((((&a, &b), &c), &d), &x), y) in a.iter().zip(b).zip(c).zip(d).zip(xs).zip(ys) {
        let first = T::fuse(simd, b, factors[1], T::fuse(simd, a, factors[0], *y));
        *y = T::fuse(simd, d, factors[3], T::fuse(simd, c, factors[2], first));
        sums = [
            T::fuse(simd, a, x, sums[0]),
            T::fuse(simd, b, x, sums[1]),
            T::fuse(simd, c, x, sums[2]),
            T::fuse(simd, d, x, sums[3]),
        ];
    }
    for (c, (rest, sum)) in [a_rest, b_rest, c_rest, d_rest].into_iter().zip(sums).enumerate() {
        for ((&a, &x_at), y) in rest.iter().zip(x_rest).zip(&mut *y_rest) {
            *y = a.fused(x[j + c], *y);
            dots[c] = a.fused(x_at, dots[c]);
        }
        dots[c] += T::total(simd, sum);
    }
    for (c, &dot) in dots.iter().enumerate() {
        y[j + c] += dot;
    }
}
