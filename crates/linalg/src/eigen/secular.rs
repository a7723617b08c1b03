//! The roots of the secular equation of a rank-one update `diag(poles) + rho z zᵀ`, in f64.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

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
}

struct Roots<'a> {
    equation: &'a Secular<'a>,
    first: usize,
    roots: &'a mut [Root],
}

impl WithSimd for Roots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (at, root) in self.roots.iter_mut().enumerate() {
            *root = self.equation.root(simd, self.first + at);
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
    fn root<S: Simd>(&self, simd: S, at: usize) -> Root {
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
        let rest = inverse
            + self.sum(simd, base, top, 0..left).value
            + self.sum(simd, base, top, right + 1..poles.len()).value;
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
            let below = self.sum(simd, pole, offset, 0..right);
            let above = self.sum(simd, pole, offset, right..poles.len());
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
    fn sum<S: Simd>(&self, simd: S, pole: f64, offset: f64, range: Range<usize>) -> Sum {
        let (poles, pole_rest) = S::as_simd_f64s(&self.poles[range.clone()]);
        let (weights, weight_rest) = S::as_simd_f64s(&self.weights[range]);
        let (pole_lanes, offset_lanes) = (simd.splat_f64s(pole), simd.splat_f64s(offset));
        let (mut values, mut slopes) = (simd.splat_f64s(0.0), simd.splat_f64s(0.0));
        for (&p, &weight) in poles.iter().zip(weights) {
            let distance = simd.sub_f64s(simd.sub_f64s(p, pole_lanes), offset_lanes);
            let inverse = simd.div_f64s(simd.splat_f64s(1.0), distance);
            let term = simd.mul_f64s(weight, inverse);
            values = simd.add_f64s(values, term);
            slopes = simd.mul_add_f64s(term, inverse, slopes);
        }
        let (mut value, mut slope) = (simd.reduce_sum_f64s(values), simd.reduce_sum_f64s(slopes));
        for (p, weight) in pole_rest.iter().zip(weight_rest) {
            let inverse = 1.0 / ((p - pole) - offset);
            let term = weight * inverse;
            value += term;
            slope = term.mul_add(inverse, slope);
        }
        Sum { value, slope }
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
