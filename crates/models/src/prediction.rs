//! A rating as far as it can be known: how likely each value of it is.

/// The rating of an item by a user, as far as it can be known.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Its mean, which is the predicted rating.
    pub mean: f64,
    /// Its standard deviation, the noise of a single rating included, where the model knows it.
    pub deviation: Option<f64>,
    /// The probability of every level of the scale, least first; empty for a model without levels.
    pub levels: Vec<(f32, f64)>,
}

impl Prediction {
    /// The share of the distribution that the central interval of 90 % leaves out on either side.
    pub const TAIL: f64 = 0.05;
    /// The quantile of a normal distribution beyond which that much lies.
    pub const NORMAL_TAIL: f64 = 1.644_853_626_951_472;

    /// The central interval in which the rating lies with a probability of 90 %: from the quantile of 5 % to that of 95 %. On a
    /// scale of levels both are levels and the probability is at least that; without levels the rating is normal. `None` where
    /// the model knows no distribution.
    #[must_use]
    pub fn interval90(&self) -> Option<[f64; 2]> {
        let Some(&(most, _)) = self.levels.last() else {
            let beside = Self::NORMAL_TAIL * self.deviation?;
            return Some([self.mean - beside, self.mean + beside]);
        };
        let quantile = |of: f64| {
            let mut below = 0.0;
            let reaches = |&&(_, share): &&(f32, f64)| {
                below += share;
                below >= of
            };
            f64::from(self.levels.iter().find(reaches).map_or(most, |&(level, _)| level))
        };
        Some([quantile(Self::TAIL), quantile(1.0 - Self::TAIL)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_levels_is_the_least_that_leaves_no_more_than_a_twentieth_out_on_either_side() {
        let of = |shares: [f64; 5]| {
            let levels = shares.into_iter().zip(1u8..).map(|(share, level)| (f32::from(level), share)).collect();
            Prediction { mean: 3.0, deviation: Some(1.0), levels }.interval90()
        };
        assert_eq!(of([0.2; 5]), Some([1.0, 5.0]));
        assert_eq!(of([0.04, 0.06, 0.8, 0.06, 0.04]), Some([2.0, 4.0]));
        assert_eq!(of([0.04, 0.005, 0.91, 0.005, 0.04]), Some([3.0, 3.0]));
        assert_eq!(of([0.0, 0.0, 0.0, 0.06, 0.94]), Some([4.0, 5.0]));
        assert_eq!(of([0.0, 0.0, 0.0, 0.0, 0.999_999]), Some([5.0, 5.0]), "shares that are rounded");
    }

    #[test]
    fn the_interval_of_a_normal_rating_has_ninety_in_a_hundred() {
        let normal = Prediction { mean: 3.0, deviation: Some(2.0), levels: Vec::new() };
        let [low, high] = normal.interval90().unwrap();
        assert!((low + 0.289_707).abs() < 1e-6 && (high - 6.289_707).abs() < 1e-6);
        assert_eq!(Prediction { deviation: None, ..normal }.interval90(), None);
    }
}
