//! SASRec: self-attention over a sequence says which item comes next, trained with the softmax over all items.
//!
//! ```text
//! x_t = sqrt(width) item_t + place_t             the latest item of a sequence stands at the last place
//! x  += attention(norm(x)),  x += layers(norm(x))      in each block; attention is causal and has one head
//! score of item j after place t = norm(x_t) · item_j   loss: -ln softmax(scores of all items)[next item]
//! ```
//!
//! Written out by hand, forwards and backwards, generic over the precision: the gradients are held against finite differences
//! in f64 and against PyTorch. Batches are made in fixed parts and dropout's bits come from the seed, the step and the sequence, so
//! that the number of threads changes no bit. A training sums gradients in f32: their noise is far above its rounding.
//!
//! Sources: Kang, McAuley, "Self-attentive sequential recommendation", ICDM 2018 (the network; norms stand before the maps here,
//! and the query is not the only one that is normed); Klenitskiy, Vasilev, "Turning dross into gold loss: is BERT4Rec really
//! better than SASRec?", RecSys 2023 (the loss, with all items or with sampled negatives).

mod adam;
mod attention;
mod average;
mod dropout;
mod fit;
mod gradient;
mod judge;
mod layers;
mod layout;
mod loss;
mod network;
mod persist;
#[cfg(test)]
mod pytorch;
mod train;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::SasRecParams;
use layers::total;
use layout::Layout;
use network::forward_last;

use crate::fit::narrow;
use crate::sequences::latest;
use crate::{Candidates, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// A trained network.
#[derive(Clone, Debug)]
pub struct SasRec {
    layout: Layout,
    weights: Vec<f32>,
    positive: Positive,
}

/// The product of two vectors of the same length, in f64, in an order that depends on that length alone.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    total(a, b, |a, b| f64::from(a) * f64::from(b))
}

/// The scores of all items after a place that says `output`.
fn score_all(layout: Layout, weights: &[f32], output: &[f32], scores: &mut [f32]) {
    let items = weights[layout.items()].chunks_exact(layout.width);
    scores.iter_mut().zip(items).for_each(|(score, item)| *score = narrow(dot(output, item)));
}

impl SasRec {
    /// The numbers of an item, by whose products items are scored.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn item(&self, item: ItemIx) -> &[f32] {
        &self.weights[item.0 as usize * self.layout.width..][..self.layout.width]
    }
}

impl Scorer for SasRec {
    fn items(&self) -> usize {
        self.layout.items
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

impl FoldIn for SasRec {
    /// One pass of the latest `length` items through the network, and a product with each candidate. A history of which
    /// nothing counts scores 0.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let mut sequence = latest(history, self.positive, self.layout.length);
        if sequence.is_empty() {
            scores.fill(0.0);
            return;
        }
        sequence.reverse();
        let last = forward_last(self.layout, &self.weights, &sequence);
        match candidates {
            Candidates::All => score_all(self.layout, &self.weights, &last, scores),
            Candidates::Items(_) => candidates.score_each(scores, |item| {
                narrow(dot(&last, &self.weights[item * self.layout.width..][..self.layout.width]))
            }),
        }
    }
}

impl SimilarItems for SasRec {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let own = self.item(item);
        let length = dot(own, own).sqrt();
        for (score, other) in scores.iter_mut().zip(self.weights.chunks_exact(self.layout.width)) {
            let both = length * dot(other, other).sqrt();
            *score = if both > 0.0 { narrow(dot(own, other) / both) } else { f32::NEG_INFINITY };
        }
    }
}
