//! Features to factors: factors of items by their users, and where those are few by their properties.
//!
//! With the truncated SVD `X ~ U S Vᵀ` of the positives and the features `F` of [`content`](crate::content), the rows of `V` are
//! regressed on the features, `A = (Fᵀ F + lambda I)⁻¹ Fᵀ V` over the items that any user took. The factors of an item with `n`
//! users are `(n V_i + trust F_i A) / (n + trust)`: those of a new item come from its properties, those of a known one from
//! its users. A score is the product of an item's factors and the sum of those of the history.
//!
//! Sources: Gantner, Drumond, Freudenthaler, Rendle, Schmidt-Thieme, "Learning attribute-to-feature mappings for cold-start
//! recommendations", ICDM 2010, section 3.2 (least squares from attributes to factors); Cremonesi, Koren, Turrin, RecSys 2010,
//! section 3.2 (scores of the SVD).

mod fit;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::PanelMatrix;

pub use fit::FeatureFactorsParams;

use crate::explain::{each_row, product};
use crate::fit::narrow;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// The factors of every item.
#[derive(Clone, Debug)]
pub struct FeatureFactors {
    /// items x factors.
    factors: PanelMatrix,
    /// Its rows, each of length 1.
    directions: PanelMatrix,
    positive: Positive,
}

impl FeatureFactors {
    /// Packs the factors, items x factors, row-major.
    fn new(items: usize, width: usize, factors: &[f32], positive: Positive) -> Self {
        let factors = PanelMatrix::new(items, width, factors);
        let directions = factors.directions(&vec![1.0; width]);
        Self { factors, directions, positive }
    }

    fn row(&self, item: usize) -> Vec<f32> {
        let mut row = vec![0f32; self.factors.ncols()];
        self.factors.row(item, &mut row);
        row
    }
}

impl Scorer for FeatureFactors {
    fn items(&self) -> usize {
        self.factors.nrows()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.positive.any(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }
}

impl Explain for FeatureFactors {
    /// The product of the factors of each entry and of the item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        each_row(history, items, contributions, |item, row| {
            let own = self.row(item);
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                *to = if self.positive.holds(value) { product(&own, &self.row(entry)) } else { 0.0 };
            }
        });
    }
}

impl FoldIn for FeatureFactors {
    /// |history| x factors, and items x factors; the sum over the history runs in f64, in the order of the items.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let mut sums = vec![0f64; self.factors.ncols()];
        for (item, _) in history.iter().filter(|&(_, value)| self.positive.holds(value)) {
            sums.iter_mut().zip(self.row(item)).for_each(|(sum, x)| *sum += f64::from(x));
        }
        let profile: Vec<f32> = sums.into_iter().map(narrow).collect();
        match candidates {
            Candidates::All => self.factors.times(&profile, scores),
            Candidates::Items(_) => candidates.score_each(scores, |item| self.factors.row_times(item, &profile)),
        }
    }
}

impl SimilarItems for FeatureFactors {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the factors; an item at right angles, or without factors, cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let mut direction = vec![0f32; self.directions.ncols()];
        self.directions.row(item.0 as usize, &mut direction);
        self.directions.times(&direction, scores);
        scores.iter_mut().filter(|cosine| **cosine == 0.0).for_each(|cosine| *cosine = f32::NEG_INFINITY);
    }
}
