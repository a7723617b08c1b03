//! The part of a user in every sample, made of a history by a fixed rule.
//!
//! Given a sample's weights of everything else, a user's own weights have a known posterior: a normal one for ratings with normal
//! noise, a log-concave one for ordinal ratings. Its top is what the user has in that sample, and its covariance there says how
//! sure that is. The users of the training data get theirs in the same way, so that an equal history gives equal scores.

use super::cut_points::CutPoints;
use super::gauss::Gauss;
use super::samples::{Samples, State, Sums};
use crate::History;
use crate::fit::narrow;
use crate::normal_equations::Cholesky;

/// Steps to the top of a posterior, at most; each leaves about a tenth of the way.
const MOST_STEPS: usize = 200;
/// The top is found when no weight moves by more.
const STILL: f64 = 1e-9;

/// A history as the equations of each sample need it.
struct Rated<'a> {
    items: Vec<&'a [f32]>,
    /// The numbers of the day of each, where there are days.
    days: Vec<Option<&'a [f32]>>,
    /// Ratings as the sampler saw them, or levels.
    ratings: Vec<f64>,
    levels: Vec<usize>,
}

/// What rated items add to a user by being rated, in one sample: by itself, and to the factors.
struct Base {
    alone: f64,
    factors: Vec<f64>,
}

impl Samples {
    /// The numbers of a user with this history, (width + 1) x count: the columns of a score, and the variance that not knowing
    /// the user's own weights leaves in it, the mean over interactions of the training data. `rating` makes of a value what the
    /// sampler saw, `level` the level of it; `told` is what the user has by properties; `days` are the places of the days of the history. O(history x width² x count).
    pub(crate) fn user(
        &self,
        (history, days): (History<'_>, &[Option<usize>]),
        told: Sums,
        rating: impl Fn(f32) -> f64,
        level: impl Fn(f32) -> usize,
    ) -> Vec<f32> {
        let (width, count) = (self.width, self.count);
        let mut numbers = vec![0f32; (width + 1) * count];
        let rated = Rated {
            items: history.iter().map(|(item, _)| self.item(item)).collect(),
            days: days.iter().map(|day| day.map(|day| self.day(day))).collect(),
            ratings: history.iter().map(|(_, value)| rating(value)).collect(),
            levels: history.iter().map(|(_, value)| level(value)).collect(),
        };
        let Sums { sums, squares } = self.implicit(history, told);
        for (at, state) in self.states.iter().enumerate() {
            let base = Base::new(at, (width, count), &sums, &squares);
            let (own, variance) = rated.solve(at, count, state, &base);
            let mut alone = state.offset + base.alone + own[0];
            for (column, (factor, own)) in base.factors.iter().zip(&own[1..]).enumerate() {
                alone += factor * own;
                numbers[(column + 1) * count + at] = narrow(factor + own);
            }
            numbers[at] = narrow(alone);
            numbers[width * count + at] = narrow(variance);
        }
        numbers
    }

    /// Adds what the rated items have as such.
    fn implicit(&self, history: History<'_>, mut told: Sums) -> Sums {
        if !self.rated.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "a history is far shorter than 2^53")]
            let value = 1.0 / (history.items.len().max(1) as f64).sqrt();
            history.iter().for_each(|(item, _)| told.add(self.rated(item), value));
        }
        told
    }
}

impl Base {
    fn new(at: usize, (width, count): (usize, usize), sums: &[f64], squares: &[f64]) -> Self {
        let factors: Vec<f64> = (1..width).map(|column| sums[column * count + at]).collect();
        let pairs = factors.iter().zip(1..).map(|(sum, column)| 0.5 * (sum * sum - squares[column * count + at]));
        Self { alone: sums[at] + pairs.sum::<f64>(), factors }
    }
}

impl Rated<'_> {
    /// The top of the posterior of the user's own weights, and the variance around it of a score.
    fn solve(&self, at: usize, count: usize, state: &State, base: &Base) -> (Vec<f64>, f64) {
        let width = base.factors.len() + 1;
        // A rating's score is what is known without the own weights, plus their product with a row.
        let mut rows = vec![1f64; self.items.len() * width];
        let mut known = Vec::with_capacity(self.items.len());
        for ((row, item), day) in rows.chunks_exact_mut(width).zip(&self.items).zip(&self.days) {
            let of_day = |column: usize| day.map_or(0.0, |day| f64::from(day[column * count + at]));
            let mut alone = state.offset + base.alone + f64::from(item[at]) + of_day(0);
            for (column, (to, factor)) in row[1..].iter_mut().zip(&base.factors).enumerate() {
                let (of_item, of_day) = (f64::from(item[(column + 1) * count + at]), of_day(column + 1));
                alone += factor * (of_item + of_day) + of_item * of_day;
                *to = factor + of_item + of_day;
            }
            known.push(alone);
        }
        let ordinal = !state.points.is_empty();
        let matrix = equations(&state.precisions, &rows, |_| state.noise);
        let Some(factor) = Cholesky::new(matrix, width) else { return (state.means.clone(), 0.0) };
        let mut own = state.means.clone();
        if ordinal {
            // No information of a rating is above 1, the noise's, so that each step goes up.
            for _ in 0..MOST_STEPS {
                let mut step = prior_slope(state, &own);
                for ((row, known), &level) in rows.chunks_exact(width).zip(&known).zip(&self.levels) {
                    let slope = derivatives(state, level, known + product(row, &own)).0;
                    step.iter_mut().zip(row).for_each(|(to, x)| *to += slope * x);
                }
                factor.solve(&mut step);
                own.iter_mut().zip(&step).for_each(|(own, step)| *own += step);
                if step.iter().all(|step| step.abs() < STILL) {
                    break;
                }
            }
            let information: Vec<f64> = rows
                .chunks_exact(width)
                .zip(&known)
                .zip(&self.levels)
                .map(|((row, known), &level)| derivatives(state, level, known + product(row, &own)).1)
                .collect();
            let matrix = equations(&state.precisions, &rows, |at| information[at]);
            let variance = Cholesky::new(matrix, width).map_or(0.0, |factor| spread(&factor, &state.moments, base));
            return (own, variance);
        }
        let mut step = prior_slope(state, &own);
        for ((row, known), rating) in rows.chunks_exact(width).zip(&known).zip(&self.ratings) {
            let slope = state.noise * (rating - known - product(row, &own));
            step.iter_mut().zip(row).for_each(|(to, x)| *to += slope * x);
        }
        factor.solve(&mut step);
        own.iter_mut().zip(&step).for_each(|(own, step)| *own += step);
        (own, spread(&factor, &state.moments, base))
    }
}

/// Precisions on the diagonal, and each row times itself; the lower half.
fn equations(precisions: &[f64], rows: &[f64], weight: impl Fn(usize) -> f64) -> Vec<f64> {
    let width = precisions.len();
    let mut matrix = vec![0f64; width * width];
    for (at, row) in rows.chunks_exact(width).enumerate() {
        let weight = weight(at);
        for (line, (to, x)) in matrix.chunks_exact_mut(width).zip(row).enumerate() {
            let weighted = weight * x;
            to[..=line].iter_mut().zip(row).for_each(|(to, y)| *to += weighted * y);
        }
    }
    (0..width).for_each(|at| matrix[at * width + at] += precisions[at]);
    matrix
}

fn prior_slope(state: &State, own: &[f64]) -> Vec<f64> {
    let of = |((precision, mean), own): ((&f64, &f64), &f64)| precision * (mean - own);
    state.precisions.iter().zip(&state.means).zip(own).map(of).collect()
}

/// First and minus the second derivative of the log-probability of a level by the score.
fn derivatives(state: &State, level: usize, score: f64) -> (f64, f64) {
    let (low, high) = CutPoints::ends(&state.points, level);
    let (low, high) = (low - score, high - score);
    Gauss::get().level(low, high).derivatives(low, high)
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean over interactions of `xᵀ A⁻¹ x`, where `x` is 1 and the factors of an item plus those that the user has anyway.
fn spread(factor: &Cholesky, moments: &[f64], base: &Base) -> f64 {
    let width = base.factors.len() + 1;
    let shift = |at: usize| if at == 0 { 0.0 } else { base.factors[at - 1] };
    let moment = |a: usize, b: usize| {
        moments[a * width + b] + shift(a) * moments[b] + shift(b) * moments[a] + shift(a) * shift(b)
    };
    (0..width)
        .map(|column| {
            let mut solved: Vec<f64> = (0..width).map(|row| moment(row, column)).collect();
            factor.solve(&mut solved);
            solved[column]
        })
        .sum()
}
