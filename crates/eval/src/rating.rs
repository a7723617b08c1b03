//! Errors of predicted ratings.

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
