//! What the fit of iALS may choose.

use serde::{Deserialize, Serialize};

use crate::fit::check_range;
use crate::{FitError, Positive};

/// Most factors: each thread holds up to 16 bytes times their square.
const MOST_FACTORS: usize = 4096;
/// The least weight of all pairs: below it the equations are too badly conditioned for single precision.
const LEAST_WEIGHT: f64 = 1e-5;

/// How all users, or all items, are solved for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IalsSolver {
    /// The least squares themselves.
    #[default]
    Exact,
    /// Three steps of conjugate gradients from the factors of the epoch before: a fraction of the time, and a little less
    /// gained an epoch. The users are solved for exactly at last.
    Cg,
}

/// What is known of items that their factors start out from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IalsFeatures {
    /// Nothing: an item without a positive has no factors, and its score is 0.
    #[default]
    None,
    /// The properties of items: what features say of factors is learnt in each epoch, and an item without a positive has those factors.
    Items,
}

/// What the fit of iALS may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IalsParams {
    /// Number of factors of a user and of an item; more of them say more, and cost more.
    pub factors: usize,
    /// How often all users and all items are solved for.
    pub epochs: usize,
    /// Weight of a pair as one that is not positive, where a positive weighs 1 more; from 0.01 to 1.
    pub unobserved_weight: f64,
    /// Weight of the penalty on the factors, which decides most; from 0.001 to 0.05.
    pub regularization: f64,
    /// How much the penalty rises with the number of interactions of a user or item, from 0 (not) to 1 (alike).
    pub frequency_exponent: f64,
    /// How the factors are found: `exact`, or `cg`, several times faster with 128 factors.
    pub solver: IalsSolver,
    /// What is known of the items that their factors start out from.
    pub features: IalsFeatures,
    /// Weight of the penalty on what the features say, in items: more of them have to agree before it is believed.
    pub feature_penalty: f64,
    /// Seed of the first item factors. Equal seeds give equal bytes.
    pub seed: u64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for IalsParams {
    /// Weight and penalty are those found for MovieLens 1M with 128 factors (`docs/models.md`).
    fn default() -> Self {
        Self {
            factors: 64,
            epochs: 8,
            unobserved_weight: 0.15,
            regularization: 0.01,
            frequency_exponent: 1.0,
            solver: IalsSolver::default(),
            features: IalsFeatures::default(),
            feature_penalty: 5.0,
            seed: 0,
            positive: Positive::default(),
        }
    }
}

impl IalsParams {
    pub(super) fn check(&self) -> Result<(), FitError> {
        if !(1..=MOST_FACTORS).contains(&self.factors) {
            let allowed = format!("whole numbers from 1 to {MOST_FACTORS}");
            return Err(FitError::Parameter { name: "factors", found: self.factors.to_string(), allowed });
        }
        if self.epochs == 0 {
            let allowed = "whole numbers from 1 on".to_owned();
            return Err(FitError::Parameter { name: "epochs", found: self.epochs.to_string(), allowed });
        }
        check_range("unobserved_weight", self.unobserved_weight, LEAST_WEIGHT, 1000.0)?;
        check_range("regularization", self.regularization, f64::MIN_POSITIVE, f64::INFINITY)?;
        check_range("frequency_exponent", self.frequency_exponent, 0.0, 1.0)?;
        check_range("feature_penalty", self.feature_penalty, f64::MIN_POSITIVE, f64::INFINITY)
    }

    /// Whether no fit can have had these parameters.
    pub(super) fn is_refused(&self) -> bool {
        self.check().is_err()
    }
}
