//! Causal attention with one head: what a place takes from those up to it.

use foretaste_linalg::{Block, Softmax, multiply_blocks};

use super::dropout::{Dropout, times};
use super::layers::total;

/// What the way back through an attention needs.
#[derive(Debug)]
pub(crate) struct Attended<T> {
    query: Vec<T>,
    key: Vec<T>,
    value: Vec<T>,
    /// places x places: how much each row takes from each column, 0 from later ones.
    shares: Vec<T>,
    /// The same after dropout, and its factors; empty without.
    dropped: Vec<T>,
    factors: Vec<T>,
}

fn over_root<T: Softmax>(width: usize) -> T {
    #[expect(clippy::cast_precision_loss, reason = "a width is far below 2^53")]
    T::from_f64((width as f64).sqrt().recip())
}

/// `softmax(Q Kᵀ / sqrt(width)) V`, each row over the columns up to it (Vaswani and others, 2017, section 3.2.1); the shares go
/// through dropout. The queries are those of the last places, or of all; for the way back, of all.
pub(crate) fn attend<T: Softmax>(
    [query, key, value]: [Vec<T>; 3],
    width: usize,
    dropout: &mut Option<Dropout>,
) -> (Vec<T>, Attended<T>) {
    let (asked, places) = (query.len() / width, key.len() / width);
    let mut shares = vec![T::default(); asked * places];
    let rows = |values| Block::new(values, width);
    multiply_blocks(&mut shares, rows(&query), rows(&key).transposed(), over_root(width), false);
    let mut factors = if dropout.is_some() { vec![T::default(); shares.len()] } else { Vec::new() };
    for (at, row) in shares.chunks_exact_mut(places).enumerate() {
        let (known, later) = row.split_at_mut(places - asked + at + 1);
        T::softmax(known, 1.0);
        later.fill(T::default());
        if let Some(dropout) = dropout {
            dropout.fill(&mut factors[at * places..][..known.len()]);
        }
    }
    let mut dropped = Vec::new();
    if !factors.is_empty() {
        dropped.clone_from(&shares);
        times(&mut dropped, &factors);
    }
    let taken = if factors.is_empty() { &shares } else { &dropped };
    let mut output = vec![T::default(); query.len()];
    multiply_blocks(&mut output, Block::new(taken, places), rows(&value), T::from_f64(1.0), false);
    (output, Attended { query, key, value, shares, dropped, factors })
}

/// The way back through [`attend`]: the gradients of query, key and value.
pub(crate) fn attend_back<T: Softmax>(attended: &Attended<T>, width: usize, d_output: &[T]) -> [Vec<T>; 3] {
    let Attended { query, key, value, shares, dropped, factors } = attended;
    let places = query.len() / width;
    let (rows, one) = (|values| Block::new(values, width), T::from_f64(1.0));
    let mut d_shares = vec![T::default(); shares.len()];
    multiply_blocks(&mut d_shares, rows(d_output), rows(value).transposed(), one, false);
    let taken = Block::new(if factors.is_empty() { shares } else { dropped }, places);
    let [mut d_query, mut d_key, mut d_value] = [(); 3].map(|()| vec![T::default(); query.len()]);
    multiply_blocks(&mut d_value, taken.transposed(), rows(d_output), one, false);
    times(&mut d_shares, factors);
    for (place, (row, shares)) in d_shares.chunks_exact_mut(places).zip(shares.chunks_exact(places)).enumerate() {
        let (known, later) = row.split_at_mut(place + 1);
        let along = total(known, &shares[..=place], |d, share| d * share);
        known.iter_mut().zip(shares).for_each(|(d, &share)| *d = (*d - along) * share);
        later.fill(T::default());
    }
    let (d_scores, scale) = (Block::new(&d_shares, places), over_root(width));
    multiply_blocks(&mut d_query, d_scores, rows(key), scale, false);
    multiply_blocks(&mut d_key, d_scores.transposed(), rows(query), scale, false);
    [d_query, d_key, d_value]
}
