//! What the features of items say of their factors: a mean that the penalty of each item pulls to, and its regression.
//!
//! With the features `F` (items x features, rows of length 1), the weights `A` (features x factors) and the penalties `p_i` of
//! the items with positives, `A` minimises `sum p_i |v_i - Aᵀ f_i|² + feature_penalty x (mean p_i) |A|²` for the factors `v` that it
//! is given: the ridge regression `(Fᵀ P F + feature_penalty (mean p_i)) A = Fᵀ P V`.

use foretaste_linalg::{CsrMatrix, Dense};
use rayon::prelude::*;

use crate::fit::narrow;

/// Factors that are regressed side by side.
const LANES: usize = 8;
/// Most steps of conjugate gradients for each regression, which go on from the weights of the epoch before.
const STEPS: usize = 200;
/// Steps end where the residual is this share of the right-hand side, each entry scaled by the diagonal.
const SHARE: f64 = 1e-7;

type Lanes = [f64; LANES];

/// Features of items, and what they say of factors.
pub(crate) struct Prior {
    features: CsrMatrix,
    /// The penalty of each item; 0 of those without a positive, which say nothing.
    penalties: Vec<f64>,
    /// The penalty on the weights.
    own: f64,
    /// The diagonal of the equations, for each feature.
    diagonal: Vec<f64>,
    /// features x factors.
    pub(super) weights: Dense<f32>,
}

impl Prior {
    /// Says nothing yet. `penalties` are those of the items, 0 of items without a positive; `feature_penalty` counts in their
    /// mean.
    pub(super) fn new(features: CsrMatrix, penalties: Vec<f64>, feature_penalty: f64, width: usize) -> Self {
        let known = penalties.iter().filter(|&&penalty| penalty > 0.0);
        let (count, sum) = known.fold((0f64, 0f64), |(count, sum), penalty| (count + 1.0, sum + penalty));
        let own = feature_penalty * if count > 0.0 { sum / count } else { 1.0 };
        let mut diagonal = vec![own; features.ncols()];
        for (item, penalty) in penalties.iter().enumerate() {
            let (names, values) = features.row(item);
            for (&name, &value) in names.iter().zip(values) {
                diagonal[name as usize] += penalty * f64::from(value).powi(2);
            }
        }
        let weights = Dense::zeros(features.ncols(), width);
        Self { features, penalties, own, diagonal, weights }
    }

    /// The factors that the features of an item say, `Aᵀ f`. Features of the item x factors.
    pub(super) fn mean(&self, item: usize, to: &mut [f32]) {
        to.fill(0.0);
        let (names, values) = self.features.row(item);
        for (&name, &value) in names.iter().zip(values) {
            let row = self.weights.row(name as usize);
            to.iter_mut().zip(row).for_each(|(to, weight)| *to += value * weight);
        }
    }

    /// The mean of an item with positives in `to`, which the penalty of others is not from.
    pub(super) fn mean_of_known<'m>(&self, item: usize, to: &'m mut Vec<f32>) -> Option<&'m [f32]> {
        if self.penalties[item] <= 0.0 {
            return None;
        }
        to.resize(self.weights.ncols(), 0.0);
        self.mean(item, to);
        Some(to)
    }

    /// The penalty on the weights, `feature_penalty x (mean p_i) |A|²`.
    pub(super) fn penalty(&self) -> f64 {
        self.own * self.weights.values().iter().map(|&x| f64::from(x).powi(2)).sum::<f64>()
    }

    /// Learns the weights from the factors of the items, items x factors: conjugate gradients with the diagonal as the
    /// preconditioner, from the weights there are, for all factors side by side. Each step takes 4 flops a factor and value of
    /// `F`; memory: 8 bytes a weight, and 320 bytes a feature and thread.
    ///
    /// The bits do not depend on the threads: each factor is regressed by itself.
    pub(super) fn learn(&mut self, factors: &Dense<f32>) {
        let width = factors.ncols();
        let blocks: Vec<Vec<Lanes>> =
            (0..width.div_ceil(LANES)).into_par_iter().map(|block| self.regress(factors, block * LANES)).collect();
        for (name, row) in self.weights.values_mut().chunks_exact_mut(width).enumerate() {
            for (to, block) in row.chunks_mut(LANES).zip(&blocks) {
                to.iter_mut().zip(&block[name]).for_each(|(to, &x)| *to = narrow(x));
            }
        }
    }

    /// The weights of the factors from `first` on.
    fn regress(&self, factors: &Dense<f32>, first: usize) -> Vec<Lanes> {
        let count = self.features.ncols();
        let lanes = |row: &[f32]| -> Lanes {
            std::array::from_fn(|lane| row.get(first + lane).copied().map_or(0.0, f64::from))
        };
        let mut weights: Vec<Lanes> = (0..count).map(|name| lanes(self.weights.row(name))).collect();
        let mut residual = vec![[0f64; LANES]; count];
        self.products(&|item| lanes(factors.row(item)), None, &mut residual);
        let ends = self.squares(&residual).map(|square| square * SHARE * SHARE);
        self.products(&|item| lanes(factors.row(item)), Some(&weights), &mut residual);
        let mut direction: Vec<Lanes> =
            residual.iter().zip(&self.diagonal).map(|(r, diagonal)| r.map(|r| r / diagonal)).collect();
        let mut square = self.squares(&residual);
        let mut product = vec![[0f64; LANES]; count];
        for _ in 0..STEPS {
            if square.iter().zip(&ends).all(|(square, end)| square <= end) {
                break;
            }
            // -(Fᵀ P F + own) p
            self.products(&|_| [0.0; LANES], Some(&direction), &mut product);
            let mut curvature = [0f64; LANES];
            for (p, q) in direction.iter().zip(&product) {
                curvature.iter_mut().zip(p).zip(q).for_each(|((sum, p), q)| *sum -= p * q);
            }
            // A factor that is done stands still.
            let step: Lanes = std::array::from_fn(|lane| {
                let is_done = square[lane] <= ends[lane] || curvature[lane] <= 0.0;
                if is_done { 0.0 } else { square[lane] / curvature[lane] }
            });
            for (((a, r), p), q) in weights.iter_mut().zip(&mut residual).zip(&direction).zip(&product) {
                for lane in 0..LANES {
                    a[lane] += step[lane] * p[lane];
                    r[lane] += step[lane] * q[lane];
                }
            }
            let before = square;
            square = self.squares(&residual);
            let share: Lanes =
                std::array::from_fn(|lane| if before[lane] > 0.0 { square[lane] / before[lane] } else { 0.0 });
            for ((p, r), diagonal) in direction.iter_mut().zip(&residual).zip(&self.diagonal) {
                for lane in 0..LANES {
                    p[lane] = r[lane] / diagonal + share[lane] * p[lane];
                }
            }
        }
        weights
    }

    /// `Fᵀ P (base - F v) - own v`, the items in their order.
    fn products(&self, base: &impl Fn(usize) -> Lanes, v: Option<&[Lanes]>, out: &mut [Lanes]) {
        match v {
            None => out.fill([0.0; LANES]),
            Some(v) => out.iter_mut().zip(v).for_each(|(out, v)| *out = v.map(|v| -self.own * v)),
        }
        for (item, &penalty) in self.penalties.iter().enumerate().filter(|&(_, &penalty)| penalty > 0.0) {
            let (names, values) = self.features.row(item);
            let mut left = base(item);
            if let Some(v) = v {
                for (&name, &value) in names.iter().zip(values) {
                    left.iter_mut().zip(&v[name as usize]).for_each(|(left, v)| *left -= f64::from(value) * v);
                }
            }
            left = left.map(|left| penalty * left);
            for (&name, &value) in names.iter().zip(values) {
                out[name as usize].iter_mut().zip(&left).for_each(|(out, left)| *out += f64::from(value) * left);
            }
        }
    }

    /// For each factor, the square of a residual with the inverse of the diagonal between.
    fn squares(&self, residual: &[Lanes]) -> Lanes {
        let mut sums = [0f64; LANES];
        for (r, diagonal) in residual.iter().zip(&self.diagonal) {
            sums.iter_mut().zip(r).for_each(|(sum, r)| *sum += r * r / diagonal);
        }
        sums
    }
}
