//! Errors of predicted ratings, and whether they are as sure as they say.

use foretaste::models::Prediction;
use serde::{Deserialize, Serialize};

/// How far predictions are from ratings, over all rows at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RatingErrors {
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
}

impl RatingErrors {
    /// Of pairs of rating and prediction; predictions are held to the scale by whoever makes them. 0 without pairs.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (f32, f32)>) -> Self {
        let (mut squares, mut absolutes, mut rows) = (0.0, 0.0, 0u64);
        for (rating, prediction) in pairs {
            let error = f64::from(prediction) - f64::from(rating);
            squares += error * error;
            absolutes += error.abs();
            rows += 1;
        }
        let rows = rows.max(1) as f64;
        Self { rmse: (squares / rows).sqrt(), mae: absolutes / rows }
    }
}

/// The least probability that a level counts with.
const LEAST: f64 = 1e-6;

/// Whether a prediction's distribution is that of the ratings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calibration {
    /// The share of ratings in the central interval that the model gives 90 %. A level of a scale may lie across the interval's end:
    /// then it counts by the part of its probability that is inside. So 0.9 is what a model reaches whose probabilities are true,
    /// however few levels there are (it is the expected share of randomised quantiles in 0.05..0.95; Czado, Gneiting,
    /// Held, "Predictive model assessment for count data", Biometrics 65(4), 2009, section 2.1).
    pub coverage: f64,
    /// The mean of -ln of the probability of the level that was given, which is at least 1e-6; of models with levels alone.
    pub log_loss: Option<f64>,
}

impl Calibration {
    /// Of one rating; `None` where the model has no distribution of it.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "a level itself is meant")]
    pub fn of(rating: f32, predicted: &Prediction) -> Option<Self> {
        if predicted.levels.is_empty() {
            let beside = (f64::from(rating) - predicted.mean).abs();
            let is_inside = beside <= Prediction::NORMAL_TAIL * predicted.deviation?;
            return Some(Self { coverage: if is_inside { 1.0 } else { 0.0 }, log_loss: None });
        }
        let levels = || predicted.levels.iter();
        let below: f64 = levels().filter(|(level, _)| *level < rating).map(|(_, share)| share).sum();
        let given = levels().find(|(level, _)| *level == rating).map_or(0.0, |(_, share)| *share);
        let (low, high) = (below.max(Prediction::TAIL), (below + given).min(1.0 - Prediction::TAIL));
        let coverage = if given > 0.0 { ((high - low) / given).clamp(0.0, 1.0) } else { 0.0 };
        Some(Self { coverage, log_loss: Some(-given.max(LEAST).ln()) })
    }

    /// The mean of some; `None` of none.
    #[must_use]
    pub fn mean(all: &[Self]) -> Option<Self> {
        let count = all.len() as f64;
        let coverage = all.iter().map(|one| one.coverage).sum::<f64>() / count;
        let losses: Option<Vec<f64>> = all.iter().map(|one| one.log_loss).collect();
        let log_loss = losses.map(|losses| losses.iter().sum::<f64>() / count);
        (!all.is_empty()).then_some(Self { coverage, log_loss })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_true_distribution_is_covered_nine_times_in_ten_however_few_its_levels_are() {
        for shares in [&[0.5, 0.5][..], &[0.02, 0.03, 0.1, 0.55, 0.3], &[0.97, 0.0, 0.03], &[0.2; 5]] {
            let levels: Vec<(f32, f64)> = (1u8..).map(f32::from).zip(shares.iter().copied()).collect();
            let predicted = Prediction { mean: 3.0, deviation: Some(1.0), levels: levels.clone() };
            let of = |level| Calibration::of(level, &predicted).unwrap();
            let expected: f64 = levels.iter().map(|&(level, share)| share * of(level).coverage).sum();
            assert!((expected - 0.9).abs() < 1e-12, "{shares:?}: {expected}");
            assert_eq!(of(1.0).log_loss, Some(-shares[0].ln()));
            // A level that the model does not know is covered by nothing.
            assert_eq!(of(1.5), Calibration { coverage: 0.0, log_loss: Some(-LEAST.ln()) });
        }
    }

    #[test]
    fn a_normal_distribution_covers_what_is_within_its_quantiles() {
        let predicted = Prediction { mean: 3.0, deviation: Some(0.5), levels: Vec::new() };
        let inside = |rating| Calibration::of(rating, &predicted).unwrap().coverage > 0.5;
        assert_eq!([2.17, 2.18, 3.82, 3.83].map(inside), [false, true, true, false]);
        assert_eq!(Calibration::of(3.0, &Prediction { deviation: None, ..predicted }), None);
        assert_eq!(Calibration::mean(&[]), None);
    }
}
