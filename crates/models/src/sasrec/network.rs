//! The network: a sequence of items in, a vector for each of its places out; and the way back.

use foretaste_linalg::Softmax;

use super::attention::{Attended, attend, attend_back};
use super::dropout::{Dropout, drop_some, times};
use super::layers::{Normed, add, linear, linear_back, norm, norm_back};
use super::layout::{BlockLayout, Layout};

/// What the way back through a block needs.
#[derive(Debug)]
struct Passed<T> {
    normed: (Vec<T>, Normed<T>),
    attended: (Vec<T>, Attended<T>),
    output_factors: Vec<T>,
    layers_normed: (Vec<T>, Normed<T>),
    /// After the rectifier and dropout.
    inner: Vec<T>,
    inner_factors: Vec<T>,
    outer_factors: Vec<T>,
}

/// A sequence on its way through the network.
#[derive(Debug)]
pub(crate) struct Forward<T> {
    item_factors: Vec<T>,
    blocks: Vec<Passed<T>>,
    last: Normed<T>,
    /// places x width: what each place says of the item that comes next.
    pub(crate) output: Vec<T>,
}

/// By how much the numbers of an item are larger at the entrance than at the exit.
fn entrance<T: Softmax>(layout: Layout) -> T {
    #[expect(clippy::cast_precision_loss, reason = "a width is far below 2^53")]
    T::from_f64((layout.width as f64).sqrt())
}

/// Places that the last block makes for what the last one says. That of a single one would do, but a product of one row is summed in
/// another order than that of several, and rounded otherwise than in training.
const LATEST: usize = 2;

/// What the last place of a sequence says: the last row of the output of [`forward`] without dropout, bit by bit, for which the last
/// block makes the latest places alone.
pub(crate) fn forward_last<T: Softmax>(layout: Layout, weights: &[T], sequence: &[u32]) -> Vec<T> {
    let (width, mut x) = (layout.width, enter(layout, weights, sequence));
    for block in 0..layout.blocks {
        let kept = if block + 1 < layout.blocks { sequence.len() } else { LATEST.min(sequence.len()) };
        pass(&layout.block(block), weights, width, &mut x, kept, &mut None);
    }
    let (mut output, _) = norm(weights, &layout.last_norm(), &x);
    output.split_off(output.len() - width)
}

/// What is known of each place before the first block.
fn enter<T: Softmax>(layout: Layout, weights: &[T], sequence: &[u32]) -> Vec<T> {
    let width = layout.width;
    let (items, scale) = (&weights[layout.items()], entrance::<T>(layout));
    let mut x = weights[layout.places()][(layout.length - sequence.len()) * width..].to_vec();
    for (x, &item) in x.chunks_exact_mut(width).zip(sequence) {
        let of_item = &items[item as usize * width..][..width];
        x.iter_mut().zip(of_item).for_each(|(x, &value)| *x += value * scale);
    }
    x
}

/// Sends a sequence through: oldest item first, one to `length` of them.
pub(crate) fn forward<T: Softmax>(
    layout: Layout,
    weights: &[T],
    sequence: &[u32],
    mut dropout: Option<Dropout>,
) -> Forward<T> {
    let (width, mut x) = (layout.width, enter(layout, weights, sequence));
    let item_factors = drop_some(&mut dropout, &mut x);
    let mut through = |block| pass(&layout.block(block), weights, width, &mut x, sequence.len(), &mut dropout);
    let blocks = (0..layout.blocks).map(&mut through).collect();
    let (output, last) = norm(weights, &layout.last_norm(), &x);
    Forward { item_factors, blocks, last, output }
}

/// Sends all places into a block and the last `kept` of them out of it; there is a way back where those are all.
fn pass<T: Softmax>(
    of: &BlockLayout,
    weights: &[T],
    width: usize,
    x: &mut Vec<T>,
    kept: usize,
    dropout: &mut Option<Dropout>,
) -> Passed<T> {
    let normed = norm(weights, &of.before_attention, x);
    x.drain(..x.len() - kept * width);
    let query = linear(weights, &of.query, &normed.0[normed.0.len() - x.len()..]);
    let [key, value] = [&of.key, &of.value].map(|map| linear(weights, map, &normed.0));
    let attended = attend([query, key, value], width, dropout);
    let mut output = linear(weights, &of.output, &attended.0);
    let output_factors = drop_some(dropout, &mut output);
    add(x, &output);
    let layers_normed = norm(weights, &of.before_layers, x);
    let mut inner = linear(weights, &of.inner, &layers_normed.0);
    inner.iter_mut().for_each(|value| *value = if *value > T::default() { *value } else { T::default() });
    let inner_factors = drop_some(dropout, &mut inner);
    let mut outer = linear(weights, &of.outer, &inner);
    let outer_factors = drop_some(dropout, &mut outer);
    add(x, &outer);
    Passed { normed, attended, output_factors, layers_normed, inner, inner_factors, outer_factors }
}

/// Adds to `gradient` what the gradient of the output says of all weights.
pub(crate) fn backward<T: Softmax>(
    layout: Layout,
    weights: &[T],
    sequence: &[u32],
    forward: &Forward<T>,
    d_output: &[T],
    gradient: &mut [T],
) {
    let width = layout.width;
    let mut dx = vec![T::default(); d_output.len()];
    norm_back(weights, &layout.last_norm(), &forward.last, d_output, gradient, &mut dx);
    for (block, passed) in forward.blocks.iter().enumerate().rev() {
        pass_back(&layout.block(block), weights, width, passed, &mut dx, gradient);
    }
    times(&mut dx, &forward.item_factors);
    let places = layout.places();
    add(&mut gradient[places.start + (layout.length - sequence.len()) * width..places.end], &dx);
    let (of_items, scale) = (&mut gradient[layout.items()], entrance::<T>(layout));
    for (dx, &item) in dx.chunks_exact(width).zip(sequence) {
        let of_item = &mut of_items[item as usize * width..][..width];
        of_item.iter_mut().zip(dx).for_each(|(to, &dx)| *to += dx * scale);
    }
}

fn pass_back<T: Softmax>(
    of: &BlockLayout,
    weights: &[T],
    width: usize,
    passed: &Passed<T>,
    dx: &mut [T],
    gradient: &mut [T],
) {
    let (mut d_inner, mut d_normed) = (zeros_like(dx), zeros_like(dx));
    let mut d_outer = dx.to_vec();
    times(&mut d_outer, &passed.outer_factors);
    linear_back(weights, &of.outer, &passed.inner, &d_outer, gradient, &mut d_inner);
    times(&mut d_inner, &passed.inner_factors);
    // What the rectifier or dropout made 0 goes no further back; dropout's share of it is 0 already.
    d_inner
        .iter_mut()
        .zip(&passed.inner)
        .filter(|(_, inner)| **inner <= T::default())
        .for_each(|(d, _)| *d = T::default());
    linear_back(weights, &of.inner, &passed.layers_normed.0, &d_inner, gradient, &mut d_normed);
    norm_back(weights, &of.before_layers, &passed.layers_normed.1, &d_normed, gradient, dx);
    let (mut d_attended, mut d_normed) = (zeros_like(dx), zeros_like(dx));
    let mut d_output = dx.to_vec();
    times(&mut d_output, &passed.output_factors);
    linear_back(weights, &of.output, &passed.attended.0, &d_output, gradient, &mut d_attended);
    let maps = attend_back(&passed.attended.1, width, &d_attended);
    for (map, d) in [&of.query, &of.key, &of.value].into_iter().zip(&maps) {
        linear_back(weights, map, &passed.normed.0, d, gradient, &mut d_normed);
    }
    norm_back(weights, &of.before_attention, &passed.normed.1, &d_normed, gradient, dx);
}

fn zeros_like<T: Softmax>(values: &[T]) -> Vec<T> {
    vec![T::default(); values.len()]
}

#[cfg(test)]
mod tests {
    use foretaste_data::random::Random;

    use super::*;

    #[test]
    fn what_the_last_place_says_alone_has_the_bits_of_the_last_of_all_places() {
        for (width, blocks) in [(8, 1), (20, 2), (64, 2), (64, 3)] {
            let layout = Layout { items: 30, width, length: 50, blocks };
            let mut random = Random::new(5);
            let wide: Vec<f64> = (0..layout.len()).map(|_| 0.3 * random.normal()).collect();
            let single: Vec<f32> = wide.iter().map(|&x| x as f32).collect();
            for length in [1, 2, 3, 7, 50] {
                let sequence: Vec<u32> = (0..length).map(|_| random.below(30) as u32).collect();
                let all = forward(layout, &single, &sequence, None).output;
                let last = forward_last(layout, &single, &sequence);
                let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&last), bits(&all[all.len() - width..]), "{width} x {blocks}, {length}");
                let all = forward(layout, &wide, &sequence, None).output;
                let last = forward_last(layout, &wide, &sequence);
                assert!(last.iter().zip(&all[all.len() - width..]).all(|(a, b)| (a - b).abs() < 1e-13));
            }
        }
    }
}
