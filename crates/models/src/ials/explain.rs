//! What each positive of a history adds to a score of iALS.

use foretaste_data::ids::ItemIx;

use super::Ials;
use crate::explain::each_row;
use crate::{Explain, History, Scorer};

impl Explain for Ials {
    /// With `A` the matrix of the equations of a user with this history, the score of item `i` is the sum over the positives
    /// `h` of `y_iᵀ A⁻¹ y_h` (Hu, Koren, Volinsky, ICDM 2008, section 5). Every positive changes `A`, so that what one adds
    /// depends on the others. In f64: |history| d² / 2 + d³ / 6 flops for `d` factors, and d² + |history| d for each item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let width = self.factors();
        let positives: Vec<bool> = history.values.iter().map(|&value| self.positive.holds(value)).collect();
        let mut rows = vec![0f32; history.items.len() * width];
        let of_rows = rows.chunks_exact_mut(width).zip(history.items).zip(&positives);
        of_rows
            .filter(|&(_, &positive)| positive)
            .for_each(|((row, &item), _)| self.item_factors().row(item as usize, row));
        let count = positives.iter().filter(|&&positive| positive).count();
        let penalty = self.weights.regularization(count, self.items());
        let diagonal: Vec<f64> = self.penalties.iter().map(|&own| f64::from(own) + f64::from(penalty)).collect();
        let equations = Equations::new(&diagonal, &rows);
        let mut own = vec![0f32; width];
        each_row(history, items, contributions, |item, to| {
            self.item_factors().row(item, &mut own);
            let solved = equations.solve(&own);
            for (to, row) in to.iter_mut().zip(rows.chunks_exact(width)) {
                *to = solved.iter().zip(row).map(|(&a, &b)| a * f64::from(b)).sum();
            }
        });
    }
}

/// `L Lᵀ = D + Yᵀ Y`, made on the thread of the request. A column without a penalty has no factor and is left out, as in a fit.
struct Equations {
    width: usize,
    /// width x width, row-major; what is above the diagonal means nothing.
    lower: Vec<f64>,
}

impl Equations {
    fn new(diagonal: &[f64], rows: &[f32]) -> Self {
        let width = diagonal.len();
        let mut lower = vec![0f64; width * width];
        for row in rows.chunks_exact(width) {
            for (at, &x) in row.iter().enumerate().filter(|&(at, _)| diagonal[at] > 0.0) {
                let to = &mut lower[at * width..][..=at];
                to.iter_mut().zip(row).for_each(|(sum, &y)| *sum += f64::from(x) * f64::from(y));
            }
        }
        for at in 0..width {
            let (done, rest) = lower.split_at_mut(at * width);
            let own = &mut rest[..=at];
            for before in 0..at {
                let other = &done[before * width..][..=before];
                let sum: f64 = own[..before].iter().zip(other).map(|(a, b)| a * b).sum();
                own[before] = if diagonal[before] > 0.0 { (own[before] - sum) / other[before] } else { 0.0 };
            }
            let squares: f64 = own[..at].iter().map(|x| x * x).sum();
            own[at] = if diagonal[at] > 0.0 { (own[at] + diagonal[at] - squares).sqrt() } else { f64::INFINITY };
        }
        Self { width, lower }
    }

    /// `(L Lᵀ)⁻¹ b`.
    fn solve(&self, b: &[f32]) -> Vec<f64> {
        let width = self.width;
        let mut x: Vec<f64> = b.iter().map(|&b| f64::from(b)).collect();
        for at in 0..width {
            let row = &self.lower[at * width..][..=at];
            let sum: f64 = row[..at].iter().zip(&x).map(|(a, b)| a * b).sum();
            x[at] = (x[at] - sum) / row[at];
        }
        for at in (0..width).rev() {
            let row = &self.lower[at * width..][..=at];
            x[at] /= row[at];
            let solved = x[at];
            x[..at].iter_mut().zip(row).for_each(|(x, a)| *x -= a * solved);
        }
        x
    }
}
