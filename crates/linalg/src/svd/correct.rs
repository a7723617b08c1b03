//! Corrections in double precision of singular vectors found in single.

use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, Par};

use crate::basis::cholesky_factor;
use crate::dense::Dense;
use crate::eigen;
use crate::product;

/// Neighbouring vectors that are corrected together.
const WINDOW: usize = 64;
/// The vectors that have most of the operator's norm.
const LEADING: usize = 16;

/// Improves `u: n x k`, nearly the leading left singular vectors in falling order, and with it the image `w = Aᵀ u`.
///
/// An error `e` of `u_j` along `u_i` moves `s_j²` by e² (s_i² - s_j²), and is felt in the residual as e (s_i² - s_j²) / s_j:
/// what counts are large `s_i` for the residual, and for the values those that are close, where `e` can be of any size.
/// So the leading vectors are taken out of all others, and Rayleigh-Ritz is done on windows of neighbours, overlapping by
/// half. O((n + n') k) for sides `n` and `n'`. `None` when the columns are not nearly orthonormal.
pub(super) fn improve(u: &mut Dense, w: &mut Dense) -> Option<()> {
    let rank = u.ncols();
    if rank <= 2 * WINDOW {
        return rayleigh_ritz(u, w, 0, rank);
    }
    rayleigh_ritz(u, w, 0, LEADING)?;
    without_leading(u, w);
    for offset in [0, WINDOW / 2] {
        for start in (offset..rank).step_by(WINDOW) {
            rayleigh_ritz(u, w, start, WINDOW.min(rank - start))?;
        }
    }
    Some(())
}

/// Makes `width` columns from `start` of `u` orthonormal, and their images in `w = Aᵀ u` orthogonal and falling.
fn rayleigh_ritz(u: &mut Dense, w: &mut Dense, start: usize, width: usize) -> Option<()> {
    let (columns, images) = (u.view().subcols(start, width), w.view().subcols(start, width));
    // With UᵀU = L Lᵀ, the eigenvectors of L⁻¹ WᵀW L⁻ᵀ.
    let lower = cholesky_factor(product::inner(columns, columns))?;
    let mut projected = product::inner(images, images);
    solve_lower_triangular_in_place(lower.as_ref(), projected.as_mut(), Par::Seq);
    let mut projected = projected.transpose().to_owned();
    solve_lower_triangular_in_place(lower.as_ref(), projected.as_mut(), Par::Seq);
    let mut turn: Mat<f64> = eigen::largest(projected, width).ok()?.vectors;
    solve_upper_triangular_in_place(lower.transpose(), turn.as_mut(), Par::Seq);
    for side in [u, w] {
        let turned = product::multiply(side.view().subcols(start, width), turn.as_ref());
        side.view_mut().subcols_mut(start, width).copy_from(turned.view());
    }
    Some(())
}

/// Removes from all other columns their part along the leading ones, whose images are orthogonal already.
fn without_leading(u: &mut Dense, w: &mut Dense) {
    let others = u.ncols() - LEADING;
    let leading = w.view().subcols(0, LEADING);
    let mut share = product::inner(leading, w.view().subcols(LEADING, others));
    for at in 0..LEADING {
        let square = leading.col(at).squared_norm_l2();
        share.row_mut(at).iter_mut().for_each(|share| *share /= square);
    }
    for side in [u, w] {
        let part = product::multiply(side.view().subcols(0, LEADING), share.as_ref());
        let mut rest = side.view_mut().subcols_mut(LEADING, others);
        rest -= part.view();
    }
}
