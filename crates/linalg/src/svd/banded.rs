//! One eigenpair of a banded symmetric matrix, cheaply: tells whether a Krylov space is worth a full Rayleigh-Ritz step.

use faer::{Col, Mat};
use pulp::{Arch, Simd, WithSimd};

/// The search stops when the eigenvalue is known to this part of itself.
const PRECISION: f64 = 1e-6;
/// Steps at most.
const STEPS: usize = 60;

/// A symmetric matrix whose entries further than `width` from the diagonal are zero.
pub(super) struct Banded {
    width: usize,
    /// Row `i` holds the entries `(i + 0, i) ..= (i + width, i)` of the lower triangle.
    columns: Vec<f64>,
}

impl Banded {
    /// The first `len` rows and columns of a matrix of which the lower triangle is given.
    pub(super) fn new(lower: &Mat<f64>, len: usize, width: usize) -> Self {
        let entry = |at: usize, down: usize| if at + down < len { lower[(at + down, at)] } else { 0.0 };
        let columns = (0..len).flat_map(|at| (0..=width).map(move |down| entry(at, down))).collect();
        Self { width, columns }
    }

    fn len(&self) -> usize {
        self.columns.len() / (self.width + 1)
    }

    /// The `count`-th largest eigenvalue and the end of its eigenvector of norm 1, `tail` entries long.
    ///
    /// `least` is a number that the eigenvalue is known to exceed. O(len width²) for each shift that is tried: an interval is
    /// halved by Sturm counts (Sylvester's law of inertia: Parlett, "The Symmetric Eigenvalue Problem", 1980, section 3.3)
    /// until nothing else is in it, and then Rayleigh quotient iteration is held inside (section 4.6). There is no
    /// pivoting, so that the answer may serve to decide when to look, not as a result.
    pub(super) fn pair(&self, count: usize, least: f64, tail: usize) -> (f64, Col<f64>) {
        let (mut low, mut high) = (least, self.radius());
        // How many eigenvalues exceed the ends, once that was counted.
        let (mut above_low, mut above_high) = (None, 0);
        // Near convergence the value hardly moves: look just above the bound before looking far away.
        let mut step = 4.0 * PRECISION * low;
        while step > 0.0 && low + step < high {
            let above = self.factor(low + step).above();
            if above < count {
                (high, above_high) = (low + step, above);
                break;
            }
            (low, above_low) = (low + step, Some(above));
            step *= 32.0;
        }
        let mut vector = vec![1.0 / (self.len() as f64).sqrt(); self.len()];
        let mut quotient = None;
        for _ in 0..STEPS {
            // Eigenvalues of a Gram operator spread over decades: halve the logarithm while there is one.
            let middle = if low > 0.0 && high > 4.0 * low { (low * high).sqrt() } else { f64::midpoint(low, high) };
            let shift = quotient.filter(|at| low < *at && *at < high).unwrap_or(middle);
            let factor = self.factor(shift);
            let above = factor.above();
            if above >= count {
                (low, above_low) = (shift, Some(above))
            } else {
                (high, above_high) = (shift, above)
            }
            let found = high - low <= PRECISION * high;
            if !found && (above_low, above_high) != (Some(count), count - 1) {
                continue;
            }
            let next = shift + improve(&factor, &mut vector);
            if found || (next - shift).abs() <= PRECISION * high {
                improve(&factor, &mut vector);
                return (next.clamp(low, high), self.tail(&vector, tail));
            }
            quotient = Some(next);
        }
        (f64::midpoint(low, high), self.tail(&vector, tail))
    }

    fn tail(&self, vector: &[f64], tail: usize) -> Col<f64> {
        Col::from_fn(tail, |at| vector[self.len() - tail + at])
    }

    /// No eigenvalue is larger: Gershgorin.
    fn radius(&self) -> f64 {
        let mut sums = vec![0.0; self.len() + self.width];
        for (at, column) in self.columns.chunks_exact(self.width + 1).enumerate() {
            sums[at] += column[0].abs();
            for (down, entry) in column.iter().enumerate().skip(1) {
                sums[at] += entry.abs();
                sums[at + down] += entry.abs();
            }
        }
        sums.into_iter().fold(0.0, f64::max)
    }

    /// `L D Lᵀ` of the matrix less `shift` times the identity.
    fn factor(&self, shift: f64) -> Factor {
        let width = self.width;
        let mut columns = self.columns.clone();
        let smallest = f64::EPSILON * shift.abs().max(f64::MIN_POSITIVE);
        columns.iter_mut().step_by(width + 1).for_each(|diagonal| *diagonal -= shift);
        Arch::new().dispatch(Elimination { width, columns: &mut columns, smallest });
        Factor { width, columns }
    }
}

/// Gaussian elimination without pivoting; a pivot below the smallest one allowed is replaced by that.
struct Elimination<'a> {
    width: usize,
    columns: &'a mut [f64],
    smallest: f64,
}

impl WithSimd for Elimination<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { width, columns, smallest } = self;
        match width {
            8 => eliminate::<8>(columns, 8, smallest),
            16 => eliminate::<16>(columns, 16, smallest),
            _ => eliminate::<1>(columns, width, smallest),
        }
    }
}

/// Takes `LANES` entries at a time, which divide the width, and reads zeros behind the last entry of a column.
#[inline(always)]
fn eliminate<const LANES: usize>(columns: &mut [f64], width: usize, smallest: f64) {
    let mut before = vec![0.0; 2 * width + 1];
    let mut rest = columns;
    while let Some((pivot, below)) = rest.split_at_mut_checked(width + 1) {
        if pivot[0].abs() < smallest {
            pivot[0] = -smallest;
        }
        before[..=width].copy_from_slice(pivot);
        let (diagonal, factors) = (pivot[0], &mut pivot[1..]);
        factors.iter_mut().for_each(|entry| *entry /= diagonal);
        for ((target, &factor), down) in below.chunks_exact_mut(width + 1).zip(&*factors).zip(1..) {
            let (targets, _) = target[..width].as_chunks_mut::<LANES>();
            let (entries, _) = before[down..down + width].as_chunks::<LANES>();
            for (targets, entries) in targets.iter_mut().zip(entries) {
                for (target, entry) in targets.iter_mut().zip(entries) {
                    *target -= factor * entry;
                }
            }
        }
        rest = below;
    }
}

/// One step of inverse iteration on a vector of norm 1; the Rayleigh quotient of the new one, less the shift.
fn improve(factor: &Factor, vector: &mut [f64]) -> f64 {
    let before = vector.to_vec();
    factor.solve(vector);
    let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    vector.iter_mut().for_each(|x| *x /= norm);
    vector.iter().zip(&before).map(|(x, before)| x * before).sum::<f64>() / norm
}

/// Unit lower triangular `L` below the diagonal, `D` on it, stored as in [`Banded`].
struct Factor {
    width: usize,
    columns: Vec<f64>,
}

impl Factor {
    /// How many eigenvalues exceed the shift.
    fn above(&self) -> usize {
        self.columns.iter().step_by(self.width + 1).filter(|&&pivot| pivot > 0.0).count()
    }

    /// Solves `L D Lᵀ x = b` in place.
    fn solve(&self, x: &mut [f64]) {
        let stride = self.width + 1;
        let columns = || self.columns.chunks_exact(stride).enumerate();
        for (at, column) in columns() {
            let known = x[at];
            for (x, entry) in x[at + 1..].iter_mut().zip(&column[1..]) {
                *x -= entry * known;
            }
        }
        for (at, column) in columns().rev() {
            let below: f64 = x[at + 1..].iter().zip(&column[1..]).map(|(x, entry)| x * entry).sum();
            x[at] = x[at] / column[0] - below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eigen;

    #[test]
    fn the_pair_is_that_of_the_dense_eigensolver() {
        let (len, width) = (60, 5);
        let entry =
            |i: usize, j: usize| if i == j { 10.0 / (1.0 + i as f64) } else { ((i * 7 + j * 3) % 11) as f64 / 40.0 };
        let dense = Mat::from_fn(len, len, |i, j| if i.abs_diff(j) <= width { entry(i.max(j), i.min(j)) } else { 0.0 });
        let all = eigen::largest(dense.clone(), 12).unwrap();
        for count in [1, 4, 12] {
            let (value, tail) = Banded::new(&dense, len, width).pair(count, 0.0, 8);
            let expected = all.values[count - 1];
            assert!((value - expected).abs() <= 2e-6 * expected, "{value} for {expected}");
            let vector = all.vectors.as_ref().col(count - 1).subrows(len - 8, 8);
            let sign = (vector[7] * tail[7]).signum();
            for at in 0..8 {
                assert!((tail[at] - sign * vector[at]).abs() < 1e-6, "{} for {}", tail[at], vector[at]);
            }
        }
    }
}
