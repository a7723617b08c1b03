//! The users that an evaluation asks about, over all folds: each id once.

use std::collections::BTreeMap;

use foretaste::interactions::Interactions;

use crate::Test;

/// Users by id, and who is asked about in each fold.
#[derive(Debug, Default)]
pub(crate) struct TestUsers {
    numbers: BTreeMap<String, usize>,
    folds: Vec<Vec<usize>>,
}

impl TestUsers {
    /// Notes the users of a fold.
    pub(crate) fn add(&mut self, test: &Test, train: &Interactions) {
        let mut fold = Vec::with_capacity(test.users.len());
        for wanted in &test.users {
            let id = test.name(wanted.user, train);
            let next = self.numbers.len();
            let known = self.numbers.get(id).copied();
            fold.push(known.unwrap_or_else(|| *self.numbers.entry(id.to_owned()).or_insert(next)));
        }
        self.folds.push(fold);
    }

    /// Figures of the users of each fold, as one mean for each user, in the order of ids; folds without figures count for
    /// nothing.
    pub(crate) fn means(&self, figures: &[Vec<f64>]) -> Vec<f64> {
        let mut sums = vec![(0.0, 0u32); self.numbers.len()];
        for (fold, figures) in self.folds.iter().zip(figures) {
            for (&user, figure) in fold.iter().zip(figures) {
                sums[user].0 += figure;
                sums[user].1 += 1;
            }
        }
        let asked = self.numbers.values().map(|&user| sums[user]).filter(|&(_, folds)| folds > 0);
        asked.map(|(sum, folds)| sum / f64::from(folds)).collect()
    }
}
