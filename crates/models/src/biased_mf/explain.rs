//! What each rating of a history adds to a prediction of the biased matrix factorisation.

use foretaste_data::ids::ItemIx;

use super::{BiasedMf, equations};
use crate::explain::each_row;
use crate::rating_equations::without_bias;
use crate::{Explain, ExplanationKind, History};

impl Explain for BiasedMf {
    fn kind(&self) -> ExplanationKind {
        ExplanationKind::Parts
    }

    /// The mean, and the bias of the item.
    fn parts(&self, item: ItemIx) -> Vec<(&'static str, f64)> {
        self.factors.parts(item)
    }

    /// With `z` the factors of an item and a 1, and `A` the matrix of the equations of a user with this history, rating `h` adds
    /// `z_iᵀ A⁻¹ z_h (r_h - mu - b_h)` to the prediction for item `i`. Every rating changes `A`, so that what one adds depends on
    /// the others. With `d` factors |history| d² / 2 + d³ / 6 multiply-adds, and d² + |history| d for each item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let factor = equations(&self.factors, history).factor(&self.penalties);
        let rating = |(item, value): (usize, f32)| {
            let mut row: Vec<f64> = self.factors.item(item).into_iter().map(f64::from).collect();
            let rest = without_bias(&mut row, f64::from(value) - self.factors.mean());
            (row, rest)
        };
        let ratings: Vec<(Vec<f64>, f64)> = history.iter().map(rating).collect();
        each_row(history, items, contributions, |item, to| {
            let mut solved: Vec<f64> = self.factors.item(item).into_iter().map(f64::from).collect();
            solved[self.factors()] = 1.0;
            match &factor {
                Some(factor) => factor.solve(&mut solved),
                None => solved.fill(0.0),
            }
            for (to, (row, rest)) in to.iter_mut().zip(&ratings) {
                *to = rest * solved.iter().zip(row).map(|(a, b)| a * b).sum::<f64>();
            }
        });
    }
}
