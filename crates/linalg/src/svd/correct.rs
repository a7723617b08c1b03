//! Corrections in double precision of singular vectors found in single.

use std::ops::Range;

use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, MatRef, Par};

use super::columns;
use crate::basis::cholesky_factor;
use crate::dense::Dense;
use crate::eigen;
use crate::product;

/// The vectors that have most of the operator's norm.
pub(super) const LEADING: usize = 16;
/// Squared singular values within this part of each other are neighbours.
const NEIGHBOURS: f64 = 2e-3;
/// The most vectors that are corrected together.
pub(super) const WINDOW: usize = 64;

/// The norms of all columns.
pub(super) fn lengths(x: &Dense, y: &Dense) -> Vec<(f64, f64)> {
    columns::norms(x).into_iter().zip(columns::norms(y)).collect()
}

/// Rayleigh-Ritz on every run of neighbours in the first columns, whose lengths are given; returns how many columns are
/// done, which are not all where the last ones may have neighbours in those to come, if there are `more`.
pub(super) fn part(x: &mut Dense, y: &mut Dense, lengths: &mut [(f64, f64)], more: bool) -> Option<usize> {
    let width = lengths.len();
    let squares: Vec<f64> = lengths.iter().map(|(x, y)| (y / x) * (y / x)).collect();
    for run in runs(&squares) {
        if run.len() == 1 {
            continue;
        }
        if more && run.end == width && run.start > 0 {
            return Some(run.start);
        }
        let copied = |from: &Dense| Dense::copied(from.view().subcols(run.start, run.len()));
        let (mut columns, mut images) = (copied(x), copied(y));
        rayleigh_ritz(&mut columns, &mut images)?;
        x.fill_columns(run.start, columns.view());
        y.fill_columns(run.start, images.view());
        lengths[run].copy_from_slice(&self::lengths(&columns, &images));
    }
    Some(width)
}

/// The runs of neighbours among falling squares, those of one included.
pub(super) fn runs(squares: &[f64]) -> Vec<Range<usize>> {
    let near = |above: &f64, below: &f64| (above - below).abs() <= NEIGHBOURS * above;
    let mut end = 0;
    let mut run = |members: &[f64]| {
        let start = end;
        end += members.len();
        start..end
    };
    squares.chunk_by(near).map(&mut run).collect()
}

/// The windows that cover a run of neighbours; none for a vector without neighbours.
pub(super) fn windows(start: usize, end: usize) -> impl Iterator<Item = Range<usize>> {
    let step = if end - start <= WINDOW { WINDOW } else { WINDOW / 2 };
    let starts = (start..end).step_by(step).take_while(move |&at| at == start || at + step < end);
    starts.map(move |at| at..end.min(at + WINDOW)).filter(|columns| columns.len() > 1)
}

/// Makes `u` orthonormal, and its image `w = Aᵀ u` orthogonal and falling.
pub(super) fn rayleigh_ritz(u: &mut Dense, w: &mut Dense) -> Option<()> {
    // With UᵀU = L Lᵀ, the eigenvectors of L⁻¹ WᵀW L⁻ᵀ.
    let lower = cholesky_factor(product::inner(u.view(), u.view()))?;
    let mut projected = product::inner(w.view(), w.view());
    solve_lower_triangular_in_place(lower.as_ref(), projected.as_mut(), Par::Seq);
    let mut projected = projected.transpose().to_owned();
    solve_lower_triangular_in_place(lower.as_ref(), projected.as_mut(), Par::Seq);
    let mut turn: Mat<f64> = eigen::largest(projected, lower.nrows()).ok()?.vectors;
    solve_upper_triangular_in_place(lower.transpose(), turn.as_mut(), Par::Seq);
    product::turn(u, turn.as_ref());
    product::turn(w, turn.as_ref());
    Some(())
}

/// What vectors with images `w` have of the leading ones, whose images are orthogonal.
pub(super) fn share(leading: MatRef<'_, f64>, squares: &[f64], w: MatRef<'_, f64>) -> Mat<f64> {
    let mut share = product::inner(leading, w);
    for (at, &square) in squares.iter().enumerate() {
        share.row_mut(at).iter_mut().for_each(|share| *share /= square);
    }
    share
}

/// Removes from all other columns their part along the leading ones, whose images in `w = Aᵀ u` are orthogonal already.
pub(super) fn without_leading(u: &mut Dense, w: &mut Dense) {
    let others = u.ncols() - LEADING;
    let leading = w.view().subcols(0, LEADING);
    let squares: Vec<f64> = leading.col_iter().map(|column| column.squared_norm_l2()).collect();
    let share = share(leading, &squares, w.view().subcols(LEADING, others));
    product::subtract_leading(u, share.as_ref());
    product::subtract_leading(w, share.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_squares_are_apart() {
        assert_eq!(runs(&[9.0, 8.99, 5.0, 1.0, 0.9999]), [0..2, 2..3, 3..5]);
    }

    #[test]
    fn windows_cover_every_pair_of_neighbours() {
        assert_eq!(windows(3, 4).count(), 0);
        assert!(windows(3, 5).eq(std::iter::once(3..5)));
        assert!(windows(0, 64).eq(std::iter::once(0..64)));
        for end in [65, 96, 97, 200] {
            let all: Vec<_> = windows(7, end).collect();
            assert!((8..end).all(|at| all.iter().any(|columns| columns.start < at && at < columns.end)), "{all:?}");
            assert!(all.iter().all(|columns| columns.start >= 7 && columns.end <= end), "{all:?}");
        }
    }
}
