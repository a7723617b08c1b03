//! Whether values are opinions or evidence of use.

use serde::{Deserialize, Serialize};

/// Values that are compared side by side, so that a comparison need not wait for the one before.
const LANES: usize = 16;

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
        let Some(&first) = values.first() else { return Self::Explicit { least: 0.0, most: 0.0 } };
        let (whole, rest) = values.as_chunks::<LANES>();
        let (mut least, mut most) = ([first; LANES], [first; LANES]);
        for chunk in whole {
            for lane in 0..LANES {
                least[lane] = if chunk[lane] < least[lane] { chunk[lane] } else { least[lane] };
                most[lane] = if chunk[lane] > most[lane] { chunk[lane] } else { most[lane] };
            }
        }
        let least = least.iter().chain(rest).copied().fold(first, f32::min);
        let most = most.iter().chain(rest).copied().fold(first, f32::max);
        Self::Explicit { least, most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_runs_from_the_lowest_to_the_highest_value() {
        for length in [1u16, 15, 16, 17, 100] {
            let values: Vec<f32> = (0..length).map(|n| f32::from((n * 37) % length) - 3.0).collect();
            let most = f32::from(length - 1) - 3.0;
            assert_eq!(Feedback::explicit(&values), Feedback::Explicit { least: -3.0, most });
        }
        assert_eq!(Feedback::explicit(&[]), Feedback::Explicit { least: 0.0, most: 0.0 });
    }
}
