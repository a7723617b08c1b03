//! Adam: steps against a gradient, each number by its own scale (Kingma, Ba, ICLR 2015, algorithm 1).

use rayon::prelude::*;

use crate::fit::narrow;

/// What is left of the mean gradient and of the mean square with each step: those of SASRec's authors.
const LEFT: [f64; 2] = [0.9, 0.98];
/// What a root of a mean square is at least.
const LEAST: f32 = 1e-8;

/// What Adam remembers.
#[derive(Clone, Debug)]
pub(crate) struct Adam {
    rate: f64,
    means: Vec<f32>,
    squares: Vec<f32>,
    /// The powers of [`LEFT`] after the steps so far.
    powers: [f64; 2],
}

impl Adam {
    pub(crate) fn new(rate: f64, numbers: usize) -> Self {
        Self { rate, means: vec![0.0; numbers], squares: vec![0.0; numbers], powers: [1.0; 2] }
    }

    /// Moves the weights by one step.
    pub(crate) fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        self.powers.iter_mut().zip(LEFT).for_each(|(power, left)| *power *= left);
        let rate = narrow(self.rate / (1.0 - self.powers[0]));
        let correction = narrow((1.0 - self.powers[1]).recip());
        let ([left, square_left], [more, square_more]) = (LEFT.map(narrow), LEFT.map(|left| narrow(1.0 - left)));
        let states = self.means.par_chunks_mut(1 << 14).zip(self.squares.par_chunks_mut(1 << 14));
        let numbers = weights.par_chunks_mut(1 << 14).zip(gradient.par_chunks(1 << 14));
        numbers.zip(states).for_each(|((weights, gradient), (means, squares))| {
            for (((weight, &d), mean), square) in weights.iter_mut().zip(gradient).zip(means).zip(squares) {
                *mean = left * *mean + more * d;
                *square = square_left * *square + square_more * d * d;
                *weight -= rate * *mean / ((*square * correction).sqrt() + LEAST);
            }
        });
    }
}
