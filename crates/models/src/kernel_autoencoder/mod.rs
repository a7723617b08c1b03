//! The kernel autoencoder: an autoencoder of infinitely many hidden units, fitted exactly.
//!
//! Histories are vectors of 0 and 1 scaled to length 1, `u` is the cosine of two of them, and the neural tangent kernel of a
//! network of `depth` hidden layers of ReLU is
//!
//! ```text
//! sigma_0 = theta_0 = u,        sigma' = (sigma (pi - acos sigma) + sqrt(1 - sigma²)) / pi
//!                               theta' = theta (1 - acos(sigma) / pi) + sigma'
//! alpha = (Theta + lambda mean(diag Theta) I)^-1 X,        score = theta(history, users) alpha
//! ```
//!
//! so that a score is what kernel ridge regression predicts of the whole history from all users at once. Sources: Sachdeva,
//! Dhaliwal, Wu, McAuley, "Infinite recommendation networks: a data-centric approach", NeurIPS 2022 (the model); Jacot,
//! Gabriel, Hongler, "Neural tangent kernel", NeurIPS 2018; Cho, Saul, "Kernel methods for deep learning", NeurIPS 2009 (both
//! recursions).

mod fit;
mod kernel;
mod persist;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::{CsrMatrix, PanelMatrix};

pub use fit::KernelAutoencoderParams;
use kernel::tangent;

use crate::fit::narrow;
use crate::{Candidates, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// What each user of the training data adds to every score, by how alike histories are.
#[derive(Clone, Debug)]
pub struct KernelAutoencoder {
    depth: usize,
    positive: Positive,
    /// items x landmarks: which of them took the item.
    takers: CsrMatrix,
    /// How many items each landmark took.
    lengths: Vec<u32>,
    /// items x landmarks: the transposed `alpha`.
    weights: PanelMatrix,
}

impl KernelAutoencoder {
    /// The kernel of a history, given by its items, with every landmark.
    fn kernel(&self, items: &[u32]) -> Vec<f32> {
        let mut common = vec![0u32; self.lengths.len()];
        for &item in items {
            self.takers.row(item as usize).0.iter().for_each(|&taker| common[taker as usize] += 1);
        }
        let of = common.iter().zip(&self.lengths);
        of.map(|(&common, &length)| narrow(tangent(cosine(common, length, items.len()), self.depth))).collect()
    }

    fn score_items(&self, items: &[u32], candidates: Candidates<'_>, scores: &mut [f32]) {
        let kernel = self.kernel(items);
        match candidates {
            Candidates::All => self.weights.times(&kernel, scores),
            Candidates::Items(_) => candidates.score_each(scores, |item| self.weights.row_times(item, &kernel)),
        }
    }
}

/// The cosine of two sets of which so many elements are common; 0 where one is empty.
fn cosine(common: u32, first: u32, second: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the length of a history is far below 2^53")]
    let lengths = f64::from(first) * second as f64;
    if common == 0 { 0.0 } else { (f64::from(common) / lengths.sqrt()).min(1.0) }
}

impl Scorer for KernelAutoencoder {
    fn items(&self) -> usize {
        self.takers.nrows()
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
}

impl FoldIn for KernelAutoencoder {
    /// The users who took each item of the history, a kernel for each landmark, and items x landmarks.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let positive = history.iter().filter(|&(_, value)| self.positive.holds(value));
        let items: Vec<u32> = positive.filter_map(|(item, _)| u32::try_from(item).ok()).collect();
        self.score_items(&items, candidates, scores);
    }
}

impl SimilarItems for KernelAutoencoder {
    fn measure(&self) -> &'static str {
        "score"
    }

    /// The scores for a history of this item alone; an item that no landmark took cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        if self.takers.row(item.0 as usize).0.is_empty() {
            scores.fill(f32::NEG_INFINITY);
            return;
        }
        self.score_items(&[item.0], Candidates::All, scores);
        let untaken = (0..self.takers.nrows()).filter(|&other| self.takers.row(other).0.is_empty());
        untaken.for_each(|other| scores[other] = f32::NEG_INFINITY);
    }
}
