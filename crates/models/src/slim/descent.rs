//! Coordinate descent for one candidate, on the Gram matrix, among the few items that can have a weight.

use foretaste_linalg::Dense;

use super::SlimParams;

/// Items that join the others at first; later as many as there are weights.
const FIRST: usize = 32;

/// The weights above 0 for one candidate, items in no order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Solved {
    pub(crate) weights: Vec<(u32, f64)>,
    /// Whether no weight moved by more than the tolerance, and no other item wants one.
    pub(crate) converged: bool,
}

/// Numbers that one candidate after another uses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// For each item `i` `x_i · (x_j - X w)`.
    gradient: Vec<f64>,
    /// Whether an item is among those that descend.
    active: Vec<bool>,
}

/// Solves for one candidate. The items that descend are those whose gradient exceeds `l1`, the greatest first, equal ones by
/// rising index; they join until no other item's does. O(items) a weight and round, and (weights)² a sweep.
pub(crate) fn descend(gram: &Dense, candidate: usize, params: &SlimParams, scratch: &mut Scratch) -> Solved {
    let items = gram.nrows();
    let row = |item: u32| &gram.values()[item as usize * items..][..items];
    let Scratch { gradient, active } = scratch;
    active.clear();
    active.resize(items, false);
    let mut weights: Vec<(u32, f64)> = Vec::new();
    let mut left = params.iterations;
    loop {
        gradient.clear();
        gradient.extend_from_slice(&gram.values()[candidate * items..][..items]);
        for &(item, weight) in &weights {
            gradient.iter_mut().zip(row(item)).for_each(|(sum, value)| *sum -= weight * value);
        }
        let excess = |item: u32, diagonal: f64| (gradient[item as usize] - params.l1) / (diagonal + params.l2);
        let mut joining: Vec<(u32, f64)> = Vec::new();
        for (item, row) in (0u32..).zip(gram.values().chunks_exact(items)) {
            let at = item as usize;
            // An item without users has no weight, whatever the penalties are.
            if at == candidate || active[at] || row[at] <= 0.0 {
                continue;
            }
            let excess = excess(item, row[at]);
            if excess > params.tolerance {
                joining.push((item, excess));
            }
        }
        if joining.is_empty() || left == 0 {
            return Solved { converged: joining.is_empty() && left > 0, weights };
        }
        foretaste_linalg::largest(&mut joining, FIRST.max(weights.len()));
        joining.iter().for_each(|&(item, _)| active[item as usize] = true);
        weights.extend(joining.into_iter().map(|(item, _)| (item, 0.0)));
        left = sweep(gram, candidate, params, &mut weights, left);
        weights.retain(|&(item, weight)| {
            active[item as usize] = weight > 0.0;
            weight > 0.0
        });
    }
}

/// Sweeps over the weights until none moves by more than the tolerance; how many sweeps are left.
fn sweep(gram: &Dense, candidate: usize, params: &SlimParams, weights: &mut [(u32, f64)], mut left: usize) -> usize {
    let items = gram.nrows();
    let entry = |i: u32, j: u32| gram.values()[i as usize * items + j as usize];
    // The part of the Gram matrix that is needed again and again, side by side.
    let size = weights.len();
    let mut part = vec![0f64; size * size];
    for (row, &(i, _)) in part.chunks_exact_mut(size).zip(weights.iter()) {
        row.iter_mut().zip(weights.iter()).for_each(|(to, &(j, _))| *to = entry(i, j));
    }
    let mut gradient: Vec<f64> =
        weights.iter().map(|&(item, _)| gram.values()[candidate * items + item as usize]).collect();
    for (row, &(_, weight)) in part.chunks_exact(size).zip(weights.iter()) {
        gradient.iter_mut().zip(row).for_each(|(sum, value)| *sum -= weight * value);
    }
    while left > 0 {
        left -= 1;
        let mut most = 0f64;
        for (at, row) in part.chunks_exact(size).enumerate() {
            let (old, diagonal) = (weights[at].1, row[at]);
            let new = ((gradient[at] + diagonal * old - params.l1) / (diagonal + params.l2)).max(0.0);
            let step = new - old;
            if step.abs() > 0.0 {
                weights[at].1 = new;
                gradient.iter_mut().zip(row).for_each(|(sum, value)| *sum -= step * value);
                most = most.max(step.abs());
            }
        }
        if most <= params.tolerance {
            break;
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use foretaste_linalg::{CsrMatrix, gram};

    use super::*;

    /// 300 users of 150 items, taken in bands that overlap.
    fn taken() -> CsrMatrix {
        let (mut offsets, mut items) = (vec![0], Vec::new());
        for user in 0..300u32 {
            let took = |item: u32| (user * 7919 + item * 104_729 + user * item * 31) % 97;
            items.extend((0..150).filter(|&item| took(item) < 12 + 20 * u32::from(item / 30 == user / 60)));
            offsets.push(items.len());
        }
        let values = vec![1.0; items.len()];
        CsrMatrix::new(150, offsets, items, values).unwrap()
    }

    #[test]
    fn weights_are_a_minimum_also_where_more_descend_than_at_first() {
        let x = taken();
        let gram = gram(&x, &x.transpose(), None);
        let params = SlimParams { l1: 0.5, l2: 5.0, tolerance: 1e-12, iterations: 10_000, ..SlimParams::default() };
        let mut scratch = Scratch::default();
        let mut most = 0;
        for candidate in 0..150 {
            let solved = descend(&gram, candidate, &params, &mut scratch);
            assert!(solved.converged, "candidate {candidate}");
            most = most.max(solved.weights.len());
            let mut weights = vec![0f64; 150];
            solved.weights.iter().for_each(|&(item, weight)| weights[item as usize] = weight);
            for (item, row) in gram.values().chunks_exact(150).enumerate().filter(|&(item, _)| item != candidate) {
                let explained: f64 = row.iter().zip(&weights).map(|(value, weight)| value * weight).sum();
                let slope = row[candidate] - explained - params.l1 - params.l2 * weights[item];
                let stays = if weights[item] > 0.0 { slope.abs() < 1e-8 } else { slope < 1e-8 };
                assert!(stays && weights[item] >= 0.0, "item {item} for {candidate}: {} {slope}", weights[item]);
            }
            assert!(weights[candidate].abs() <= 0.0, "an item does not speak for itself");
        }
        assert!(most > FIRST, "{most} weights, so that items joined more than once");
    }

    #[test]
    fn too_few_sweeps_are_said() {
        let x = taken();
        let gram = gram(&x, &x.transpose(), None);
        let params = SlimParams { iterations: 1, ..SlimParams::default() };
        assert!(!descend(&gram, 3, &params, &mut Scratch::default()).converged);
    }
}
