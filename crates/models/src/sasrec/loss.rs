//! Softmax cross-entropy of what places say against the items that came next, with all other items or with some as negatives.

use foretaste_linalg::{Block, Softmax, multiply_blocks};

use super::layout::Layout;

/// Rows whose scores are held at a time.
const ROWS: usize = 64;
/// Minus a score whose exponential is nothing beside any other.
const NOTHING: f64 = 1e30;

/// What a place is told apart from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Negatives<'a> {
    /// All other items.
    All,
    /// These, rising, but for the item itself.
    Some(&'a [u32]),
}

/// The sum over the rows of `outputs` of `-ln softmax(scores)[target]`, where scores are the products with the items. Writes
/// `scale` times its gradient to `d_outputs` and adds it to that of the items in `gradient`.
///
/// Scores of 64 rows are held at a time; 6 rows x negatives x width flops.
pub(crate) fn cross_entropy<T: Softmax>(
    layout: Layout,
    weights: &[T],
    negatives: Negatives<'_>,
    (outputs, targets): (&[T], &[u32]),
    scale: f64,
    (d_outputs, gradient): (&mut [T], &mut [T]),
) -> f64 {
    let items = &weights[layout.items()];
    let of_items = &mut gradient[layout.items()];
    match negatives {
        Negatives::All => full(layout.width, items, (outputs, targets), scale, (d_outputs, of_items)),
        Negatives::Some(some) => sampled(layout.width, items, some, (outputs, targets), scale, (d_outputs, of_items)),
    }
}

fn full<T: Softmax>(
    width: usize,
    items: &[T],
    (outputs, targets): (&[T], &[u32]),
    scale: f64,
    (d_outputs, of_items): (&mut [T], &mut [T]),
) -> f64 {
    let (count, one) = (items.len() / width, T::from_f64(1.0));
    let mut scores = vec![T::default(); ROWS.min(targets.len()) * count];
    let rows = outputs.chunks(ROWS * width).zip(targets.chunks(ROWS)).zip(d_outputs.chunks_mut(ROWS * width));
    let mut loss = 0.0;
    for ((outputs, targets), d_outputs) in rows {
        let scores = &mut scores[..targets.len() * count];
        let (outputs, items) = (Block::new(outputs, width), Block::new(items, width));
        multiply_blocks(scores, outputs, items.transposed(), one, false);
        for (row, &target) in scores.chunks_exact_mut(count).zip(targets) {
            let wanted = row[target as usize].to_f64();
            loss += T::softmax(row, scale) - wanted;
            row[target as usize] -= T::from_f64(scale);
        }
        let scores = Block::new(scores, count);
        multiply_blocks(d_outputs, scores, items, one, false);
        multiply_blocks(of_items, scores.transposed(), outputs, one, true);
    }
    loss
}

/// As [`full`], the scores being those of the target and of the negatives.
fn sampled<T: Softmax>(
    width: usize,
    items: &[T],
    negatives: &[u32],
    (outputs, targets): (&[T], &[u32]),
    scale: f64,
    (d_outputs, of_items): (&mut [T], &mut [T]),
) -> f64 {
    let (count, one) = (negatives.len(), T::from_f64(1.0));
    let item = |item: u32| item as usize * width..(item as usize + 1) * width;
    let known: Vec<T> = negatives.iter().flat_map(|&negative| &items[item(negative)]).copied().collect();
    let mut of_known = vec![T::default(); known.len()];
    let mut scores = vec![T::default(); ROWS.min(targets.len()) * count];
    let rows = outputs.chunks(ROWS * width).zip(targets.chunks(ROWS)).zip(d_outputs.chunks_mut(ROWS * width));
    let mut loss = 0.0;
    for ((outputs, targets), d_outputs) in rows {
        let scores = &mut scores[..targets.len() * count];
        let (output_rows, known) = (Block::new(outputs, width), Block::new(&known, width));
        multiply_blocks(scores, output_rows, known.transposed(), one, false);
        let mut of_targets = Vec::with_capacity(targets.len());
        for ((row, &target), output) in scores.chunks_exact_mut(count).zip(targets).zip(outputs.chunks_exact(width)) {
            let mut wanted = T::default();
            output.iter().zip(&items[item(target)]).for_each(|(&x, &y)| wanted += x * y);
            let wanted = wanted.to_f64();
            if let Ok(itself) = negatives.binary_search(&target) {
                row[itself] = T::from_f64(-NOTHING);
            }
            let others = T::softmax(row, scale);
            let most = others.max(wanted);
            let all = most + ((others - most).exp() + (wanted - most).exp()).ln();
            loss += all - wanted;
            let share = T::from_f64((others - all).exp());
            row.iter_mut().for_each(|value| *value *= share);
            of_targets.push(T::from_f64(scale * ((wanted - all).exp() - 1.0)));
        }
        let scores = Block::new(scores, count);
        multiply_blocks(d_outputs, scores, known, one, false);
        multiply_blocks(&mut of_known, scores.transposed(), output_rows, one, true);
        let rows = d_outputs.chunks_exact_mut(width).zip(outputs.chunks_exact(width));
        for ((d_output, output), (&target, d)) in rows.zip(targets.iter().zip(of_targets)) {
            d_output.iter_mut().zip(&items[item(target)]).for_each(|(to, &value)| *to += d * value);
            of_items[item(target)].iter_mut().zip(output).for_each(|(to, &value)| *to += d * value);
        }
    }
    for (&negative, d) in negatives.iter().zip(of_known.chunks_exact(width)) {
        of_items[item(negative)].iter_mut().zip(d).for_each(|(to, &d)| *to += d);
    }
    loss
}
