//! From a basis of the shorter side to both sides: the other vectors, the values, the measured residual, the signs.

use rayon::prelude::*;

use super::thin::thin;
use super::triplets::Triplets;
use super::{Solver, Svd, columns, correct};
use crate::basis::cholesky_qr;
use crate::dense::Dense;
use crate::operator::LinearOperator;
use crate::product::{self, ROWS};
use crate::scalar::Real;

/// Bytes of a row of the columns that are measured together.
const STRIP: usize = 128;

/// While s_1² / s_k² stays below this, the images of orthonormal eigenvectors of the Gram matrix are orthogonal to
/// about 1e-13 and need only be scaled; what they have of the leading vectors can be taken out, and s_1 then is the next.
const WELL_CONDITIONED: f64 = 1e3;

/// While s_1² / s_k² stays below this, one orthogonalisation repairs them and values stay right to 1e-10.
const CORRECTABLE: f64 = 1e5;

/// The triplets spanned by `q: nrows x k`, orthonormal eigenvectors of `A Aᵀ`.
pub(super) fn from_short_side<A: LinearOperator + ?Sized>(a: &A, q: Dense, solver: Solver, columns: usize) -> Svd {
    let mut w = Dense::zeros(a.ncols(), q.ncols());
    a.apply_transpose(&q, &mut w);
    let norms = columns::norms(&w);
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let smallest = norms.iter().copied().fold(f64::INFINITY, f64::min);
    if smallest > 0.0 && largest * largest <= WELL_CONDITIONED * smallest * smallest {
        return scaled(a, q, w, solver, columns);
    }
    let next = norms.get(correct::LEADING).copied().unwrap_or(largest);
    if smallest > 0.0 && next * next <= WELL_CONDITIONED * smallest * smallest && norms.is_sorted_by(|a, b| a >= b) {
        let (mut q, mut w) = (q, w);
        correct::without_leading(&mut q, &mut w);
        return scaled(a, q, w, solver, columns);
    }
    if smallest > 0.0
        && largest * largest <= CORRECTABLE * smallest * smallest
        && let Some(svd) = corrected(a, &q, &w, &norms, solver, columns)
    {
        return svd;
    }
    // W = V S Zᵀ, from orthogonal transformations of W itself: small and zero values keep orthonormal vectors.
    let Some((v, s, z)) = thin(w.view()) else {
        let (u, v) = (Dense::zeros(q.nrows(), q.ncols()), w);
        return Svd { u, s: norms, v, residual: f64::INFINITY, solver, columns };
    };
    let u = product::multiply(q.view(), z.as_ref());
    measured(a, u, s, Dense::copied(v.as_ref()), solver, columns)
}

/// The well-conditioned case, of columns `q_j` of any length: `u_j = q_j / |q_j|`, `v_j = w_j / |w_j|` and
/// `s_j = |w_j| / |q_j|`, so that `Aᵀ u_j = s_j v_j` to rounding. The other half of the residual is measured.
fn scaled<A: LinearOperator + ?Sized>(a: &A, q: Dense, w: Dense, solver: Solver, columns: usize) -> Svd {
    let lengths = (columns::norms(&q), columns::norms(&w));
    let norms: Vec<f64> = lengths.0.iter().zip(&lengths.1).map(|(q, w)| w / q).collect();
    let (order, signs) = (falling(&norms), columns::signs(&w));
    let unit = |mut matrix: Dense, lengths: &[f64]| {
        let factors: Vec<f64> = order.iter().map(|&at| signs[at] / lengths[at]).collect();
        rearrange(&mut matrix, &order, &factors);
        matrix
    };
    let (u, v) = (unit(q, &lengths.0), unit(w, &lengths.1));
    let s = order.iter().map(|&at| norms[at]).collect();
    let mut svd = Svd { u, s, v, residual: 0.0, solver, columns };
    let worst = forward_differences::<A, f64>(a, &svd).into_iter().fold(0.0, larger);
    svd.residual = relative(worst, &svd.s);
    svd
}

/// Puts triplets in order and measures the other half of their residual with products in precision `T`; single moves it
/// by 1e-7 at most. The second result is the residual of each.
pub(super) fn from_triplets<A: LinearOperator + ?Sized, T: Real>(
    a: &A,
    triplets: Triplets,
    solver: Solver,
    columns: usize,
) -> (Svd, Vec<f64>) {
    let Triplets { mut u, mut s, mut v } = triplets;
    if !s.is_sorted_by(|a, b| a >= b) {
        let (order, ones) = (falling(&s), vec![1.0; s.len()]);
        rearrange(&mut u, &order, &ones);
        rearrange(&mut v, &order, &ones);
        s = order.iter().map(|&at| s[at]).collect();
    }
    let mut svd = Svd { u, s, v, residual: 0.0, solver, columns };
    let each: Vec<f64> =
        forward_differences::<A, T>(a, &svd).into_iter().map(|error| relative(error, &svd.s)).collect();
    svd.residual = each.iter().copied().fold(0.0, larger);
    (svd, each)
}

/// The middle case: the scaled images are orthogonal up to rounding errors of size `e = eps s_1² / (s_i s_j)`.
///
/// One triangular factor repairs them: `W D⁻¹ = V R` by Cholesky. What `R` has off its diagonal, `e`, is left in the
/// residual as `e s_j`, below eps s_1² / s_k; the values are right to `e`, mostly to its square.
fn corrected<A: LinearOperator + ?Sized>(
    a: &A,
    q: &Dense,
    w: &Dense,
    norms: &[f64],
    solver: Solver,
    columns: usize,
) -> Option<Svd> {
    let order = falling(norms);
    let reciprocals: Vec<f64> = order.iter().map(|&at| 1.0 / norms[at]).collect();
    let ones = vec![1.0; order.len()];
    let (mut u, mut back, mut v) = (q.clone(), w.clone(), w.clone());
    rearrange(&mut u, &order, &ones);
    rearrange(&mut back, &order, &ones);
    rearrange(&mut v, &order, &reciprocals);
    let r = cholesky_qr(&mut v)?;
    let s: Vec<f64> = order.iter().enumerate().map(|(at, &from)| norms[from] * r[(at, at)]).collect();
    let falls = s.is_sorted_by(|a, b| a >= b);
    falls.then(|| with_image(a, Svd { u, s, v, residual: 0.0, solver, columns }, &back))
}

/// Indices by falling norm, ties by rising index.
fn falling(norms: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..norms.len()).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]).then(a.cmp(&b)));
    order
}

/// Column `order[j]`, times `factors[j]`, becomes column `j`.
fn rearrange(matrix: &mut Dense, order: &[usize], factors: &[f64]) {
    let width = matrix.ncols();
    matrix.values_mut().par_chunks_mut(ROWS * width).for_each(|rows| {
        let mut before = vec![0.0; width];
        for row in rows.chunks_exact_mut(width) {
            before.copy_from_slice(row);
            for ((to, &from), &factor) in row.iter_mut().zip(order).zip(factors) {
                *to = before[from] * factor;
            }
        }
    });
}

/// Wraps the triplets up with the residual that they really have.
pub(super) fn measured<A: LinearOperator + ?Sized>(
    a: &A,
    u: Dense,
    s: Vec<f64>,
    v: Dense,
    solver: Solver,
    columns: usize,
) -> Svd {
    let mut back = Dense::zeros(a.ncols(), s.len());
    a.apply_transpose(&u, &mut back);
    with_image(a, Svd { u, s, v, residual: 0.0, solver, columns }, &back)
}

/// Fills in the residual; `back` is `Aᵀ U`, computed with the operator.
fn with_image<A: LinearOperator + ?Sized>(a: &A, mut svd: Svd, back: &Dense) -> Svd {
    let forward = forward_differences::<A, f64>(a, &svd).into_iter().fold(0.0, larger);
    let worst = larger(forward, largest_difference(back, &svd.v, &svd.s));
    let finite = svd.u.is_finite() && svd.v.is_finite();
    svd.residual = if finite { relative(worst, &svd.s) } else { f64::NAN };
    let (signs, order): (_, Vec<usize>) = (columns::signs(&svd.v), (0..svd.s.len()).collect());
    rearrange(&mut svd.u, &order, &signs);
    rearrange(&mut svd.v, &order, &signs);
    svd
}

/// |A v_j - s_j u_j| of every triplet; not finite when a number is not.
fn forward_differences<A: LinearOperator + ?Sized, T: Real>(a: &A, svd: &Svd) -> Vec<f64> {
    let strip = (STRIP / size_of::<T>()).min(svd.s.len().next_power_of_two().max(8));
    let (mut v, mut image) = (Dense::<T>::zeros(a.ncols(), strip), Dense::<T>::zeros(a.nrows(), strip));
    let mut all = Vec::with_capacity(svd.s.len());
    for start in (0..svd.s.len()).step_by(strip) {
        let used = strip.min(svd.s.len() - start);
        let (from, s) = (svd.v.values().par_chunks(svd.v.ncols()), &svd.s[start..start + used]);
        v.values_mut().par_chunks_mut(strip).zip(from).with_min_len(ROWS).for_each(|(to, from)| {
            to.fill(T::default());
            to.iter_mut().zip(&from[start..start + used]).for_each(|(to, &from)| *to = T::from_f64(from));
        });
        a.apply(&v, &mut image);
        let sums = product::column_sums(a.nrows(), used, |row, sums| {
            let u = &svd.u.row(row)[start..start + used];
            for (((sum, x), u), s) in sums.iter_mut().zip(image.row(row)).zip(u).zip(s) {
                let difference = x.to_f64() - s * u;
                *sum += difference * difference;
            }
        });
        all.extend(sums.into_iter().map(f64::sqrt));
    }
    all
}

/// max_j |x_j - s_j y_j|; NaN when a number is not finite.
fn largest_difference(x: &Dense, y: &Dense, s: &[f64]) -> f64 {
    let sums = product::column_sums(x.nrows(), s.len(), |row, sums| {
        for (((sum, x), y), s) in sums.iter_mut().zip(x.row(row)).zip(y.row(row)).zip(s) {
            let difference = x - s * y;
            *sum += difference * difference;
        }
    });
    sums.into_iter().fold(0.0, larger).sqrt()
}

/// The larger of two numbers, NaN when one of them is not finite.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_finite() && b.is_finite() { a.max(b) } else { f64::NAN }
}

/// An error as a part of the largest singular value, while there is one.
fn relative(error: f64, s: &[f64]) -> f64 {
    let first = s.iter().copied().fold(0.0, larger);
    if first == 0.0 { error } else { error / first }
}
