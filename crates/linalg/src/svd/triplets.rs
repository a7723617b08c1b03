//! Singular triplets in double precision from singular vectors of the shorter side in single.

use std::ops::Range;

use faer::MatRef;
use rayon::prelude::*;

use super::columns::{self, STRIP};
use super::correct::{LEADING, WINDOW, lengths, part, rayleigh_ritz, runs, share, windows};
use crate::dense::Dense;
use crate::operator::LinearOperator;
use crate::product::{self, ROWS};

/// The most strips that are made at the same time: with the leading columns they take as much memory as a window later.
const STRIPS: usize = WINDOW / STRIP - 1;

/// `Aᵀ u_j = s_j v_j` with unit columns `u_j` and `v_j`, of signs as [`columns::signs`] has them.
pub(super) struct Triplets {
    pub(super) u: Dense,
    pub(super) s: Vec<f64>,
    pub(super) v: Dense,
}

/// The triplets of `vectors: n x k`, nearly the leading left singular vectors in falling order.
///
/// An error `e` of `u_j` along `u_i` moves `s_j²` by e² (s_i² - s_j²), and is felt in the residual as e (s_i² - s_j²) / s_j:
/// what counts are large `s_i` for the residual, and for the values those so close that `e` can be of any size. So the
/// leading vectors are taken out of all others, and Rayleigh-Ritz is done on every run of neighbours, in windows that
/// overlap by half where a run is long. All of this is done to a strip of columns as soon as its image is there, while both
/// are in the cache; a strip ends where a run does, unless it would be empty. `None` when they are not nearly orthonormal.
pub(super) fn of<A: LinearOperator + ?Sized>(a: &A, vectors: MatRef<'_, f32>) -> Option<Triplets> {
    let rank = vectors.ncols();
    let block = |width: usize| (Dense::zeros(a.nrows(), width), Dense::zeros(a.ncols(), width));
    let (u, v) = block(rank);
    let mut triplets = Triplets { u, s: vec![0.0; rank], v };
    let first = if rank <= WINDOW { rank } else { LEADING };
    let mut leading = block(first);
    leading.0.fill_columns(0, vectors.subcols(0, first));
    a.apply_transpose(&leading.0, &mut leading.1);
    rayleigh_ritz(&mut leading.0, &mut leading.1)?;
    let lengths = lengths(&leading.0, &leading.1);
    triplets.put(0, &leading.0, &leading.1, &lengths);
    if first == rank {
        return Some(triplets);
    }
    let squares: Vec<f64> = lengths.iter().map(|(_, image)| image * image).collect();
    let correct = |start: usize, x: &mut Dense, y: &mut Dense| {
        let width = STRIP.min(rank - start);
        x.fill_columns(0, vectors.subcols(start, width));
        a.apply_transpose(x, y);
        let share = share(leading.1.view(), &squares, y.view());
        product::subtract(x, leading.0.view(), share.as_ref());
        product::subtract(y, leading.1.view(), share.as_ref());
        let mut lengths = self::lengths(x, y);
        lengths.truncate(width);
        let count = part(x, y, &mut lengths, start + width < rank)?;
        lengths.truncate(count);
        Some(lengths)
    };
    // One strip for each thread: the others start where those before them end, unless a run is cut; then they are made anew.
    let mut blocks: Vec<(Dense, Dense)> = (0..rayon::current_num_threads().min(STRIPS)).map(|_| block(STRIP)).collect();
    let (mut start, mut starts) = (first, vec![]);
    while start < rank {
        let expected = (start..rank).step_by(STRIP).collect::<Vec<usize>>();
        let strips = blocks.par_iter_mut().zip(expected).with_max_len(1);
        let strips: Vec<_> = strips.map(|((x, y), start)| (start, correct(start, x, y))).collect();
        for ((expected, lengths), (x, y)) in strips.into_iter().zip(&blocks) {
            if expected == start {
                let lengths = lengths?;
                triplets.put(start, x, y, &lengths);
                starts.push(start);
                start += lengths.len();
            }
        }
    }
    drop((leading, blocks));
    triplets.part_across(&starts)?;
    Some(triplets)
}

impl Triplets {
    /// Takes in the triplets from `start` on: those of the first columns of `x` and of `y = Aᵀ x`, of the given lengths.
    fn put(&mut self, start: usize, x: &Dense, y: &Dense, lengths: &[(f64, f64)]) {
        let (count, signs) = (lengths.len(), columns::signs(y));
        for (s, (x, y)) in self.s[start..].iter_mut().zip(lengths) {
            *s = y / x;
        }
        let factors = |length: fn(&(f64, f64)) -> f64| -> Vec<f64> {
            signs.iter().zip(lengths).map(|(sign, pair)| sign / length(pair)).collect()
        };
        for (to, from, factors) in [(&mut self.u, x, factors(|pair| pair.0)), (&mut self.v, y, factors(|pair| pair.1))]
        {
            let (width, given) = (to.ncols(), from.ncols());
            let chunks = to.values_mut().par_chunks_mut(ROWS * width).zip(from.values().par_chunks(ROWS * given));
            chunks.for_each(|(to, from)| {
                for (to, from) in to.chunks_exact_mut(width).zip(from.chunks_exact(given)) {
                    let to = &mut to[start..start + count];
                    to.iter_mut().zip(from).zip(&factors).for_each(|((to, from), factor)| *to = from * factor);
                }
            });
        }
    }

    /// Rayleigh-Ritz on every run of neighbours that goes on across one of the `starts`.
    fn part_across(&mut self, starts: &[usize]) -> Option<()> {
        let squares: Vec<f64> = self.s.iter().map(|s| s * s).collect();
        for run in runs(&squares) {
            if starts.iter().any(|&at| run.start < at && at < run.end) {
                windows(run.start, run.end).try_for_each(|columns| self.correct(columns))?;
            }
        }
        Some(())
    }

    /// Rayleigh-Ritz on some triplets.
    fn correct(&mut self, columns: Range<usize>) -> Option<()> {
        let copied = |from: &Dense| Dense::copied(from.view().subcols(columns.start, columns.len()));
        let (mut x, mut y) = (copied(&self.u), copied(&self.v));
        for row in y.values_mut().chunks_exact_mut(columns.len()) {
            row.iter_mut().zip(&self.s[columns.clone()]).for_each(|(y, s)| *y *= s);
        }
        rayleigh_ritz(&mut x, &mut y)?;
        self.put(columns.start, &x, &y, &lengths(&x, &y));
        Some(())
    }
}
