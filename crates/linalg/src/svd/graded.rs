//! Triplets from eigenvectors of the Gram matrix whose images differ in length by orders of magnitude.

use super::columns;
use super::finish::{falling, rearrange};
use super::thin::thin;
use super::triplets::Triplets;
use crate::basis::{cholesky_qr_leading, normalize};
use crate::dense::Dense;
use crate::product;
use crate::random::RandomBlocks;

/// The smallest part of the longest image that is repaired by one triangular factor: eps / RESOLVED² is 2e-6, so that the
/// factor is safe, and eps / RESOLVED, 2e-11 of the largest value, is what is left in the residual.
const RESOLVED: f64 = 1e-5;
/// Directions of images below this part of the longest are made orthogonal to the others once more.
const CLEAN: f64 = 1e-7;
/// What is left of a direction that it has of its own.
const OWN: f64 = 0.5;

/// The triplets of orthonormal `q: nrows x k`, nearly eigenvectors of `A Aᵀ`, and `w = Aᵀ q` with columns of these `norms`.
///
/// Scaled images are orthogonal up to rounding errors `e = eps s_1² / (s_i s_j)`. The long ones are repaired by one
/// triangular factor, `W D⁻¹ = V R` by Cholesky: what `R` has off its diagonal, `e`, is left in the residual as `e s_j`, and
/// the values are right to `e`, mostly to its square. The rest of the others is decomposed by orthogonal transformations
/// (`W = V S Zᵀ`), so that small and zero values keep orthonormal vectors. In place; besides, about six matrices of the
/// shape of the short images and one of `k x k`. `None` when a decomposition fails.
pub(super) fn triplets(mut q: Dense, mut w: Dense, norms: &[f64]) -> Option<Triplets> {
    let (rank, order) = (norms.len(), falling(norms));
    let first = norms[order[0]];
    let long = order.iter().take_while(|&&at| norms[at] > RESOLVED * first).count();
    let factor = |to: usize| if to < long { 1.0 / norms[order[to]] } else { 1.0 };
    rearrange(&mut q, &order, &vec![1.0; rank]);
    rearrange(&mut w, &order, &(0..rank).map(factor).collect::<Vec<_>>());
    let mut s = vec![0.0; rank];
    if long > 0 {
        let r = cholesky_qr_leading(&mut w, long)?;
        (0..long).for_each(|at| s[at] = norms[order[at]] * r[(at, at)]);
    }
    if long < rank {
        decompose_rest(&mut q, &mut s, &mut w, long)?;
    }
    let (order, signs) = (falling(&s), columns::signs(&w));
    let factors: Vec<f64> = order.iter().map(|&at| signs[at]).collect();
    rearrange(&mut q, &order, &factors);
    rearrange(&mut w, &order, &factors);
    s = order.iter().map(|&at| s[at]).collect();
    Some(Triplets { u: q, s, v: w })
}

/// Decomposes the columns of `w` from `long` on, without what they have of those before, which are orthonormal.
fn decompose_rest(q: &mut Dense, s: &mut [f64], w: &mut Dense, long: usize) -> Option<()> {
    let (rank, first) = (s.len(), s[0]);
    let mut rest = Dense::copied(w.view().subcols(long, rank - long));
    project_out(&mut rest, w, long);
    let (v, values, z) = thin(rest.view())?;
    let first = first.max(values[0]);
    drop(rest);
    let u = product::multiply(q.view().subcols(long, rank - long), z.as_ref());
    q.fill_columns(long, u.view());
    w.fill_columns(long, v.as_ref());
    s[long..].copy_from_slice(&values);
    let mut random = RandomBlocks::new(0);
    for at in (long..rank).filter(|&at| values[at - long] <= CLEAN * first) {
        let mut column = Dense::copied(w.view().subcols(at, 1));
        project_out(&mut column, w, at);
        if column.view().norm_l2() < OWN {
            column = random.block(w.nrows(), 1);
            normalize(&mut column);
            project_out(&mut column, w, at);
        }
        normalize(&mut column);
        project_out(&mut column, w, at);
        normalize(&mut column);
        w.fill_columns(at, column.view());
    }
    Some(())
}

/// Takes what `x` has of the first `count` columns of `w` out of it, twice.
fn project_out(x: &mut Dense, w: &Dense, count: usize) {
    let before = w.view().subcols(0, count);
    for _ in 0..2 {
        let coefficients = product::inner(before, x.view());
        product::subtract(x, before, coefficients.as_ref());
    }
}
