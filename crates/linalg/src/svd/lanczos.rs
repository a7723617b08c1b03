//! Thick-restart block Lanczos on the implicit Gram operator of the shorter side.

use faer::Mat;

use super::banded::Banded;
use super::{Progress, Solver, Stop, Svd, SvdParams, accuracy, finish, report};
use crate::basis::Basis;
use crate::dense::Dense;
use crate::eigen::{self, Eigenpairs};
use crate::operator::LinearOperator;
use crate::product;
use crate::random::RandomBlocks;
use crate::scalar::Real;

/// Restarts after which the solver gives up.
const RESTARTS: usize = 40;
/// Restarts in a row that gain almost nothing, after which it gives up sooner, if the residual may be all rounding.
const STALLS: usize = 3;
/// Roundings up to which a residual may be that; values that lie close converge slowly above it too.
const ROUNDING: f64 = 1e4;
/// Columns of a block for up to 16 triplets.
pub(super) const NARROW: usize = 8;
/// The same for more.
const MIDDLE: usize = 16;
/// The same where a value is repeated more often than the others can show.
const WIDE: usize = 64;
/// Wanted pairs, the last ones, that a look takes in.
const LAST: usize = 4;
/// It must show residuals below this part of the one allowed: other pairs differ somewhat.
const SURE: f64 = 0.7;
/// Decades by which the residual may be expected to fall with one block.
const FASTEST: f64 = 1.5;
/// The same at least.
const SLOWEST: f64 = 0.05;
/// Values closer than this many roundings, relatively, count as one repeated value.
const REPEATED: f64 = 64.0;

/// Grows a Krylov basis block by block with full reorthogonalisation until the wanted Ritz pairs have converged.
///
/// Products are bounded: in each precision at most c + 40 · 2/3 (c - k) columns, for a basis of c = 5 k + 16 blocks, are
/// multiplied, and once more with wider blocks. The basis is bounded: when it is full it is thinned out to the best Ritz vectors (thick restart: Wu and Simon, 2000).
/// A start block of `b` random columns finds at most `b` copies of a repeated value; when as many are found above the
/// last wanted value, more may be hidden: a wider block is tried, and if that shows as many as it can, the solver gives up.
pub(super) fn solve<A: LinearOperator + ?Sized>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<Svd, Stop> {
    let (q, columns) = vectors::<A, f64>(a, params, progress)?;
    Ok(finish::from_short_side(a, q, Solver::Lanczos, columns))
}

/// The largest eigenvectors, `nrows x rank`, and the columns multiplied for them.
pub(super) fn vectors<A: LinearOperator + ?Sized, T: Real>(
    a: &A,
    params: &SvdParams,
    progress: &mut Progress<'_>,
) -> Result<(Dense<T>, usize), Stop> {
    let mut columns = 0;
    for block in [block(params.rank), WIDE] {
        let Some(mut krylov) = Krylov::<A, T>::new(a, block, params, columns) else { break };
        let found = krylov.converge(params, progress)?;
        columns = krylov.columns;
        if !hides_copies::<T>(&found.values, block) {
            let q = product::multiply(krylov.basis.since(0), product::converted(&found.vectors).as_ref());
            return Ok((q, columns));
        }
    }
    Err(Stop::Failed)
}

/// Columns of a block.
pub(super) fn block(rank: usize) -> usize {
    if rank <= 16 { NARROW } else { MIDDLE }
}

/// Columns that the basis may have; when it is full it is thinned out.
pub(super) fn capacity(rank: usize, block: usize, nrows: usize) -> usize {
    (5 * rank + 16 * block).min(nrows.saturating_sub(block)) / block * block
}

/// Whether a value above the last one appears as often as a start block of `block` columns can show.
fn hides_copies<T: Real>(values: &[f64], block: usize) -> bool {
    let repeated = REPEATED * T::EPSILON.to_f64();
    let Some(&last) = values.last() else { return false };
    values.windows(block).any(|run| run[0] - run[block - 1] <= repeated * run[0] && run[0] > last * (1.0 + repeated))
}

/// The residuals at which the wanted pairs have converged.
#[derive(Clone, Copy)]
struct Goal {
    tolerance: f64,
}

impl Goal {
    /// That of a pair whose square, as a part of the largest one, is given.
    fn of(self, square: f64) -> f64 {
        // The measured residual must not fail for a rounding of the estimate.
        0.8 * accuracy::allowed(square.max(0.0).sqrt(), self.tolerance)
    }
}

/// When to look at the last wanted pairs next, the last one's value at the last look, and the largest value.
struct Look {
    at: usize,
    value: f64,
    first: f64,
    /// Columns, and the residual as a multiple of the one asked for, at the last look.
    before: (usize, f64),
}

/// A basis of the Krylov space, the operator projected on it, and the block that comes next.
struct Krylov<'a, A: ?Sized, T> {
    a: &'a A,
    block: usize,
    /// Columns that the basis may have.
    capacity: usize,
    basis: Basis<T>,
    /// `Qᵀ A Aᵀ Q`, lower triangle.
    projected: Mat<f64>,
    next: Dense<T>,
    /// Its product with `A Aᵀ`, where that was made already.
    ahead: Option<Dense<T>>,
    /// What couples `next` to the last block of the basis: `A Aᵀ Q = Q T + next coupling Eᵀ`.
    coupling: Mat<f64>,
    /// Where the columns that `next` is coupled to begin.
    coupled_from: usize,
    random: RandomBlocks,
    columns: usize,
}

impl<'a, A: LinearOperator + ?Sized, T: Real> Krylov<'a, A, T> {
    /// An empty basis and a random start; `None` when the matrix is too small for so wide a block. `columns` have been
    /// multiplied before.
    fn new(a: &'a A, block: usize, params: &SvdParams, columns: usize) -> Option<Self> {
        let k = params.rank;
        let capacity = capacity(k, block, a.nrows());
        if capacity < k + 2 * block {
            return None;
        }
        let mut random = RandomBlocks::new(params.seed);
        let basis = Basis::new(a.nrows(), capacity);
        let mut next = random.block(a.nrows(), block);
        basis.orthonormalize(&mut next, T::default(), &mut random);
        Some(Self {
            a,
            block,
            capacity,
            basis,
            projected: Mat::new(),
            next,
            ahead: None,
            coupling: Mat::zeros(block, block),
            coupled_from: 0,
            random,
            columns,
        })
    }

    /// Expands until the `params.rank` largest Ritz pairs have converged, and returns them.
    fn converge(&mut self, params: &SvdParams, progress: &mut Progress<'_>) -> Result<Eigenpairs<f64>, Stop> {
        let (k, block, capacity) = (params.rank, self.block, self.capacity);
        let goal = Goal { tolerance: params.tolerance };
        let mut seen = None;
        let mut look = Look { at: k + 2 * block, value: 0.0, first: 0.0, before: (0, 1.0) };
        let (mut restarts, mut stalls, mut at_restart) = (0, 0, f64::INFINITY);
        loop {
            self.expand();
            report(progress, Solver::Lanczos, self.columns, seen)?;
            let full = self.basis.len() + block > capacity;
            if !full && (self.basis.len() < look.at || restarts == 0 && !self.looks_done(k, goal, &mut look)) {
                continue;
            }
            let mut found = self.ritz(if full { k + (capacity - k) / 3 } else { k })?;
            let residuals = self.residuals(&found, k);
            let residual = residuals.iter().copied().fold(0.0, f64::max);
            seen = Some(residual);
            report(progress, Solver::Lanczos, self.columns, seen)?;
            let squares = found.values.iter().zip(&residuals);
            if squares.clone().all(|(&square, &residual)| residual <= goal.of(square / found.values[0])) {
                found.values.truncate(k);
                found.vectors.truncate(self.basis.len(), k);
                return Ok(found);
            }
            look.at = self.basis.len() + block;
            if full {
                restarts += 1;
                let rounding = ROUNDING * T::EPSILON.to_f64();
                // The residual of a value lost in the square is the square root of a rounding.
                let rounded = residual < rounding || found.values[k - 1] < rounding * found.values[0];
                let stalled = residual > 0.9 * at_restart && rounded;
                stalls = if stalled { stalls + 1 } else { 0 };
                if residual.is_nan() {
                    return Err(Stop::Failed);
                }
                if restarts > RESTARTS || stalls >= STALLS {
                    return Err(Stop::Short { residual, columns: self.columns });
                }
                at_restart = residual;
                self.restart(&found);
                look.at = self.basis.len() + (capacity - self.basis.len()) / 2;
            }
        }
    }

    /// [`promises`](Self::promises), beside which other threads, if there are any, make the product that comes next.
    fn looks_done(&mut self, k: usize, goal: Goal, look: &mut Look) -> bool {
        if rayon::current_num_threads() == 1 {
            return self.promises(k, goal, look);
        }
        let (done, image) = rayon::join(|| self.promises(k, goal, look), || self.image());
        self.ahead = Some(image);
        done
    }

    /// `A Aᵀ` times the next block.
    fn image(&self) -> Dense<T> {
        let mut image = Dense::zeros(self.next.nrows(), self.block);
        self.a.apply_row_gram(&self.next, &mut image);
        image
    }

    /// Whether the last wanted pairs, the slowest to converge, have; and when to look again. Until the first restart the
    /// projected matrix is banded, which makes a look cheap.
    fn promises(&self, k: usize, goal: Goal, look: &mut Look) -> bool {
        let banded = Banded::new(&self.projected, self.basis.len(), self.block);
        if look.first == 0.0 {
            look.first = banded.pair(1, 0.0, self.block).0;
        }
        let (mut least, mut excess) = (look.value, 0f64);
        for count in (1..=k).rev().take(LAST) {
            let (value, tail) = banded.pair(count, least, self.block);
            least = value * (1.0 - 2e-6);
            if count == k {
                look.value = least;
            }
            let rest = (self.coupling.as_ref() * tail).norm_l2();
            let residual = rest / (value * look.first).max(f64::MIN_POSITIVE).sqrt();
            excess = excess.max(residual / (SURE * goal.of(value / look.first)));
            if excess > 1.0 {
                break;
            }
        }
        // Convergence speeds up, but hardly by more than three times from one look to the next.
        let blocks = (self.basis.len() - look.before.0) as f64 / self.block as f64;
        let pace = (3.0 * (look.before.1 / excess).log10() / blocks).clamp(SLOWEST, FASTEST);
        let missing = excess.log10() / if look.before.0 == 0 { FASTEST } else { pace };
        look.before = (self.basis.len(), excess);
        look.at = self.basis.len() + missing.floor().clamp(1.0, 8.0) as usize * self.block;
        excess <= 1.0
    }

    /// Takes the next block into the basis and computes the one after it.
    fn expand(&mut self) {
        let start = self.basis.len();
        let mut y = self.ahead.take().unwrap_or_else(|| self.image());
        self.columns += self.block;
        self.basis.push(&self.next);
        // In exact arithmetic y has components on the coupled columns and the new block only; the second pass, over
        // everything, removes what rounding has left.
        let local = self.basis.project_out(self.coupled_from, &mut y);
        self.basis.project_out(0, &mut y);
        let len = self.basis.len();
        if len > self.projected.nrows() {
            let room = (2 * len).min(self.capacity);
            self.projected.resize_with(room, room, |_, _| 0.0);
        }
        for column in 0..self.block {
            for row in 0..local.nrows() {
                let (i, j) = (self.coupled_from + row, start + column);
                self.projected[(i.max(j), i.min(j))] = local[(row, column)].to_f64();
            }
        }
        self.coupling = product::converted(&self.basis.orthonormalize(&mut y, local.norm_max(), &mut self.random));
        self.coupled_from = start;
        self.next = y;
    }

    /// The `count` largest Ritz pairs.
    fn ritz(&self, count: usize) -> Result<Eigenpairs<f64>, Stop> {
        let len = self.basis.len();
        eigen::largest(self.projected.as_ref().submatrix(0, 0, len, len).to_owned(), count).map_err(|_| Stop::Failed)
    }

    /// |A v - s u| / s_1 of each of the first `k` Ritz pairs, where `v = Aᵀu / s`: |A Aᵀu - s² u| / (s s_1).
    fn residuals(&self, found: &Eigenpairs<f64>, k: usize) -> Vec<f64> {
        let tail = found.vectors.as_ref().subrows(self.basis.len() - self.block, self.block).subcols(0, k);
        let rest = product::small(self.coupling.as_ref(), tail);
        let first = found.values[0].max(0.0).sqrt();
        let residual = |at: usize| {
            let length = rest.col(at).norm_l2();
            let s = found.values[at].max(0.0).sqrt();
            // A value of zero has no v of its own; the square root is what |A Aᵀu| bounds |Aᵀu| by.
            if s > 1e-8 * first { length / (s * first) } else { length.sqrt() / first }
        };
        (0..k).map(|at| if first > 0.0 { residual(at) } else { 0.0 }).collect()
    }

    /// Thins the basis out to the Ritz vectors found.
    fn restart(&mut self, found: &Eigenpairs<f64>) {
        let (len, kept) = (self.basis.len(), found.values.len());
        let vectors = product::multiply(self.basis.since(0), product::converted(&found.vectors).as_ref());
        self.basis.replace(&vectors);
        self.projected.fill(0.0);
        for (at, &value) in found.values.iter().enumerate() {
            self.projected[(at, at)] = value;
        }
        let tail = found.vectors.as_ref().subrows(len - self.block, self.block);
        self.coupling = product::small(self.coupling.as_ref(), tail);
        self.coupled_from = 0;
        debug_assert_eq!(self.basis.len(), kept);
    }
}
