//! The average of the networks on the way of a training, later ones with more weight: steadier than the latest alone.

use rayon::prelude::*;

use crate::fit::narrow;

/// How much more the later networks weigh: about the last ninth of the steps counts.
const ETA: f64 = 8.0;

/// An average by polynomial decay: after `t` steps the network of step `k` has the weight `k (k + 1) .. (k + 7)`, over the sum of all
/// (Shamir, Zhang, "Stochastic gradient descent for non-smooth optimization", ICML 2013, section 4).
#[derive(Clone, Debug)]
pub(crate) struct Average {
    pub(crate) weights: Vec<f32>,
    steps: f64,
}

impl Average {
    pub(crate) fn new(weights: &[f32]) -> Self {
        Self { weights: weights.to_vec(), steps: 0.0 }
    }

    /// Takes in the network after a step.
    pub(crate) fn take(&mut self, weights: &[f32]) {
        self.steps += 1.0;
        let share = narrow((ETA + 1.0) / (ETA + self.steps));
        let numbers = self.weights.par_chunks_mut(1 << 14).zip(weights.par_chunks(1 << 14));
        numbers.for_each(|(to, weights)| {
            to.iter_mut().zip(weights).for_each(|(to, &weight)| *to += share * (weight - *to));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_steps_weigh_more_by_rising_powers_and_what_was_before_the_first_counts_nothing() {
        let mut average = Average::new(&[100.0]);
        let (mut sum, mut all) = (0.0, 0.0);
        for (step, value) in (1..=40u32).zip([3.0f32, -1.0, 4.0, 0.5].into_iter().cycle()) {
            average.take(&[value]);
            let weight: f64 = (0..8).map(|more| f64::from(step + more)).product();
            sum += weight * f64::from(value);
            all += weight;
            assert!((f64::from(average.weights[0]) - sum / all).abs() < 1e-5, "after {step} steps");
        }
    }
}
