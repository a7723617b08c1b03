//! The truncated SVD of what is positive, items and users scaled by how much they have.
//!
//! With `X` the users x items matrix of what is positive, `r` and `c` its row and column sums, and the best approximation of
//! `factors` triplets
//!
//! ```text
//! D_r^-user_exponent X D_c^-item_exponent ~ U S Vᵀ,        score = x D_c^-item_exponent V Vᵀ D_c^item_exponent
//! ```
//!
//! for a history `x`. Both exponents 0 make PureSVD of it; an item exponent above 0 keeps a few popular items from taking the
//! first vectors. Sources: Cremonesi, Koren, Turrin, "Performance of recommender algorithms on top-N recommendation tasks",
//! RecSys 2010, section 3.2 (PureSVD); Nikolakopoulos, Kalantzis, Gallopoulos, Garofalakis, "EigenRec", Knowledge and
//! Information Systems 58(1), 2019 (scaling).

mod fit;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::PanelMatrix;
use rayon::prelude::*;

pub use fit::ScaledSvdParams;

use crate::explain::{each_row, product};
use crate::factored::NOTHING;
use crate::fit::narrow;
use crate::{Candidates, Explain, Factored, FoldIn, History, ItemVectors, Meaning, Positive, Scorer, SimilarItems};

/// The scaled factors of the items.
#[derive(Clone, Debug)]
pub struct ScaledSvd {
    /// items x factors, row-major: the rows of `V`.
    factors: Vec<f32>,
    /// How many users took each item.
    counts: Vec<u32>,
    singular_values: Vec<f64>,
    item_exponent: f64,
    positive: Positive,
    /// items x factors: the rows of `D_c^item_exponent V`.
    out: ItemVectors,
    /// items x factors: the rows of `V S`, each scaled to length 1.
    directions: PanelMatrix,
}

/// The arrays of a model, as they are computed or read.
struct Parts {
    factors: Vec<f32>,
    counts: Vec<u32>,
    singular_values: Vec<f64>,
}

impl ScaledSvd {
    /// Puts the parts together, whose lengths belong together and whose numbers are finite.
    fn new(parts: Parts, params: &ScaledSvdParams) -> Self {
        let Parts { factors, counts, singular_values } = parts;
        let (items, width, item_exponent) = (counts.len(), singular_values.len(), params.item_exponent);
        let mut scaled = vec![0f32; factors.len()];
        let rows = scaled.par_chunks_exact_mut(width.max(1)).zip(factors.par_chunks_exact(width.max(1)));
        rows.zip(&counts).for_each(|((to, from), &count)| {
            let scale = scale(count, item_exponent);
            to.iter_mut().zip(from).for_each(|(to, &x)| *to = narrow(f64::from(x) * scale));
        });
        let out = PanelMatrix::new(items, width, &scaled);
        drop(scaled);
        let out = ItemVectors::new(out);
        let directions = PanelMatrix::new(items, width, &factors).directions(&singular_values);
        Self { factors, counts, singular_values, item_exponent, positive: params.positive, out, directions }
    }

    /// The singular values of the scaled matrix, falling.
    #[must_use]
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }
}

impl ScaledSvd {
    /// The factors of a history; their sum runs in f64, in the order of the items.
    fn folded(&self, history: History<'_>) -> Vec<f32> {
        let width = self.singular_values.len();
        let mut factor = vec![0f64; width];
        for (item, _) in history.iter().filter(|&(_, value)| self.positive.holds(value)) {
            let scale = scale(self.counts[item], -self.item_exponent);
            let row = &self.factors[item * width..][..width];
            factor.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x) * scale);
        }
        factor.into_iter().map(narrow).collect()
    }
}

/// `count^exponent`; an item without users counts as one with a single user.
fn scale(count: u32, exponent: f64) -> f64 {
    f64::from(count.max(1)).powf(exponent)
}

impl Scorer for ScaledSvd {
    fn items(&self) -> usize {
        self.counts.len()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    fn score_users(&self, users: &[(UserIx, History<'_>)], visit: &mut dyn FnMut(usize, usize, &[f32])) {
        let rows: Vec<f32> = users.iter().flat_map(|&(_, history)| self.folded(history)).collect();
        self.out.rows().times_each(&rows, visit);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.positive.any(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }

    fn factored(&self) -> Option<&dyn Factored> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl Factored for ScaledSvd {
    fn item_vectors(&self) -> &ItemVectors {
        &self.out
    }

    fn of_user(&self, _: UserIx, history: History<'_>) -> (Vec<f32>, f32) {
        self.of_history(history)
    }

    fn of_history(&self, history: History<'_>) -> (Vec<f32>, f32) {
        (self.folded(history), NOTHING)
    }
}

impl FoldIn for ScaledSvd {
    /// |history| x factors, and items x factors; the sum over the history runs in f64, in the order of the items.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let factor = self.folded(history);
        self.out.score((&factor, NOTHING), candidates, scores);
    }
}

impl Explain for ScaledSvd {
    /// `c_h^-item_exponent v_h · v_i c_i^item_exponent`: |history| x factors for each item. No promise of the family to
    /// stay a sum of independent terms.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let width = self.singular_values.len();
        let mut own = vec![0f32; width];
        each_row(history, items, contributions, |item, row| {
            self.out.rows().row(item, &mut own);
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                let other = &self.factors[entry * width..][..width];
                let counts = self.positive.holds(value);
                let scale = || scale(self.counts[entry], -self.item_exponent);
                *to = if counts { product(&own, other) * scale() } else { 0.0 };
            }
        });
    }
}

impl SimilarItems for ScaledSvd {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the rows of `V S`; an item at right angles, or without a factor, cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let mut direction = vec![0f32; self.singular_values.len()];
        self.directions.row(item.0 as usize, &mut direction);
        self.directions.times(&direction, scores);
        scores.iter_mut().filter(|cosine| **cosine == 0.0).for_each(|cosine| *cosine = f32::NEG_INFINITY);
    }
}
