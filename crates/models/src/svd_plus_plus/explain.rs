//! What each rating of a history adds to a prediction of SVD++: by its value, and by being there.

use foretaste_data::ids::ItemIx;

use super::{SvdPlusPlus, equations, implicit};
use crate::explain::each_row;
use crate::rating_equations::{product, without_bias};
use crate::{Explain, ExplanationKind, History};

impl Explain for SvdPlusPlus {
    fn kind(&self) -> ExplanationKind {
        ExplanationKind::Parts
    }

    /// The mean, and the bias of the item.
    fn parts(&self, item: ItemIx) -> Vec<(&'static str, f64)> {
        self.factors.parts(item)
    }

    /// With `z` the factors of an item and a 1, `A` the matrix of the equations of a user with this history, and `w_h = z_iᵀ A⁻¹ z_h`,
    /// rating `h` adds by its value `w_h (r_h - mu - b_h)`, and by being there `|history|^-1/2 (q_i - sum over g of w_g q_g) · y_h`
    /// to the prediction for item `i`: what it says of the user at all, less what the ratings know better. Every rating changes
    /// `A`, so that what one adds depends on the others. With `d` factors |history| d² / 2 + d³ / 6 multiply-adds, and
    /// d² + 3 |history| d for each item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let factors = self.factors();
        let factor = equations(&self.factors, &vec![0.0; factors], history).factor(&self.penalties);
        let wide = |item: usize| -> Vec<f64> { self.factors.item(item).into_iter().map(f64::from).collect() };
        let share = implicit::share(history.items.len());
        let rating = |(item, value): (usize, f32)| {
            let mut row = wide(item);
            let rest = without_bias(&mut row, f64::from(value) - self.factors.mean());
            let vector = self.implicit[item * factors..][..factors].iter().map(|&y| share * f64::from(y)).collect();
            (row, rest, vector)
        };
        let ratings: Vec<(Vec<f64>, f64, Vec<f64>)> = history.iter().map(rating).collect();
        each_row(history, items, contributions, |item, to| {
            let mut left = wide(item);
            left.truncate(factors);
            let mut solved = left.clone();
            solved.push(1.0);
            match &factor {
                Some(factor) => factor.solve(&mut solved),
                None => solved.fill(0.0),
            }
            for (to, (row, rest, _)) in to.iter_mut().zip(&ratings) {
                let weight = product(&solved, row);
                *to = weight * rest;
                left.iter_mut().zip(row).for_each(|(left, q)| *left -= weight * q);
            }
            for (to, (_, _, vector)) in to.iter_mut().zip(&ratings) {
                *to += product(&left, vector);
            }
        });
    }
}
