//! What each entry of a history adds to a score: at its last pass a mixture is the mean of what its entries are shared out to.

use foretaste_data::ids::ItemIx;

use super::{Plsa, fit};
use crate::explain::each_row;
use crate::{Explain, History};

impl Explain for Plsa {
    /// The mixture of the history, equal shares in the order of the tastes; none where nothing of the history counts.
    fn tastes(&self, history: History<'_>) -> Vec<(&str, f64)> {
        let rows = self.rows(history);
        if rows.is_empty() {
            return Vec::new();
        }
        let mut tastes: Vec<(&str, f64)> = self.names.iter().map(String::as_str).zip(self.mixture(&rows)).collect();
        tastes.sort_by(|a, b| b.1.total_cmp(&a.1));
        tastes
    }

    /// The mean over the positives of `p(taste | entry)`, of which each is one part, times the item's row.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let width = self.shares.len();
        let rows = self.rows(history);
        let mixture = self.mixture_after(self.passes - 1, &rows);
        let parts: Vec<f64> = rows.chunks(width).flat_map(|row| fit::shared_out(&mixture, row)).collect();
        let all: f64 = parts.iter().sum();
        let scale = if all > 0.0 { all.recip() } else { 0.0 };
        let mut of_item = vec![0f32; width];
        each_row(history, items, contributions, |item, row| {
            self.items.row(item, &mut of_item);
            let mut parts = parts.chunks(width);
            for (to, (_, value)) in row.iter_mut().zip(history.iter()) {
                let part = if self.positive.holds(value) { parts.next() } else { None };
                let product = |part: &[f64]| -> f64 { part.iter().zip(&of_item).map(|(a, &b)| a * f64::from(b)).sum() };
                *to = part.map_or(0.0, |part| scale * product(part));
            }
        });
    }
}
