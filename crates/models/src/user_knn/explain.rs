//! What each entry of a history adds to a score of user-kNN.

use foretaste_data::ids::ItemIx;

use super::UserKnn;
use crate::explain::each_row;
use crate::{Explain, History, Weighting};

impl Explain for UserKnn {
    /// What a neighbour adds to a score is shared among the entries as they share in its product with the history,
    /// `h · x_v`. An entry also decides who the neighbours are and the length of the history, so that what one adds depends on
    /// the others. Finds the neighbours, then a binary search in each for every entry and every item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let positive = self.params.positive;
        let row = self.weighted(history);
        let counted = history.values.iter().enumerate().filter(|&(_, &value)| positive.holds(value));
        let entries: Vec<usize> = counted.map(|(entry, _)| entry).collect();
        let by_value = self.params.weighting == Weighting::Values;
        contributions.fill(0.0);
        for (user, likeness) in self.nearest(&row) {
            let products: Vec<f64> = row
                .iter()
                .map(|&(item, weight)| f64::from(weight) * self.taken(user, item as usize).map_or(0.0, f64::from))
                .collect();
            let product: f64 = products.iter().sum();
            each_row(history, items, contributions, |item, to| {
                let Some(value) = self.taken(user, item) else { return };
                let term = if by_value { likeness * f64::from(value) } else { likeness };
                for (&entry, of_entry) in entries.iter().zip(&products) {
                    to[entry] += term * (of_entry / product);
                }
            });
        }
    }
}
