//! The sums over pairs of items in a sequence that the regression is made of.

use foretaste_linalg::{Dense, Real};
use rayon::prelude::*;

use super::TwoScaleLinearParams;
use super::fading;
use crate::sequences::{Places, Sequences};

/// All that the sums over pairs need: what is left after so many places, and what of that is met at later places.
///
/// ```text
/// sequence   . . i . . . j . . . . |        features of place t: what is left of i after t - p places, of j after t - q;
///                p       q       t          their products, summed over t from q to the last place at which neither is
///                                           forgotten, are decay^(q - p) times a geometric series
/// ```
pub(super) struct Sums<'a> {
    sequences: &'a Sequences,
    places: Places,
    fading: [Vec<f64>; 2],
    /// By both scales and the number of places: the sum of (decay of the one x decay of the other)^0, ^1 and so on.
    series: [[Vec<f64>; 2]; 2],
    /// By scale and the distance from 1 on: what is left of the item at a place, times what the item that comes
    /// at the distance weighs as a target there, summed over the places between.
    ahead: [Vec<f64>; 2],
}

impl<'a> Sums<'a> {
    pub(super) fn new(sequences: &'a Sequences, params: &TwoScaleLinearParams) -> Self {
        let decays = [params.short_decay, params.long_decay];
        let fading = decays.map(fading);
        let series = decays.map(|one| {
            decays.map(|other| {
                let most = fading.iter().map(Vec::len).max().unwrap_or(0);
                let sums = (0..=most).scan((0.0, 1.0), |(sum, term), _| {
                    let before = *sum;
                    *sum += *term;
                    *term *= one * other;
                    Some(before)
                });
                sums.collect::<Vec<f64>>()
            })
        });
        let weights: Vec<f64> = std::iter::successors(Some(1.0), |weight| Some(weight * params.target_decay))
            .take(params.targets)
            .collect();
        let ahead = [0, 1].map(|scale: usize| {
            let fading = &fading[scale];
            let at = |distance: usize| {
                let terms = weights.iter().enumerate().filter_map(|(ahead, weight)| {
                    let places = (distance - 1).checked_sub(ahead)?;
                    Some(fading.get(places)? * weight)
                });
                terms.sum::<f64>()
            };
            (1..fading.len() + weights.len()).map(at).collect::<Vec<f64>>()
        });
        Self { places: sequences.places(), sequences, fading, series, ahead }
    }

    /// `Fᵀ F`, its lower triangle at least: 2 items x 2 items. Sums run in f64, over rising users and places, a task a row.
    pub(super) fn gram<T: Real>(&self) -> Dense<T> {
        let items = self.sequences.items();
        self.rows(2 * items, |scale, item, sums| {
            for &(user, place) in self.places.of(item) {
                let sequence = self.sequences.user(user as usize);
                for (other, sums) in sums.chunks_exact_mut(items).enumerate().take(scale + 1) {
                    self.add_pairs(sequence, place as usize, [scale, other], sums);
                }
            }
        })
    }

    /// `Fᵀ Y`: 2 items x items, summed in the same way.
    pub(super) fn with_targets<T: Real>(&self) -> Dense<T> {
        self.rows(self.sequences.items(), |scale, item, sums| {
            for &(user, place) in self.places.of(item) {
                let later = &self.sequences.user(user as usize)[place as usize + 1..];
                for (&target, weight) in later.iter().zip(&self.ahead[scale]) {
                    sums[target as usize] += weight;
                }
            }
        })
    }

    fn rows<T: Real>(&self, width: usize, add: impl Fn(usize, usize, &mut [f64]) + Sync) -> Dense<T> {
        let items = self.sequences.items();
        let mut matrix = Dense::<T>::zeros(2 * items, width);
        let rows = matrix.values_mut().par_chunks_exact_mut(width.max(1)).enumerate().with_min_len(4);
        rows.for_each_init(
            || vec![0f64; width],
            |sums, (row, values)| {
                add(row / items, row % items, sums);
                for (value, sum) in values.iter_mut().zip(sums) {
                    *value = T::from_f64(std::mem::take(sum));
                }
            },
        );
        matrix
    }

    /// Adds the products of the features of the item at `place`, at the first scale, with those of all items near it, at the
    /// second scale.
    fn add_pairs(&self, sequence: &[u32], place: usize, [scale, other]: [usize; 2], sums: &mut [f64]) {
        // The last place has no target.
        let Some(last) = sequence.len().checked_sub(2).filter(|&last| place <= last) else { return };
        let (own, others, series) = (&self.fading[scale], &self.fading[other], &self.series[scale][other]);
        let own_last = last.min(place + own.len() - 1);
        let earlier = place.saturating_sub(others.len() - 1);
        for (at, &item) in (earlier..).zip(&sequence[earlier..place]) {
            let met = own_last.min(at + others.len() - 1) - place + 1;
            sums[item as usize] += others[place - at] * series[met];
        }
        for (at, &item) in (place..).zip(&sequence[place..=own_last]) {
            let met = own_last.min(at + others.len() - 1) - at + 1;
            sums[item as usize] += own[at - place] * series[met];
        }
    }
}
