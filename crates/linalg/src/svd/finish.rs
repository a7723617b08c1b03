//! From a basis of the shorter side to both sides: the other vectors, the values, the measured residual, the signs.

use rayon::prelude::*;

use super::triplets::Triplets;
use super::{Solver, Svd, columns, correct, graded};
use crate::dense::Dense;
use crate::operator::{LinearOperator, Transposed};
use crate::product::{self, ROWS};
use crate::scalar::Real;

/// Bytes of a row of the columns that are measured together.
const STRIP: usize = 128;

/// While s_1² / s_k² stays below this, the images of orthonormal eigenvectors of the Gram matrix are orthogonal to
/// about 1e-13 and need only be scaled; what they have of the leading vectors can be taken out, and s_1 then is the next.
const WELL_CONDITIONED: f64 = 1e3;

/// Triplets whose residual is yet to be measured.
pub(super) struct Unmeasured {
    pub(super) triplets: Triplets,
    /// The solver whose result they are.
    pub(super) solver: Solver,
    /// Columns that it multiplied.
    pub(super) columns: usize,
}

impl Unmeasured {
    /// With the residual that they really have, in both directions.
    pub(super) fn measured<A: LinearOperator + ?Sized>(self, a: &A) -> Svd {
        let Triplets { u, s, v } = &self.triplets;
        let backward = differences::<_, f64>(&Transposed(a), u, s, v);
        let (mut svd, _) = self.forward_measured::<A, f64>(a);
        let finite = svd.u.is_finite() && svd.v.is_finite();
        let worst = larger(svd.residual, relative(backward.into_iter().fold(0.0, larger), &svd.s));
        svd.residual = if finite { worst } else { f64::NAN };
        svd
    }

    /// With the residual of the one direction, where `Aᵀ u_j = s_j v_j` to rounding; the second result is that of each.
    fn forward_measured<A: LinearOperator + ?Sized, T: Real>(self, a: &A) -> (Svd, Vec<f64>) {
        let Self { triplets: Triplets { u, s, v }, solver, columns } = self;
        let differences = differences::<A, T>(a, &v, &s, &u);
        let each: Vec<f64> = differences.into_iter().map(|error| relative(error, &s)).collect();
        let residual = each.iter().copied().fold(0.0, larger);
        (Svd { u, s, v, residual, solver, columns }, each)
    }
}

/// The triplets spanned by `q: nrows x k`, orthonormal eigenvectors of `A Aᵀ`.
pub(super) fn from_short_side<A: LinearOperator + ?Sized>(a: &A, q: Dense, solver: Solver, columns: usize) -> Svd {
    let mut w = Dense::zeros(a.ncols(), q.ncols());
    a.apply_transpose(&q, &mut w);
    let norms = columns::norms(&w);
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let smallest = norms.iter().copied().fold(f64::INFINITY, f64::min);
    let unmeasured = |triplets| Unmeasured { triplets, solver, columns };
    if smallest > 0.0 && largest * largest <= WELL_CONDITIONED * smallest * smallest {
        return unmeasured(scaled(q, w)).forward_measured::<A, f64>(a).0;
    }
    let next = norms.get(correct::LEADING).copied().unwrap_or(largest);
    if smallest > 0.0 && next * next <= WELL_CONDITIONED * smallest * smallest && norms.is_sorted_by(|a, b| a >= b) {
        let (mut q, mut w) = (q, w);
        correct::without_leading(&mut q, &mut w);
        return unmeasured(scaled(q, w)).forward_measured::<A, f64>(a).0;
    }
    if !w.is_finite() {
        return Svd { u: q, s: norms, v: w, residual: f64::NAN, solver, columns };
    }
    match graded::triplets(q, w, &norms) {
        Some(triplets) => unmeasured(triplets).measured(a),
        None => {
            let (u, v) = (Dense::zeros(a.nrows(), norms.len()), Dense::zeros(a.ncols(), norms.len()));
            Svd { u, s: norms, v, residual: f64::INFINITY, solver, columns }
        }
    }
}

/// The well-conditioned case, of columns `q_j` of any length: `u_j = q_j / |q_j|`, `v_j = w_j / |w_j|` and
/// `s_j = |w_j| / |q_j|`, so that `Aᵀ u_j = s_j v_j` to rounding.
fn scaled(q: Dense, w: Dense) -> Triplets {
    let lengths = (columns::norms(&q), columns::norms(&w));
    let norms: Vec<f64> = lengths.0.iter().zip(&lengths.1).map(|(q, w)| w / q).collect();
    let (order, signs) = (falling(&norms), columns::signs(&w));
    let unit = |mut matrix: Dense, lengths: &[f64]| {
        let factors: Vec<f64> = order.iter().map(|&at| signs[at] / lengths[at]).collect();
        rearrange(&mut matrix, &order, &factors);
        matrix
    };
    let (u, v) = (unit(q, &lengths.0), unit(w, &lengths.1));
    Triplets { u, s: order.iter().map(|&at| norms[at]).collect(), v }
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
    Unmeasured { triplets: Triplets { u, s, v }, solver, columns }.forward_measured::<A, T>(a)
}

/// Indices by falling norm, ties by rising index.
pub(super) fn falling(norms: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..norms.len()).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]).then(a.cmp(&b)));
    order
}

/// Column `order[j]`, times `factors[j]`, becomes column `j`.
pub(super) fn rearrange(matrix: &mut Dense, order: &[usize], factors: &[f64]) {
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

/// Columns of the strips in which `rank` triplets are measured, in numbers of `precision` bytes.
pub(super) fn strip(rank: usize, precision: usize) -> usize {
    (STRIP / precision).min(rank.next_power_of_two().max(8))
}

/// |A x_j - s_j y_j| of every column; not finite when a number is not.
fn differences<A: LinearOperator + ?Sized, T: Real>(a: &A, x: &Dense, s: &[f64], y: &Dense) -> Vec<f64> {
    let strip = strip(s.len(), size_of::<T>());
    let (mut block, mut image) = (Dense::<T>::zeros(a.ncols(), strip), Dense::<T>::zeros(a.nrows(), strip));
    let mut all = Vec::with_capacity(s.len());
    for start in (0..s.len()).step_by(strip) {
        let used = strip.min(s.len() - start);
        let (from, s) = (x.values().par_chunks(x.ncols()), &s[start..start + used]);
        block.values_mut().par_chunks_mut(strip).zip(from).with_min_len(ROWS).for_each(|(to, from)| {
            to.fill(T::default());
            to.iter_mut().zip(&from[start..start + used]).for_each(|(to, &from)| *to = T::from_f64(from));
        });
        a.apply(&block, &mut image);
        let sums = product::column_sums(a.nrows(), used, |row, sums| {
            let y = &y.row(row)[start..start + used];
            for (((sum, x), y), s) in sums.iter_mut().zip(image.row(row)).zip(y).zip(s) {
                let difference = x.to_f64() - s * y;
                *sum += difference * difference;
            }
        });
        all.extend(sums.into_iter().map(f64::sqrt));
    }
    all
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
