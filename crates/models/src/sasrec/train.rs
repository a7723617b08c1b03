//! Training: batches in a drawn order, a look at what is held back after every pass, the best average of networks kept.

use foretaste_data::random::Random;

use super::SasRecParams;
use super::adam::Adam;
use super::average::Average;
use super::gradient::{Draw, gradient};
use super::judge::{Judged, mean_ndcg, share};
use super::layout::Layout;
use super::loss::Negatives;
use crate::FitError;
use crate::fit::{OnProgress, narrow, tell};
use crate::sequences::Sequences;

/// Users whose last item is held back, at most.
const MOST_JUDGED: usize = 10_000;
/// Deviation of the numbers that training begins with.
const DEVIATION: f64 = 0.02;

/// What came of a training.
#[derive(Clone, Debug)]
pub(crate) struct Trained {
    pub(crate) weights: Vec<f32>,
    /// Passes over the data that were made, and after which of them the network was best.
    pub(crate) epochs: usize,
    pub(crate) best_epoch: usize,
    /// Mean nDCG@10 of what was held back, after the best pass; 0 where nothing was.
    pub(crate) ndcg: f64,
    /// Mean loss of a place in the last pass.
    pub(crate) loss: f64,
}

/// Trains a network on all sequences. The last items of at most 10,000 users with three or more are held back, and say when to
/// stop; with a patience of 0 nothing is held back, and all passes are made.
pub(crate) fn train(
    layout: Layout,
    sequences: &Sequences,
    params: &SasRecParams,
    progress: &mut OnProgress<'_>,
) -> Result<Trained, FitError> {
    let mut users: Vec<usize> = (0..sequences.users()).filter(|&user| sequences.user(user).len() >= 2).collect();
    let mut random = Random::new(params.seed);
    random.shuffle(&mut users);
    let most_judged = if params.patience > 0 { MOST_JUDGED } else { 0 };
    let (mut examples, mut judged) = (Vec::with_capacity(users.len()), Vec::new());
    for user in users {
        let all = sequences.user(user);
        let known = match all.split_last() {
            Some((&last, known)) if known.len() >= 2 && judged.len() < most_judged => {
                judged.push(Judged { known, last });
                known
            }
            _ => all,
        };
        examples.push(&known[known.len().saturating_sub(layout.length + 1)..]);
    }
    let mut weights = begin(layout, &mut random);
    let mut adam = Adam::new(params.learning_rate, weights.len());
    let mut average = Average::new(&weights);
    let steps = examples.len().div_ceil(params.batch);
    let (mut step, mut best) = (0u64, None::<Trained>);
    for epoch in 1..=params.epochs {
        random.shuffle(&mut examples);
        let (mut loss, mut places) = (0.0, 0.0);
        for (at, batch) in examples.chunks(params.batch).enumerate() {
            tell(progress, share((epoch - 1) * steps + at, params.epochs * steps))?;
            let draw = Draw { dropout: params.dropout, seed: params.seed, step };
            let drawn = params.drawn(layout.items).map(|count| negatives(&mut random, layout.items, count));
            let negatives = drawn.as_deref().map_or(Negatives::All, Negatives::Some);
            let (of_batch, of_weights) = gradient(layout, &weights, batch, negatives, draw);
            adam.step(&mut weights, &of_weights);
            average.take(&weights);
            let count: usize = batch.iter().map(|sequence| sequence.len() - 1).sum();
            loss += of_batch * share(count, 1);
            places += share(count, 1);
            step += 1;
        }
        let ndcg = mean_ndcg(layout, &average.weights, &judged);
        let loss = if places > 0.0 { loss / places } else { 0.0 };
        let stop = match &mut best {
            Some(best) if ndcg <= best.ndcg && !judged.is_empty() => {
                (best.epochs, best.loss) = (epoch, loss);
                epoch - best.best_epoch >= params.patience
            }
            _ => {
                best = Some(Trained { weights: average.weights.clone(), epochs: epoch, best_epoch: epoch, ndcg, loss });
                false
            }
        };
        if stop {
            break;
        }
    }
    Ok(best.unwrap_or(Trained { weights, epochs: 0, best_epoch: 0, ndcg: 0.0, loss: 0.0 }))
}

/// What a network is before its training: small numbers, gains of 1, shifts of 0.
fn begin(layout: Layout, random: &mut Random) -> Vec<f32> {
    let mut weights: Vec<f32> = (0..layout.len()).map(|_| narrow(DEVIATION * random.normal())).collect();
    let mut norms = vec![layout.last_norm()];
    for block in (0..layout.blocks).map(|block| layout.block(block)) {
        for map in [block.query, block.key, block.value, block.output, block.inner, block.outer] {
            weights[map.shift].fill(0.0);
        }
        norms.extend([block.before_attention, block.before_layers]);
    }
    for norm in norms {
        weights[norm.gain].fill(1.0);
        weights[norm.shift].fill(0.0);
    }
    weights
}

/// Different items, rising, each as likely as any other: this number of draws, those drawn twice once.
fn negatives(random: &mut Random, items: usize, count: usize) -> Vec<u32> {
    let mut drawn: Vec<u32> = (0..count).filter_map(|_| u32::try_from(random.below(items)).ok()).collect();
    drawn.sort_unstable();
    drawn.dedup();
    drawn
}
