//! The loss of a batch of sequences and its gradient, made in parts that do not depend on the threads.

use foretaste_linalg::Softmax;
use rayon::prelude::*;

use super::dropout::Dropout;
use super::layout::Layout;
use super::loss::{Negatives, cross_entropy};
use super::network::{backward, forward};

/// What is drawn for a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    /// The share that is dropped.
    pub(crate) dropout: f64,
    pub(crate) seed: u64,
    /// Number of the step, from 0.
    pub(crate) step: u64,
}

/// Numbers of a network from which on a batch is made in few parts, since each holds a gradient of its own.
const LARGE: usize = 1 << 22;

/// Sequences of a part of a batch; a part of the result's definition, because sums are split there.
pub(crate) fn part(layout: Layout) -> usize {
    if layout.len() > LARGE { 64 } else { 8 }
}

/// The mean over all places of the batch of the cross-entropy of the next item, and its gradient. Each sequence is at least two
/// items, oldest first: all but the last go in, all but the first are targets.
pub(crate) fn gradient<T: Softmax>(
    layout: Layout,
    weights: &[T],
    batch: &[&[u32]],
    negatives: Negatives<'_>,
    draw: Draw,
) -> (f64, Vec<T>) {
    let places: usize = batch.iter().map(|sequence| sequence.len() - 1).sum();
    #[expect(clippy::cast_precision_loss, reason = "a number of places is far below 2^53")]
    let scale = (places.max(1) as f64).recip();
    let size = part(layout);
    let parts = batch.par_chunks(size).with_max_len(1).enumerate();
    let parts: Vec<(f64, Vec<T>)> =
        parts.map(|(at, sequences)| of_part(layout, weights, (at * size, sequences), negatives, scale, draw)).collect();
    let loss = parts.iter().map(|(loss, _)| loss).sum::<f64>() * scale;
    let mut parts = parts.into_iter().map(|(_, gradient)| gradient);
    let mut total = parts.next().unwrap_or_else(|| vec![T::default(); layout.len()]);
    let others: Vec<Vec<T>> = parts.collect();
    total.par_chunks_mut(1 << 14).enumerate().for_each(|(chunk, total)| {
        for other in &others {
            let other = &other[chunk << 14..][..total.len()];
            total.iter_mut().zip(other).for_each(|(sum, &more)| *sum += more);
        }
    });
    (loss, total)
}

fn of_part<T: Softmax>(
    layout: Layout,
    weights: &[T],
    (first, sequences): (usize, &[&[u32]]),
    negatives: Negatives<'_>,
    scale: f64,
    draw: Draw,
) -> (f64, Vec<T>) {
    let mut gradient = vec![T::default(); layout.len()];
    let forwards: Vec<_> = (first as u64..)
        .zip(sequences)
        .map(|(at, sequence)| {
            let dropout = Dropout::new(draw.dropout, draw.seed, draw.step, at);
            forward(layout, weights, &sequence[..sequence.len() - 1], dropout)
        })
        .collect();
    let outputs: Vec<T> = forwards.iter().flat_map(|forward| &forward.output).copied().collect();
    let targets: Vec<u32> = sequences.iter().flat_map(|sequence| &sequence[1..]).copied().collect();
    let mut d_outputs = vec![T::default(); outputs.len()];
    let towards = (&mut d_outputs[..], &mut gradient[..]);
    let loss = cross_entropy(layout, weights, negatives, (&outputs, &targets), scale, towards);
    let mut rest = &d_outputs[..];
    for (forward, sequence) in forwards.iter().zip(sequences) {
        let (own, others) = rest.split_at(forward.output.len());
        backward(layout, weights, &sequence[..sequence.len() - 1], forward, own, &mut gradient);
        rest = others;
    }
    (loss, gradient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretaste_data::random::Random;

    const LAYOUT: Layout = Layout { items: 9, width: 8, length: 6, blocks: 2 };

    fn weights() -> Vec<f64> {
        let mut random = Random::new(4);
        let mut weights: Vec<f64> = (0..LAYOUT.len()).map(|_| 0.4 * random.normal()).collect();
        for block in 0..LAYOUT.blocks {
            let block = LAYOUT.block(block);
            for norm in [block.before_attention, block.before_layers, LAYOUT.last_norm()] {
                weights[norm.gain].iter_mut().for_each(|gain| *gain += 1.0);
            }
        }
        weights
    }

    const SEQUENCES: [&[u32]; 4] = [&[3, 1, 4, 0, 5, 8, 2], &[6, 7], &[1, 3, 2, 7], &[0, 2, 4, 6, 8]];

    /// Every entry of the gradient against the difference of two losses.
    fn assert_gradient(negatives: Negatives<'_>, dropout: f64) {
        let mut weights = weights();
        let draw = Draw { dropout, seed: 1, step: 3 };
        let (_, found) = gradient(LAYOUT, &weights, &SEQUENCES, negatives, draw);
        for at in 0..weights.len() {
            let (held, step) = (weights[at], 1e-5);
            let mut loss = |by: f64| {
                weights[at] = held + by;
                gradient(LAYOUT, &weights, &SEQUENCES, negatives, draw).0
            };
            let expected = (loss(step) - loss(-step)) / (2.0 * step);
            weights[at] = held;
            assert!(
                (found[at] - expected).abs() < 1e-6 * expected.abs().max(0.01),
                "number {at}: {} is not {expected}",
                found[at]
            );
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences_with_and_without_dropout() {
        assert_gradient(Negatives::All, 0.0);
        assert_gradient(Negatives::All, 0.3);
    }

    #[test]
    fn the_gradient_with_some_negatives_is_that_of_finite_differences() {
        assert_gradient(Negatives::Some(&[0, 2, 3, 5, 7]), 0.3);
    }

    #[test]
    fn all_other_items_as_negatives_are_the_full_softmax() {
        let draw = Draw { dropout: 0.2, seed: 1, step: 0 };
        let all: Vec<u32> = (0..9).collect();
        let (full, of_full) = gradient(LAYOUT, &weights(), &SEQUENCES, Negatives::All, draw);
        let (some, of_some) = gradient(LAYOUT, &weights(), &SEQUENCES, Negatives::Some(&all), draw);
        assert!((full - some).abs() < 1e-12);
        assert!(of_full.iter().zip(&of_some).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn single_precision_has_the_gradient_of_double_precision() {
        let draw = Draw { dropout: 0.3, seed: 1, step: 5 };
        let weights = weights();
        let single: Vec<f32> = weights.iter().map(|&x| x as f32).collect();
        let (loss, expected) = gradient(LAYOUT, &weights, &SEQUENCES, Negatives::All, draw);
        let (found, of_single) = gradient(LAYOUT, &single, &SEQUENCES, Negatives::All, draw);
        assert!((loss - found).abs() < 1e-6 * loss);
        for (found, expected) in of_single.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found} for {expected}");
        }
    }

    #[test]
    fn the_bits_do_not_depend_on_the_threads() {
        let single: Vec<f32> = weights().iter().map(|&x| x as f32).collect();
        let many: Vec<&[u32]> = (0..40).map(|at| SEQUENCES[at % 4]).collect();
        let draw = Draw { dropout: 0.3, seed: 1, step: 5 };
        let bits = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (loss, of) = pool.install(|| gradient(LAYOUT, &single, &many, Negatives::All, draw));
            (loss.to_bits(), of.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        };
        assert_eq!(bits(1), bits(3));
    }
}
