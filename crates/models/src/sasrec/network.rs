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

/// Sends a sequence through: oldest item first, one to `length` of them.
pub(crate) fn forward<T: Softmax>(
    layout: Layout,
    weights: &[T],
    sequence: &[u32],
    mut dropout: Option<Dropout>,
) -> Forward<T> {
    let width = layout.width;
    let (items, scale) = (&weights[layout.items()], entrance::<T>(layout));
    let mut x = weights[layout.places()][(layout.length - sequence.len()) * width..].to_vec();
    for (x, &item) in x.chunks_exact_mut(width).zip(sequence) {
        let of_item = &items[item as usize * width..][..width];
        x.iter_mut().zip(of_item).for_each(|(x, &value)| *x += value * scale);
    }
    let item_factors = drop_some(&mut dropout, &mut x);
    let blocks =
        (0..layout.blocks).map(|block| pass(&layout.block(block), weights, width, &mut x, &mut dropout)).collect();
    let (output, last) = norm(weights, &layout.last_norm(), &x);
    Forward { item_factors, blocks, last, output }
}

fn pass<T: Softmax>(
    of: &BlockLayout,
    weights: &[T],
    width: usize,
    x: &mut [T],
    dropout: &mut Option<Dropout>,
) -> Passed<T> {
    let normed = norm(weights, &of.before_attention, x);
    let maps = [&of.query, &of.key, &of.value].map(|map| linear(weights, map, &normed.0));
    let attended = attend(maps, width, dropout);
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
