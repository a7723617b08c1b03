//! Bayesian factorisation machine: predicted ratings from weights of users, items and what they have, which are never fitted but
//! drawn from what the ratings leave possible.
//!
//! An interaction has features `x`: its user, its item; the items that the user has rated and the users who have rated the
//! item, each group scaled to length 1; the properties of both; and its day. Its score is
//!
//! ```text
//! offset + sum_j w_j x_j + sum over pairs j < k of (v_j . v_k) x_j x_k
//! ```
//!
//! and a rating is the score with normal noise; or, by default, the level of the scale in whose stretch of the line the score
//! with normal noise falls, so that the distances of the levels are learnt (ordered probit). Each group of features has a normal
//! prior of its own in each column of weights, with a mean and a precision that are drawn as well. A fit runs a Gibbs sampler
//! and keeps some of its states; a prediction is the mean over them.
//!
//! Sources: Rendle, "Factorization machines with libFM", ACM TIST 3(3), 2012; Freudenthaler, Schmidt-Thieme, Rendle, "Bayesian
//! factorization machines", NIPS workshop, 2011; Rendle, Zhang, Koren, "On the difficulty of evaluating baselines", arXiv
//! 1905.01395, 2019; Albert, Chib, "Bayesian analysis of binary and polychotomous response data", JASA 88(422), 1993.

mod chain;
mod cut_points;
mod days;
mod draws;
mod fit;
mod gauss;
mod history;
mod persist;
mod properties;
mod samples;
mod side;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::{BayesianFmParams, Output};
use gauss::Gauss;
use samples::{Samples, Sums};

use days::Days;

use crate::fit::narrow;
use crate::{Candidates, FoldIn, History, Meaning, Prediction, Predictive, Scorer, SimilarItems};

/// What the sampler left: samples, and the part of every user in each of them.
#[derive(Clone, Debug)]
pub struct BayesianFm {
    samples: Samples,
    /// users x (width + 1) x samples.
    users: Vec<f32>,
    output: Rule,
    days: Days,
    /// Least and greatest rating.
    scale: [f32; 2],
}

/// How ratings and scores belong together.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    /// A rating is `mean + deviation x score`.
    Normal { mean: f64, deviation: f64 },
    /// A rating is one of these, rising.
    Levels(Vec<f32>),
}

impl Rule {
    /// A rating as the sampler sees it.
    fn rating(&self, value: f32) -> f64 {
        match self {
            Self::Normal { mean, deviation } => (f64::from(value) - mean) / deviation,
            Self::Levels(_) => 0.0,
        }
    }

    /// The level that a value is nearest to, the lower one of two.
    fn level(&self, value: f32) -> usize {
        let Self::Levels(levels) = self else { return 0 };
        let above = levels.partition_point(|&level| level < value);
        let is_nearer = above > 0 && (above == levels.len() || value - levels[above - 1] <= levels[above] - value);
        if is_nearer { above - 1 } else { above }
    }
}

impl BayesianFm {
    /// Number of samples that a prediction is the mean of.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples.count
    }

    fn user(&self, user: UserIx) -> &[f32] {
        let size = (self.samples.width + 1) * self.samples.count;
        &self.users[user.0 as usize * size..][..size]
    }

    fn folded(&self, history: History<'_>, told: Sums) -> Vec<f32> {
        let days: Vec<Option<usize>> = match history.times {
            Some(times) => times.iter().map(|&time| self.days.place(Some(time))).collect(),
            None => vec![self.days.place(None); history.items.len()],
        };
        let known = (|value| self.output.rating(value), |value| self.output.level(value));
        self.samples.user((history, &days), told, known.0, known.1)
    }

    /// A user's numbers on the day of a time: the day's factors added to the user's, and what the day adds to the user alone.
    fn on_day(&self, user: &[f32], time: Option<i64>) -> Vec<f32> {
        let (mut numbers, count) = (user.to_vec(), self.samples.count);
        let Some(day) = self.days.place(time) else { return numbers };
        let day = self.samples.day(day);
        let (alone, factors) = numbers.split_at_mut(count);
        alone.iter_mut().zip(day).for_each(|(to, of_day)| *to += of_day);
        for (of_user, of_day) in factors.chunks_exact_mut(count).zip(day[count..].chunks_exact(count)) {
            for ((to, of_user), of_day) in alone.iter_mut().zip(of_user).zip(of_day) {
                *to += *of_user * of_day;
                *of_user += of_day;
            }
        }
        numbers
    }

    /// The scores of an item in all samples.
    fn scores(&self, user: &[f32], item: usize, scores: &mut [f32]) {
        let (count, item) = (self.samples.count, self.samples.item(item));
        let both = || user.chunks_exact(count).zip(item.chunks_exact(count));
        for (u, v) in both().take(1) {
            scores.iter_mut().zip(u).zip(v).for_each(|((score, u), v)| *score = u + v);
        }
        for (u, v) in both().skip(1) {
            scores.iter_mut().zip(u).zip(v).for_each(|((score, u), v)| *score += u * v);
        }
    }

    /// For each sample and cut point, how much of a rating's scale lies above it, times the probability to be there.
    fn rating(&self, user: &[f32], scores: &[f32]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a number of samples is small")]
        let count = self.samples.count as f64;
        match &self.output {
            Rule::Normal { mean, deviation } => {
                mean + deviation * scores.iter().map(|&score| f64::from(score)).sum::<f64>() / count
            }
            Rule::Levels(levels) => {
                let gauss = Gauss::get();
                let variances = &user[self.samples.width * self.samples.count..];
                let mut sum = 0.0;
                for ((score, variance), state) in scores.iter().zip(variances).zip(&self.samples.states) {
                    let (score, deviation) = (f64::from(*score), (1.0 + f64::from(*variance)).sqrt());
                    for (point, ends) in state.points.iter().zip(levels.windows(2)) {
                        sum += f64::from(ends[1] - ends[0]) * gauss.below((score - point) / deviation);
                    }
                }
                f64::from(levels[0]) + sum / count
            }
        }
    }

    fn prediction(&self, user: &[f32], item: ItemIx) -> Prediction {
        let mut scores = vec![0f32; self.samples.count];
        self.scores(user, item.0 as usize, &mut scores);
        let mean = self.rating(user, &scores);
        #[expect(clippy::cast_precision_loss, reason = "a number of samples is small")]
        let count = self.samples.count as f64;
        let variances = &user[self.samples.width * self.samples.count..];
        let each = || scores.iter().zip(variances).map(|(&score, &v)| (f64::from(score), f64::from(v)));
        match &self.output {
            Rule::Normal { mean: middle, deviation } => {
                let of = |((score, variance), state): ((f64, f64), &samples::State)| {
                    ((middle + deviation * score) - mean).powi(2)
                        + deviation * deviation * (variance + 1.0 / state.noise)
                };
                let variance: f64 = each().zip(&self.samples.states).map(of).sum::<f64>() / count;
                Prediction { mean, deviation: Some(variance.sqrt()), levels: Vec::new() }
            }
            Rule::Levels(levels) => {
                let gauss = Gauss::get();
                let mut shares = vec![0f64; levels.len()];
                for ((score, variance), state) in each().zip(&self.samples.states) {
                    let mut below = 0.0;
                    for (level, share) in shares.iter_mut().enumerate() {
                        let next = state
                            .points
                            .get(level)
                            .map_or(1.0, |point| gauss.below((point - score) / (1.0 + variance).sqrt()));
                        *share += (next - below) / count;
                        below = next;
                    }
                }
                let levels: Vec<(f32, f64)> = levels.iter().copied().zip(shares).collect();
                let variance: f64 =
                    levels.iter().map(|&(level, share)| share * (f64::from(level) - mean).powi(2)).sum();
                Prediction { mean, deviation: Some(variance.sqrt()), levels }
            }
        }
    }

    fn score(&self, user: &[f32], candidates: Candidates<'_>, scores: &mut [f32]) {
        let user = &self.on_day(user, None)[..];
        let mut of_samples = vec![0f32; self.samples.count];
        candidates.score_each(scores, |item| {
            self.scores(user, item, &mut of_samples);
            narrow(self.rating(user, &of_samples))
        });
    }
}

impl Scorer for BayesianFm {
    fn items(&self) -> usize {
        self.samples.items.len() / (self.samples.width * self.samples.count)
    }

    fn meaning(&self) -> Meaning {
        let [least, most] = self.scale;
        Meaning::Rating { least, most }
    }

    fn score_user(&self, user: UserIx, _: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score(self.user(user), candidates, scores);
    }

    /// A rating of 0 is a rating; and without any the best items are those that are the best for everybody.
    fn has_direction(&self, _: History<'_>) -> bool {
        true
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }

    fn predictive(&self) -> Option<&dyn Predictive> {
        Some(self)
    }
}

impl Predictive for BayesianFm {
    /// `samples` x (`factors` + levels); the day of the time is the latest that the training data know and that is not after it.
    fn predict(&self, user: UserIx, item: ItemIx, time: Option<i64>) -> Prediction {
        self.prediction(&self.on_day(self.user(user), time), item)
    }

    /// One fold-in, and for each item as above.
    fn predict_history(&self, history: History<'_>, items: &[ItemIx]) -> Vec<Prediction> {
        let user = self.on_day(&self.folded(history, Sums::typical(&self.samples)), None);
        items.iter().map(|&item| self.prediction(&user, item)).collect()
    }
}

impl FoldIn for BayesianFm {
    /// A history states no properties of a user, so those of the mean user stand in for them: only where the data have none is this
    /// what a user of the training data with the same history has.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score(&self.folded(history, Sums::typical(&self.samples)), candidates, scores);
    }
}

impl SimilarItems for BayesianFm {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the items' factors in all samples, side by side.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let factors = |item: usize| &self.samples.item(item)[self.samples.count..];
        let product = |a: usize, b: usize| {
            factors(a).iter().zip(factors(b)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
        };
        let item = item.0 as usize;
        let length = product(item, item).sqrt();
        Candidates::All.score_each(scores, |other| {
            let both = length * product(other, other).sqrt();
            if both > 0.0 { narrow(product(item, other) / both) } else { f32::NEG_INFINITY }
        });
    }
}
