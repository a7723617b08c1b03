//! The secular equation of a rank-one update `diag(poles) + rho z zᵀ`: its roots and its eigenvectors.
//!
//! All scalars are f64, whatever the precision of the matrix. Sums run over eight lanes in a fixed order, so that their
//! bits do not depend on the processor.

use faer::MatMut;
use pulp::{Arch, Simd, WithSimd};

use crate::scalar::Real;

/// Numbers that one step of a loop takes; eight f64 fill the widest register.
const LANES: usize = 8;
/// Roots multiplied together before a division; more might underflow.
const PRODUCT: usize = 4;
/// The interpolation needs three or four steps; a bisection that stands in for it throughout, about sixty.
const STEPS: usize = 100;

/// `1 + rho sum_i weights_i / (poles_i - x) = 0`, where poles rise strictly, weights are positive and `rho > 0`.
pub(super) struct Secular<'a> {
    pub(super) poles: &'a [f64],
    /// Squares of the entries of `z`.
    pub(super) weights: &'a [f64],
    pub(super) rho: f64,
}

/// A root `pole + offset`, kept apart because the distances to the poles must keep all their digits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Root {
    /// The nearer pole.
    pub(super) pole: f64,
    pub(super) offset: f64,
}

impl Root {
    pub(super) fn value(self) -> f64 {
        self.pole + self.offset
    }
}

impl Secular<'_> {
    /// Fills in the roots `first..` in rising order; root `i` lies above pole `i`. O(poles) each.
    ///
    /// Li, R.-C.: Solving secular equations stably and efficiently (1993), LAPACK working note 89, sections 2 to 4: the
    /// sum left of the root and the one right of it are each interpolated by a pole, by value and slope ("the middle
    /// way").
    pub(super) fn roots(&self, first: usize, roots: &mut [Root]) {
        Arch::new().dispatch(Roots { equation: self, first, roots });
    }

    /// The moduli of the entries `first..` of the vector `z` for which the computed roots are exact, times `sqrt(rho)`.
    ///
    /// Its eigenvectors are orthogonal however close the roots: Gu, M. and Eisenstat, S. C.: A divide-and-conquer
    /// algorithm for the symmetric tridiagonal eigenproblem (1995), SIAM J. Matrix Anal. Appl. 16, section 3.
    pub(super) fn exact_z(&self, roots: &[Root], first: usize, z: &mut [f64]) {
        Arch::new().dispatch(ExactZ { poles: self.poles, at: &self.poles[first..][..z.len()], roots, z });
    }
}

/// Writes the unit eigenvector of each root in a column: `z_i / (poles_i - root)`. The order of the poles is free.
pub(super) fn eigenvectors<T: Real>(poles: &[f64], z: &[f64], roots: &[Root], vectors: MatMut<'_, T>) {
    Arch::new().dispatch(Vectors { poles, z, roots, vectors });
}

struct Roots<'a> {
    equation: &'a Secular<'a>,
    first: usize,
    roots: &'a mut [Root],
}

impl WithSimd for Roots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (at, root) in self.roots.iter_mut().enumerate() {
            *root = self.equation.root(self.first + at);
        }
    }
}

/// A sum `sum_i weights_i / (poles_i - x)` and its slope.
#[derive(Clone, Copy, Default)]
struct Sum {
    value: f64,
    slope: f64,
}

/// Where a root is known to lie, as an offset from its pole.
struct Bracket {
    low: f64,
    high: f64,
}

impl Bracket {
    fn holds(&self, offset: f64) -> bool {
        self.low < offset && offset < self.high
    }

    fn middle(&self) -> f64 {
        0.5 * (self.low + self.high)
    }
}

impl Secular<'_> {
    #[inline(always)]
    fn root(&self, at: usize) -> Root {
        let (poles, weights) = (self.poles, self.weights);
        let last = poles.len() - 1;
        if last == 0 {
            return Root { pole: poles[0], offset: self.rho * weights[0] };
        }
        let inverse = 1.0 / self.rho;
        // The two poles that the interpolation keeps: the root is between them, or right of both.
        let left = at.min(last - 1);
        let right = left + 1;
        // The value in the middle of the interval tells the nearer pole and, with the two poles taken out, the start.
        let top =
            if at < last { 0.5 * (poles[right] - poles[left]) } else { 0.5 * self.rho * weights.iter().sum::<f64>() };
        let base = poles[at];
        let rest = inverse + self.sum(base, top, 0..left).value + self.sum(base, top, right + 1..poles.len()).value;
        let middle = rest + weights[left] / (poles[left] - base - top) + weights[right] / (poles[right] - base - top);
        let (origin, mut bracket) = match (at < last, middle > 0.0) {
            (true, true) => (left, Bracket { low: 0.0, high: top }),
            (true, false) => (right, Bracket { low: -top, high: 0.0 }),
            (false, true) => (last, Bracket { low: 0.0, high: top }),
            (false, false) => (last, Bracket { low: top, high: 2.0 * top }),
        };
        let pole = poles[origin];
        let to = (poles[left] - pole, poles[right] - pole);
        let mut offset = two_poles(rest, (to.0, weights[left]), (to.1, weights[right]), &bracket)
            .unwrap_or_else(|| bracket.middle());
        for _ in 0..STEPS {
            let below = self.sum(pole, offset, 0..right);
            let above = self.sum(pole, offset, right..poles.len());
            let value = inverse + below.value + above.value;
            let slope = below.slope + above.slope;
            // What rounding may make of the value: Gu and Eisenstat (1995), equation 3.4.
            let noise = 4.0 * (inverse + below.value.abs() + above.value.abs()) + offset.abs() * slope;
            if value.abs() <= f64::EPSILON * noise {
                break;
            }
            if value < 0.0 {
                bracket.low = offset;
            } else {
                bracket.high = offset;
            }
            let (p, q) = (to.0 - offset, to.1 - offset);
            let rest = value - p * below.slope - q * above.slope;
            let shifted = Bracket { low: bracket.low - offset, high: bracket.high - offset };
            let step = two_poles(rest, (p, below.slope * p * p), (q, above.slope * q * q), &shifted);
            let next = step.map_or_else(|| bracket.middle(), |step| offset + step);
            if (next - offset).abs() <= f64::EPSILON * offset.abs() || !bracket.holds(next) {
                break;
            }
            offset = next;
        }
        Root { pole, offset }
    }

    /// The terms `range` of the sum at `pole + offset`.
    #[inline(always)]
    fn sum(&self, pole: f64, offset: f64, range: std::ops::Range<usize>) -> Sum {
        let (poles, pole_rest) = self.poles[range.clone()].as_chunks::<LANES>();
        let (weights, weight_rest) = self.weights[range].as_chunks::<LANES>();
        let (mut values, mut slopes) = ([0f64; LANES], [0f64; LANES]);
        for (poles, weights) in poles.iter().zip(weights) {
            for lane in 0..LANES {
                let inverse = 1.0 / ((poles[lane] - pole) - offset);
                let term = weights[lane] * inverse;
                values[lane] += term;
                slopes[lane] = term.mul_add(inverse, slopes[lane]);
            }
        }
        for (lane, (p, weight)) in pole_rest.iter().zip(weight_rest).enumerate() {
            let inverse = 1.0 / ((p - pole) - offset);
            let term = weight * inverse;
            values[lane] += term;
            slopes[lane] = term.mul_add(inverse, slopes[lane]);
        }
        Sum { value: added(values), slope: added(slopes) }
    }
}

/// The root of `rest + w / (p - x) + v / (q - x)` inside the bracket, for two poles `(p, w)` and `(q, v)`.
#[inline(always)]
fn two_poles(rest: f64, (p, w): (f64, f64), (q, v): (f64, f64), bracket: &Bracket) -> Option<f64> {
    let linear = rest * (p + q) + w + v;
    let constant = rest * p * q + w * q + v * p;
    let discriminant = (linear * linear - 4.0 * rest * constant).max(0.0);
    // The two roots without cancellation.
    let sum = linear + discriminant.sqrt().copysign(linear);
    [2.0 * constant / sum, sum / (2.0 * rest)].into_iter().find(|&x| bracket.holds(x))
}

/// The sum of eight lanes, by halves.
#[inline(always)]
fn added(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

struct ExactZ<'a> {
    poles: &'a [f64],
    at: &'a [f64],
    roots: &'a [Root],
    z: &'a mut [f64],
}

impl WithSimd for ExactZ<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (at, at_rest) = self.at.as_chunks::<LANES>();
        let (z, z_rest) = self.z.as_chunks_mut::<LANES>();
        for (at, z) in at.iter().zip(z) {
            *z = exact_z(self.poles, self.roots, at);
        }
        if !at_rest.is_empty() {
            // Lanes without a pole repeat the last one; nobody reads them.
            let mut at = [at_rest[at_rest.len() - 1]; LANES];
            at[..at_rest.len()].copy_from_slice(at_rest);
            z_rest.copy_from_slice(&exact_z(self.poles, self.roots, &at)[..z_rest.len()]);
        }
    }
}

/// `sqrt |prod_j (at - root_j) / prod_{poles_j != at} (at - poles_j)|`, for eight poles `at`.
#[inline(always)]
fn exact_z(poles: &[f64], roots: &[Root], at: &[f64; LANES]) -> [f64; LANES] {
    let mut z = [1f64; LANES];
    let (fours, pole_rest) = poles.as_chunks::<PRODUCT>();
    let (root_fours, root_rest) = roots.as_chunks::<PRODUCT>();
    for (poles, roots) in fours.iter().zip(root_fours) {
        multiply(&mut z, at, poles, roots);
    }
    multiply(&mut z, at, pole_rest, root_rest);
    z.map(|z| z.abs().sqrt())
}

/// Multiplies in the factors of a few poles with a single division.
#[inline(always)]
fn multiply(z: &mut [f64; LANES], at: &[f64; LANES], poles: &[f64], roots: &[Root]) {
    let (mut above, mut below) = ([1f64; LANES], [1f64; LANES]);
    for (&pole, root) in poles.iter().zip(roots) {
        for lane in 0..LANES {
            let distance = at[lane] - pole;
            above[lane] *= (at[lane] - root.pole) - root.offset;
            below[lane] *= if distance == 0.0 { 1.0 } else { distance };
        }
    }
    for lane in 0..LANES {
        z[lane] *= above[lane] / below[lane];
    }
}

struct Vectors<'a, T> {
    poles: &'a [f64],
    z: &'a [f64],
    roots: &'a [Root],
    vectors: MatMut<'a, T>,
}

impl<T: Real> WithSimd for Vectors<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut vector = vec![0f64; self.poles.len()];
        for (root, column) in self.roots.iter().zip(self.vectors.col_iter_mut()) {
            let (poles, pole_rest) = self.poles.as_chunks::<LANES>();
            let (z, z_rest) = self.z.as_chunks::<LANES>();
            let (entries, entry_rest) = vector.as_chunks_mut::<LANES>();
            let mut squares = [0f64; LANES];
            for ((poles, z), entries) in poles.iter().zip(z).zip(entries) {
                for lane in 0..LANES {
                    entries[lane] = z[lane] / ((poles[lane] - root.pole) - root.offset);
                    squares[lane] = entries[lane].mul_add(entries[lane], squares[lane]);
                }
            }
            for (lane, ((pole, z), entry)) in pole_rest.iter().zip(z_rest).zip(entry_rest).enumerate() {
                *entry = z / ((pole - root.pole) - root.offset);
                squares[lane] = entry.mul_add(*entry, squares[lane]);
            }
            let scale = 1.0 / added(squares).sqrt();
            if let Some(column) = column.try_as_col_major_mut() {
                for (to, &from) in column.as_slice_mut().iter_mut().zip(&vector) {
                    *to = T::from_f64(from * scale);
                }
            }
        }
    }
}
