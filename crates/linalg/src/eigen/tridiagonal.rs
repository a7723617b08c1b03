//! Reduction of a symmetric matrix to tridiagonal form by Householder reflections.
//!
//! Dongarra, J. J., Sorensen, D. C. and Hammarling, S. J.: Block reduction of matrices to condensed forms for eigenvalue
//! computations (1989), J. Comput. Appl. Math. 27, section 4: half of the flops are products of the lower triangle with
//! a vector, the other half matrix products.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::symv;
use crate::product::column_chunks;
use crate::scalar::Real;

/// Reflections gathered before the rest of the matrix is updated.
const PANEL: usize = 24;
/// Columns of the rest that are updated together.
const COLUMNS: usize = 64;
/// Below this, squares have lost digits; beside a matrix of entries near one, what they come from is nothing.
const NEGLIGIBLE: f64 = 1e-290;

/// `A = Q T Qᵀ`: a tridiagonal matrix and the reflections that lead to it.
pub(super) struct Tridiagonal<T> {
    pub(super) diagonal: Vec<T>,
    /// The entries below the diagonal.
    pub(super) below: Vec<T>,
    /// Reflection `k` is `1 - v vᵀ / scales_k`, where `v` is zero down to row `k`, one at row `k + 1`, and stands in
    /// column `k` of the reduced matrix below that.
    pub(super) scales: Vec<T>,
}

/// Reduces the lower triangle of `matrix`, which the reflections replace. 4/3 n³ flops.
pub(super) fn reduce<T: Real>(mut matrix: MatMut<'_, T>) -> Tridiagonal<T> {
    let n = matrix.nrows();
    let mut reduced = Tridiagonal { diagonal: vec![], below: vec![], scales: vec![] };
    // Reflections and their images; `[V W]` and, for the update, `[W V]`. Rows are those of the matrix.
    let mut left: Mat<T> = Mat::zeros(n, 2 * PANEL);
    let mut right: Mat<T> = Mat::zeros(n, 2 * PANEL);
    let mut vectors: Mat<T> = Mat::zeros(n, 3);
    for from in (0..n).step_by(PANEL) {
        let width = PANEL.min(n - from);
        left.fill(T::default());
        let panel = Panel {
            matrix: matrix.as_mut(),
            from,
            width,
            left: left.as_mut(),
            vectors: vectors.as_mut(),
            reduced: &mut reduced,
        };
        Arch::new().dispatch(panel);
        let rest = from + width;
        right.as_mut().subcols_mut(0, PANEL).copy_from(left.as_ref().subcols(PANEL, PANEL));
        right.as_mut().subcols_mut(PANEL, PANEL).copy_from(left.as_ref().subcols(0, PANEL));
        let block = matrix.as_mut().submatrix_mut(rest, rest, n - rest, n - rest);
        update(block, left.as_ref().subrows(rest, n - rest), right.as_ref().subrows(rest, n - rest));
    }
    reduced
}

/// The lower triangle of `matrix -= left rightᵀ`, parallel over fixed chunks of columns.
fn update<T: Real>(matrix: MatMut<'_, T>, left: MatRef<'_, T>, right: MatRef<'_, T>) {
    if matrix.ncols() == 0 {
        return;
    }
    let (whole, lower, minus) = (BlockStructure::Rectangular, BlockStructure::TriangularLower, T::from_f64(-1.0));
    column_chunks(matrix, COLUMNS).into_par_iter().with_max_len(1).enumerate().for_each(|(chunk, columns)| {
        let (start, width) = (chunk * COLUMNS, columns.ncols());
        let factor = right.subrows(start, width).transpose();
        let (_, rest) = columns.split_at_row_mut(start);
        let (triangle, below) = rest.split_at_row_mut(width);
        let (upper_rows, lower_rows) = left.split_at_row(start).1.split_at_row(width);
        triangular::matmul(triangle, lower, Accum::Add, upper_rows, whole, factor, whole, minus, Par::Seq);
        matmul(below, Accum::Add, lower_rows, factor, minus, Par::Seq);
    });
}

/// Reduces the columns `from..from + width`, leaving the rest of the matrix as it was.
struct Panel<'a, T> {
    matrix: MatMut<'a, T>,
    from: usize,
    width: usize,
    left: MatMut<'a, T>,
    vectors: MatMut<'a, T>,
    reduced: &'a mut Tridiagonal<T>,
}

impl<T: Real> WithSimd for Panel<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let n = self.matrix.nrows();
        let one = T::from_f64(1.0);
        for i in 0..self.width {
            let k = self.from + i;
            // The column as the reflections of this panel leave it.
            let (before, mut rest) = self.left.as_mut().split_at_col_mut(PANEL);
            let (v_before, w_before) = (before.as_ref().subcols(0, i), rest.as_ref().subcols(0, i));
            let column = slice_mut(self.matrix.as_mut(), k);
            for c in 0..i {
                let (v, w) = (slice(v_before, c), slice(w_before, c));
                subtract(simd, &mut column[k..], &v[k..], w[k], &w[k..], v[k]);
            }
            self.reduced.diagonal.push(column[k]);
            if k + 1 == n {
                return;
            }
            let first = k + 1;
            let (below, scale) = reflection(&mut column[first..]);
            self.reduced.below.push(below);
            self.reduced.scales.push(scale);

            let (x, rest_of_vectors) = self.vectors.as_mut().split_at_col_mut(1);
            let (y, work) = rest_of_vectors.split_at_col_mut(1);
            let (x, y, work) = (slice_mut(x, 0), slice_mut(y, 0), slice_mut(work, 0));
            x[..first].fill(T::default());
            x[first] = one;
            x[first + 1..].copy_from_slice(&column[first + 1..]);
            column[first] = below;

            let mut products = [(T::default(), T::default()); PANEL];
            let beside = Dots { v: v_before, w: w_before, x, first, products: &mut products };
            symv::multiply(simd, self.matrix.as_ref(), first, x, y, work, beside);
            for (c, &(vx, wx)) in products[..i].iter().enumerate() {
                let (v, w) = (slice(v_before, c), slice(w_before, c));
                subtract(simd, &mut y[first..], &v[first..], wx, &w[first..], vx);
            }
            let inverse = one / scale;
            for y in &mut y[first..] {
                *y *= inverse;
            }
            let (half, _) = dots(simd, &x[first..], &x[first..], &y[first..]);
            let shift = half * inverse * T::from_f64(0.5);
            let v = slice_mut(before, i);
            v[first..].copy_from_slice(&x[first..]);
            let w = slice_mut(rest.as_mut(), i);
            for ((w, &y), &x) in w[first..].iter_mut().zip(&y[first..]).zip(&x[first..]) {
                *w = y - shift * x;
            }
        }
    }
}

/// The products of a vector with the reflections of a panel and their images, from a row on.
struct Dots<'a, T> {
    v: MatRef<'a, T>,
    w: MatRef<'a, T>,
    x: &'a [T],
    first: usize,
    products: &'a mut [(T, T)],
}

impl<T: Real> WithSimd for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { v, w, x, first, products } = self;
        for (c, products) in products.iter_mut().enumerate().take(v.ncols()) {
            *products = dots(simd, &slice(v, c)[first..], &slice(w, c)[first..], &x[first..]);
        }
    }
}

/// Makes the tail of `x` that of the vector `v`, `v_0 = 1`, whose reflection `1 - v vᵀ / scale` takes `x` to a multiple of
/// the first unit vector; returns that multiple and the scale, infinite when there is nothing to reflect.
///
/// In double precision, where the squares of single precision neither overflow nor vanish.
#[inline(always)]
fn reflection<T: Real>(x: &mut [T]) -> (T, T) {
    let (head, tail) = (x[0].to_f64(), &mut x[1..]);
    // Eight sums: the conversion is a vector's, and no addition waits for the one before it.
    let mut sums = [0f64; 8];
    let (chunks, rest) = tail.as_chunks::<8>();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            let x = x.to_f64();
            *sum = x.mul_add(x, *sum);
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum = x.to_f64().mul_add(x.to_f64(), *sum);
    }
    let squares: f64 = sums.iter().sum();
    if squares < NEGLIGIBLE {
        tail.fill(T::default());
        return (x[0], T::from_f64(f64::INFINITY));
    }
    let norm = head.hypot(squares.sqrt()).copysign(head);
    let inverse = 1.0 / (head + norm);
    for x in tail {
        *x = T::from_f64(x.to_f64() * inverse);
    }
    (T::from_f64(-norm), T::from_f64(0.5 * (1.0 + squares * inverse * inverse)))
}

/// `y -= a v + b w`.
#[inline(always)]
fn subtract<T: Real, S: Simd>(simd: S, y: &mut [T], v: &[T], a: T, w: &[T], b: T) {
    let (a, b) = (-a, -b);
    let ((v, v_rest), (w, w_rest)) = (T::registers(simd, v), T::registers(simd, w));
    let (y, y_rest) = T::registers_mut(simd, y);
    let (a_lanes, b_lanes) = (T::splat(simd, a), T::splat(simd, b));
    for ((y, &v), &w) in y.iter_mut().zip(v).zip(w) {
        *y = T::fuse(simd, v, a_lanes, T::fuse(simd, w, b_lanes, *y));
    }
    for ((y, &v), &w) in y_rest.iter_mut().zip(v_rest).zip(w_rest) {
        *y = v.fused(a, w.fused(b, *y));
    }
}

/// `(v x, w x)`.
#[inline(always)]
fn dots<T: Real, S: Simd>(simd: S, v: &[T], w: &[T], x: &[T]) -> (T, T) {
    let ((v, v_rest), (w, w_rest)) = (T::registers(simd, v), T::registers(simd, w));
    let (x, x_rest) = T::registers(simd, x);
    // Even and odd registers have sums of their own, so that an addition need not wait for the one before it.
    let mut sums = [T::splat(simd, T::default()); 4];
    let ((v, v_last), (w, w_last), (x, x_last)) = (v.as_chunks::<2>(), w.as_chunks::<2>(), x.as_chunks::<2>());
    for ((v, w), x) in v.iter().zip(w).zip(x) {
        sums = [
            T::fuse(simd, v[0], x[0], sums[0]),
            T::fuse(simd, v[1], x[1], sums[1]),
            T::fuse(simd, w[0], x[0], sums[2]),
            T::fuse(simd, w[1], x[1], sums[3]),
        ];
    }
    for ((&v, &w), &x) in v_last.iter().zip(w_last).zip(x_last) {
        (sums[0], sums[2]) = (T::fuse(simd, v, x, sums[0]), T::fuse(simd, w, x, sums[2]));
    }
    let total = |at: usize| T::total(simd, sums[at]);
    let (mut vx, mut wx) = (total(0) + total(1), total(2) + total(3));
    for ((&v, &w), &x) in v_rest.iter().zip(w_rest).zip(x_rest) {
        (vx, wx) = (v.fused(x, vx), w.fused(x, wx));
    }
    (vx, wx)
}

/// A column of a matrix that is stored by columns.
#[inline(always)]
fn slice<T>(matrix: MatRef<'_, T>, column: usize) -> &[T] {
    matrix.col(column).try_as_col_major().map_or(&[], |column| column.as_slice())
}

/// A column of a matrix that is stored by columns, to write.
#[inline(always)]
fn slice_mut<T>(matrix: MatMut<'_, T>, column: usize) -> &mut [T] {
    matrix.col_mut(column).try_as_col_major_mut().map_or(&mut [], |column| column.as_slice_mut())
}
