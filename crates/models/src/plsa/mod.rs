//! Probabilistic latent semantic analysis: a user is a mixture of tastes, and a taste is a distribution over items.
//!
//! ```text
//! p(item | user) = sum over tastes p(taste | user) p(item | taste)
//! ```
//!
//! fitted to the users x items matrix of what is positive by expectation and maximisation: each positive is shared out among the
//! tastes as `p(taste | user) p(item | taste)`, then both distributions are what was shared out to them. First all users, then all
//! items with the users' new mixtures, which never lowers the likelihood. `smoothing` interactions of the average user are
//! added to each taste, without which an item that few took belongs to one taste for certain.
//!
//! A taste is named after the two properties of items that set it apart most; where nothing is known of items, after two items.
//!
//! Sources: Hofmann, "Latent semantic models for collaborative filtering", ACM TOIS 22(1), 2004, sections 3.1 and 3.2;
//! Meng, Rubin, "Maximum likelihood estimation via the ECM algorithm", Biometrika 80(2), 1993 (users and items in turn).

mod explain;
mod fit;
mod names;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::PanelMatrix;

pub use fit::PlsaParams;
#[cfg(test)]
pub(crate) use fit::Tastes;

use crate::fit::narrow;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// What each taste takes, and how much of all that is taken is of it.
#[derive(Clone, Debug)]
pub struct Plsa {
    /// items x tastes: `p(item | taste)`.
    items: PanelMatrix,
    /// The same rows, each times the shares of the tastes and scaled to length 1.
    directions: PanelMatrix,
    /// `p(taste)`.
    shares: Vec<f32>,
    names: Vec<String>,
    /// Passes over a history until its mixture is taken as found.
    passes: usize,
    positive: Positive,
}

impl Plsa {
    fn new(params: &PlsaParams, shape: (usize, &[f32]), shares: Vec<f32>, names: Vec<String>) -> Self {
        let (items, values) = shape;
        let items = PanelMatrix::new(items, shares.len(), values);
        let weights: Vec<f64> = shares.iter().map(|&share| f64::from(share)).collect();
        let directions = items.directions(&weights);
        Self { items, directions, shares, names, passes: params.iterations, positive: params.positive }
    }

    /// `p(item | taste)` of each positive of the history, positives x tastes.
    pub(crate) fn rows(&self, history: History<'_>) -> Vec<f64> {
        let mut row = vec![0f32; self.shares.len()];
        let mut rows = Vec::with_capacity(history.items.len() * row.len());
        for (item, _) in history.iter().filter(|&(_, value)| self.positive.holds(value)) {
            self.items.row(item, &mut row);
            rows.extend(row.iter().map(|&part| f64::from(part)));
        }
        rows
    }

    /// `p(taste | user)` of these rows.
    pub(crate) fn mixture(&self, rows: &[f64]) -> Vec<f64> {
        self.mixture_after(self.passes, rows)
    }

    /// The same after so many passes from the shares of the tastes on. A likelihood with items fixed has one maximum.
    fn mixture_after(&self, passes: usize, rows: &[f64]) -> Vec<f64> {
        let mut mixture: Vec<f64> = self.shares.iter().map(|&share| f64::from(share)).collect();
        for _ in 0..passes {
            mixture = fit::remixed(&mixture, rows);
        }
        mixture
    }
}

impl Scorer for Plsa {
    fn items(&self) -> usize {
        self.items.nrows()
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

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl FoldIn for Plsa {
    /// `iterations` passes over the tastes of the positives, then items x tastes.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let mixture: Vec<f32> = self.mixture(&self.rows(history)).into_iter().map(narrow).collect();
        match candidates {
            Candidates::All => self.items.times(&mixture, scores),
            Candidates::Items(_) => candidates.score_each(scores, |item| self.items.row_times(item, &mixture)),
        }
    }
}

impl SimilarItems for Plsa {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of `p(taste | item)`; an item that none took has no taste and cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let mut direction = vec![0f32; self.shares.len()];
        self.directions.row(item.0 as usize, &mut direction);
        self.directions.times(&direction, scores);
        scores.iter_mut().filter(|cosine| **cosine == 0.0).for_each(|cosine| *cosine = f32::NEG_INFINITY);
    }
}
