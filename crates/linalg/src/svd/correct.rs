//! Corrections in double precision of singular vectors found in single.

use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, Par};

use super::finish::column_norms;
use crate::basis::cholesky_factor;
use crate::dense::Dense;
use crate::eigen;
use crate::product;

/// The vectors that have most of the operator's norm.
pub(super) const LEADING: usize = 16;
/// Squared singular values within this part of each other are neighbours.
const NEIGHBOURS: f64 = 2e-3;
/// The most vectors that are corrected together.
const WINDOW: usize = 64;

/// Improves `u: n x k`, nearly the leading left singular vectors in falling order, and with it the image `w = Aᵀ u`.
///
/// An error `e` of `u_j` along `u_i` moves `s_j²` by e² (s_i² - s_j²), and is felt in the residual as e (s_i² - s_j²) / s_j:
/// what counts are large `s_i` for the residual, and for the values those so close that `e` can be of any size. So the
/// leading vectors are taken out of all others, and Rayleigh-Ritz is done on every run of neighbours, in windows that
/// overlap by half where a run is long. `None` when they are not nearly orthonormal.
pub(super) fn improve(u: &mut Dense, w: &mut Dense) -> Option<()> {
    let rank = u.ncols();
    if rank <= WINDOW {
        return rayleigh_ritz(u, w, 0, rank);
    }
    rayleigh_ritz(u, w, 0, LEADING)?;
    without_leading(u, w);
    let lengths = column_norms(u).into_iter().zip(column_norms(w));
    let squares: Vec<f64> = lengths.map(|(u, w)| (w / u) * (w / u)).collect();
    let apart = |at: usize| (squares[at - 1] - squares[at]).abs() > NEIGHBOURS * squares[at - 1];
    let mut start = 0;
    for end in 1..=rank {
        if end == rank || apart(end) {
            windows(start, end).try_for_each(|(start, width)| rayleigh_ritz(u, w, start, width))?;
            start = end;
        }
    }
    Some(())
}

/// The windows (start, width) that cover a run of neighbours; none for a vector without neighbours.
fn windows(start: usize, end: usize) -> impl Iterator<Item = (usize, usize)> {
    let step = if end - start <= WINDOW { WINDOW } else { WINDOW / 2 };
    let starts = (start..end).step_by(step).take_while(move |&at| at == start || at + step < end);
    starts.map(move |at| (at, WINDOW.min(end - at))).filter(|&(_, width)| width > 1)
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
    product::turn(u, start, turn.as_ref());
    product::turn(w, start, turn.as_ref());
    Some(())
}

/// Removes from all other columns their part along the leading ones, whose images are orthogonal already.
pub(super) fn without_leading(u: &mut Dense, w: &mut Dense) {
    let others = u.ncols() - LEADING;
    let leading = w.view().subcols(0, LEADING);
    let mut share = product::inner(leading, w.view().subcols(LEADING, others));
    for at in 0..LEADING {
        let square = leading.col(at).squared_norm_l2();
        share.row_mut(at).iter_mut().for_each(|share| *share /= square);
    }
    product::subtract_leading(u, share.as_ref());
    product::subtract_leading(w, share.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_every_pair_of_neighbours() {
        assert_eq!(windows(3, 4).count(), 0);
        assert_eq!(windows(3, 5).collect::<Vec<_>>(), [(3, 2)]);
        assert_eq!(windows(0, 64).collect::<Vec<_>>(), [(0, 64)]);
        for end in [65, 96, 97, 200] {
            let all: Vec<_> = windows(7, end).collect();
            assert!((8..end).all(|at| all.iter().any(|&(start, width)| start < at && at < start + width)), "{all:?}");
            assert!(all.iter().all(|&(start, width)| start >= 7 && start + width <= end), "{all:?}");
        }
    }
}
