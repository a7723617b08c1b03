//! How well a network guesses the items that were held back from its training.

use foretaste_linalg::{Block, multiply_blocks};
use rayon::prelude::*;

use super::layout::Layout;
use super::network::forward_last;

/// Length of the lists by which passes are compared.
const LIST: usize = 10;
/// Users whose scores are made by one product.
const TOGETHER: usize = 32;

/// A user whose last item is held back.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) known: &'a [u32],
    pub(crate) last: u32,
}

/// The mean nDCG@10 of the items held back, among all items that their users do not have; of equal scores the lower item comes first.
/// 0 where nothing is held back.
pub(crate) fn mean_ndcg(layout: Layout, weights: &[f32], judged: &[Judged<'_>]) -> f64 {
    if judged.is_empty() {
        return 0.0;
    }
    let width = layout.width;
    let sums = judged.par_chunks(TOGETHER).with_max_len(1).map(|users| {
        let mut outputs = Vec::with_capacity(users.len() * width);
        for user in users {
            let input = &user.known[user.known.len().saturating_sub(layout.length)..];
            outputs.extend(forward_last(layout, weights, input));
        }
        let mut scores = vec![0f32; users.len() * layout.items];
        let items = Block::new(&weights[layout.items()], width).transposed();
        multiply_blocks(&mut scores, Block::new(&outputs, width), items, 1.0, false);
        users.iter().zip(scores.chunks_exact_mut(layout.items)).map(|(user, scores)| gain(user, scores)).sum::<f64>()
    });
    let sums: Vec<f64> = sums.collect();
    sums.iter().sum::<f64>() / share(judged.len(), 1)
}

fn gain(user: &Judged<'_>, scores: &mut [f32]) -> f64 {
    user.known.iter().for_each(|&item| scores[item as usize] = f32::NEG_INFINITY);
    let wanted = scores[user.last as usize];
    let (lower, higher) = scores.split_at(user.last as usize);
    let before = lower.iter().filter(|&&score| score >= wanted).count();
    let place = before + higher.iter().filter(|&&score| score > wanted).count();
    if place < LIST { (share(place, 1) + 2.0).log2().recip() } else { 0.0 }
}

/// A part of a whole.
#[expect(clippy::cast_precision_loss, reason = "numbers of steps, places and users are far below 2^53")]
pub(crate) fn share(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}
