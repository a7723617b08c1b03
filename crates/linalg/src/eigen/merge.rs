//! One merge of the divide and conquer: from the eigenpairs of two halves to those of the whole.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par, unzip, zip};
use rayon::prelude::*;

use super::lowner::{eigenvectors, exact_z};
use super::secular::{Root, Secular};
use crate::product::{column_chunks, task_width};
use crate::scalar::Real;

/// Columns of eigenvectors that one task makes at most: their coefficients stay in the second-level cache.
const COLUMNS: usize = 64;
/// Roots that one task finds.
const ROOTS: usize = 32;

/// The change of rank one by which a tridiagonal matrix differs from its two halves.
pub(super) struct Update {
    /// Size of the first half.
    pub(super) half: usize,
    /// The entry below the diagonal that the cut went through.
    pub(super) coupling: f64,
}

/// Rows where an eigenvector of the halves may be other than zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rows {
    Upper,
    All,
    Lower,
}

/// The deflated update: which columns take part, and the roots of their secular equation.
pub(super) struct Merge {
    half: usize,
    /// Columns that take part: those with upper rows only, with all, with lower rows only.
    kept: Vec<usize>,
    /// The number of columns of the first kind and of the first two kinds.
    lower_from: usize,
    upper_to: usize,
    /// Columns that are eigenvectors of the whole already.
    deflated: Vec<usize>,
    /// Eigenvalues of the deflated columns.
    settled: Vec<f64>,
    /// Poles and `z` in the order of `kept`; the roots rise.
    poles: Vec<f64>,
    z: Vec<f64>,
    roots: Vec<Root>,
}

impl Merge {
    /// Deflates and finds the roots: Gu and Eisenstat (1995), section 4, with the two kinds of deflation of Dongarra, J.
    /// J. and Sorensen, D. C.: A fully parallel algorithm for the symmetric eigenvalue problem (1987), SIAM J. Sci.
    /// Stat. Comput. 8, section 4. Rotates columns of `vectors` that are deflated as pairs. O(n²).
    pub(super) fn new(values: &mut [f64], update: Update, mut vectors: MatMut<'_, f64>) -> Self {
        let n = values.len();
        let Update { half, coupling } = update;
        // |z|² = 2, so that rho is doubled and z divided by its length.
        let rho = 2.0 * coupling.abs();
        let mut z: Vec<f64> = (0..n)
            .map(|at| {
                let entry = if at < half { vectors[(half - 1, at)] } else { vectors[(half, at)] };
                let sign = if at < half { 1.0 } else { 1f64.copysign(coupling) };
                entry * sign * std::f64::consts::FRAC_1_SQRT_2
            })
            .collect();
        let mut rows: Vec<Rows> = (0..n).map(|at| if at < half { Rows::Upper } else { Rows::Lower }).collect();
        let norm = values.iter().chain(&z).fold(0f64, |max, x| max.max(x.abs()));
        let negligible = 8.0 * f64::EPSILON * norm;

        let (mut kept, mut deflated) = (Vec::with_capacity(n), Vec::new());
        let mut open: Option<usize> = None;
        for at in rising(values) {
            if rho * z[at].abs() <= negligible {
                deflated.push(at);
                continue;
            }
            let Some(before) = open.replace(at) else { continue };
            // A rotation that clears one entry of z leaves this much off the diagonal.
            let length = z[at].hypot(z[before]);
            let (c, s) = (z[at] / length, -z[before] / length);
            if ((values[at] - values[before]) * c * s).abs() > negligible {
                kept.push(before);
                continue;
            }
            (z[at], z[before]) = (length, 0.0);
            if rows[at] != rows[before] {
                rows[at] = Rows::All;
                rows[before] = Rows::All;
            }
            rotate(vectors.as_mut(), before, at, c, s);
            let (p, q) = (values[before], values[at]);
            (values[before], values[at]) = (p * c * c + q * s * s, p * s * s + q * c * c);
            deflated.push(before);
        }
        kept.extend(open);

        let poles: Vec<f64> = kept.iter().map(|&at| values[at]).collect();
        let weights: Vec<f64> = kept.iter().map(|&at| z[at] * z[at]).collect();
        let equation = Secular { poles: &poles, weights: &weights, rho };
        let mut roots = vec![Root::default(); kept.len()];
        let mut exact = vec![0f64; kept.len()];
        roots
            .par_chunks_mut(ROOTS)
            .with_max_len(1)
            .enumerate()
            .for_each(|(chunk, roots)| equation.roots(chunk * ROOTS, roots));
        exact
            .par_chunks_mut(ROOTS)
            .with_max_len(1)
            .enumerate()
            .for_each(|(chunk, z)| exact_z(&poles, &roots, chunk * ROOTS, z));

        let mut order: Vec<usize> = (0..kept.len()).collect();
        order.sort_by_key(|&at| rows[kept[at]]);
        let until = |last: Rows| kept.iter().filter(|&&at| rows[at] <= last).count();
        Self {
            half,
            lower_from: kept.iter().filter(|&&at| rows[at] == Rows::Upper).count(),
            upper_to: until(Rows::All),
            settled: deflated.iter().map(|&at| values[at]).collect(),
            poles: order.iter().map(|&at| poles[at]).collect(),
            z: order.iter().map(|&at| exact[at].copysign(z[kept[at]])).collect(),
            kept: order.iter().map(|&at| kept[at]).collect(),
            deflated,
            roots,
        }
    }

    /// All eigenpairs; `values` and the columns of `vectors` in the same order.
    pub(super) fn all(&self, values: &mut [f64], vectors: MatMut<'_, f64>, mut work: MatMut<'_, f64>) {
        let kept = self.roots.len();
        self.gather(vectors.as_ref(), work.as_mut());
        let (made, mut settled) = vectors.split_at_col_mut(kept);
        self.combine(work.as_ref(), &self.roots, made);
        settled.copy_from(work.as_ref().subcols(kept, self.deflated.len()));
        for (value, root) in values.iter_mut().zip(&self.roots) {
            *value = root.value();
        }
        values[kept..].copy_from_slice(&self.settled);
    }

    /// The `count` largest eigenvalues, falling, and their eigenvectors, multiplied in precision `T`.
    ///
    /// What that rounds are entries of vectors; only a rounding before, in the eigenpairs of the halves, would be one of
    /// the matrix, as large as its largest eigenvalue makes it.
    pub(super) fn largest<T: Real>(&self, count: usize, vectors: Mat<f64>) -> (Vec<f64>, Mat<T>) {
        let (n, kept) = (vectors.nrows(), self.roots.len());
        let values: Vec<f64> = self.roots.iter().map(|root| root.value()).chain(self.settled.iter().copied()).collect();
        let mut wanted = rising(&values);
        wanted.reverse();
        wanted.truncate(count);
        let roots: Vec<Root> = wanted.iter().filter(|&&at| at < kept).map(|&at| self.roots[at]).collect();
        let mut gathered = Mat::zeros(n, n);
        self.gather(vectors.as_ref(), gathered.as_mut());
        drop(vectors);
        let mut found = Mat::zeros(n, count);
        self.combine(gathered.as_ref(), &roots, found.as_mut().subcols_mut(0, roots.len()));
        // Deflated ones are put where they belong, from the last one on.
        let mut made = roots.len();
        for (to, &at) in wanted.iter().enumerate().rev() {
            if at >= kept {
                found.col_mut(to).copy_from(gathered.col(at));
            } else {
                made -= 1;
                if made != to {
                    let (before, mut rest) = found.as_mut().split_at_col_mut(to);
                    rest.as_mut().col_mut(0).copy_from(before.col(made));
                }
            }
        }
        (wanted.iter().map(|&at| values[at]).collect(), found)
    }

    /// Moves the columns that take part to the front of `work`, the deflated ones behind them.
    fn gather<T: Real>(&self, vectors: MatRef<'_, f64>, mut work: MatMut<'_, T>) {
        let n = vectors.nrows();
        for (to, &from) in self.kept.iter().chain(&self.deflated).enumerate() {
            let rows = match to {
                to if to < self.lower_from => 0..self.half,
                to if to < self.upper_to || to >= self.kept.len() => 0..n,
                _ => self.half..n,
            };
            let from = vectors.col(from).subrows(rows.start, rows.len());
            let to = work.as_mut().col_mut(to).subrows_mut(rows.start, rows.len());
            zip!(to, from).for_each(|unzip!(to, from)| *to = T::from_f64(*from));
        }
    }

    /// Makes the eigenvectors of some roots from the gathered ones of the halves; 2 n kept roots flops at most, half of
    /// that when no column has all rows.
    fn combine<T: Real>(&self, gathered: MatRef<'_, T>, roots: &[Root], vectors: MatMut<'_, T>) {
        let kept = self.kept.len();
        if kept == 0 {
            return;
        }
        let (upper, lower) = gathered.split_at_row(self.half);
        let upper = upper.subcols(0, self.upper_to);
        let lower = lower.subcols(self.lower_from, kept - self.lower_from);
        let width = task_width(roots.len(), COLUMNS);
        let chunks = column_chunks(vectors, width).into_par_iter().zip(roots.par_chunks(width)).with_max_len(1);
        chunks.for_each_init(
            || Mat::zeros(kept, width.min(roots.len())),
            |factors, (vectors, roots)| {
                let mut factors = factors.as_mut().subcols_mut(0, roots.len());
                eigenvectors(&self.poles, &self.z, roots, factors.as_mut());
                let (top, bottom) = vectors.split_at_row_mut(self.half);
                product(upper, factors.as_ref().subrows(0, self.upper_to), top);
                product(lower, factors.as_ref().subrows(self.lower_from, kept - self.lower_from), bottom);
            },
        );
    }
}

fn product<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>, to: MatMut<'_, T>) {
    matmul(to, Accum::Replace, a, b, T::from_f64(1.0), Par::Seq);
}

/// Columns `x` and `y` become `c x + s y` and `c y - s x`.
fn rotate(mut vectors: MatMut<'_, f64>, x: usize, y: usize, c: f64, s: f64) {
    for row in 0..vectors.nrows() {
        let (a, b) = (vectors[(row, x)], vectors[(row, y)]);
        vectors[(row, x)] = c * a + s * b;
        vectors[(row, y)] = c * b - s * a;
    }
}

/// Indices of values in rising order.
pub(super) fn rising(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}
