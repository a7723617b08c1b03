//! Whether values are opinions or evidence of use.

use serde::{Deserialize, Serialize};

/// What the values of a data set are.
///
/// Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008), section 2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Feedback {
    /// Opinions on a scale: ratings, likes and dislikes.
    Explicit {
        /// Lowest value of the scale.
        least: f32,
        /// Highest value of the scale.
        most: f32,
    },
    /// Counts or weights of events such as views and purchases: more is more evidence, and 0 is none.
    Implicit,
}

impl Feedback {
    /// Explicit, on the scale from the lowest to the highest of `values`; from 0 to 0 without values. O(values).
    #[must_use]
    pub fn explicit(values: &[f32]) -> Self {
        let least = values.iter().copied().reduce(f32::min).unwrap_or(0.0);
        let most = values.iter().copied().reduce(f32::max).unwrap_or(0.0);
        Self::Explicit { least, most }
    }
}
