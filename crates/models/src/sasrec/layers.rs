//! Linear maps and layer norms over the rows of a sequence, forwards and backwards.

use foretaste_linalg::{Block, Real, multiply_blocks};

use super::layout::{Linear, Norm};

/// What a deviation is at least.
const LEAST: f64 = 1e-8;

/// `x W + b` for rows `x`.
pub(crate) fn linear<T: Real>(weights: &[T], of: &Linear, x: &[T]) -> Vec<T> {
    let shift = &weights[of.shift.clone()];
    let mut y: Vec<T> = std::iter::repeat_n(shift, x.len() / shift.len()).flatten().copied().collect();
    let matrix = Block::new(&weights[of.matrix.clone()], shift.len());
    multiply_blocks(&mut y, Block::new(x, shift.len()), matrix, T::from_f64(1.0), true);
    y
}

/// The way back through [`linear`]: adds to the gradients of `W` and `b`, and to that of `x`.
pub(crate) fn linear_back<T: Real>(weights: &[T], of: &Linear, x: &[T], dy: &[T], gradient: &mut [T], dx: &mut [T]) {
    let width = of.shift.len();
    let (x, rows, one) = (Block::new(x, width), Block::new(dy, width), T::from_f64(1.0));
    multiply_blocks(&mut gradient[of.matrix.clone()], x.transposed(), rows, one, true);
    add_rows(&mut gradient[of.shift.clone()], dy);
    multiply_blocks(dx, rows, Block::new(&weights[of.matrix.clone()], width).transposed(), one, true);
}

fn add_rows<T: Real>(to: &mut [T], rows: &[T]) {
    for row in rows.chunks_exact(to.len()) {
        add(to, row);
    }
}

/// `to += more`.
pub(crate) fn add<T: Real>(to: &mut [T], more: &[T]) {
    to.iter_mut().zip(more).for_each(|(to, &more)| *to += more);
}

/// What the way back through a layer norm needs.
#[derive(Debug)]
pub(crate) struct Normed<T> {
    /// Rows with mean 0 and deviation 1.
    unit: Vec<T>,
    /// One over the deviation of each row.
    scales: Vec<T>,
}

/// Each row less its mean, over its deviation, times a gain and plus a shift (Ba, Kiros, Hinton, "Layer normalization", 2016).
pub(crate) fn norm<T: Real>(weights: &[T], of: &Norm, x: &[T]) -> (Vec<T>, Normed<T>) {
    let (gain, shift) = (&weights[of.gain.clone()], &weights[of.shift.clone()]);
    let width = gain.len();
    #[expect(clippy::cast_precision_loss, reason = "a width is far below 2^53")]
    let count = width as f64;
    let (mut y, mut unit, mut scales) = (x.to_vec(), x.to_vec(), Vec::with_capacity(x.len() / width));
    for (y, unit) in y.chunks_exact_mut(width).zip(unit.chunks_exact_mut(width)) {
        let mean = unit.iter().map(|x| x.to_f64()).sum::<f64>() / count;
        let square = unit.iter().map(|x| (x.to_f64() - mean) * (x.to_f64() - mean)).sum::<f64>() / count;
        let scale = T::from_f64((square + LEAST).sqrt().recip());
        let mean = T::from_f64(mean);
        for ((y, unit), (&gain, &shift)) in y.iter_mut().zip(unit).zip(gain.iter().zip(shift)) {
            *unit = (*unit - mean) * scale;
            *y = *unit * gain + shift;
        }
        scales.push(scale);
    }
    (y, Normed { unit, scales })
}

/// The way back through [`norm`]: adds to the gradients of gain and shift, and to that of `x`.
pub(crate) fn norm_back<T: Real>(
    weights: &[T],
    of: &Norm,
    normed: &Normed<T>,
    dy: &[T],
    gradient: &mut [T],
    dx: &mut [T],
) {
    let gain = &weights[of.gain.clone()];
    let width = gain.len();
    #[expect(clippy::cast_precision_loss, reason = "a width is far below 2^53")]
    let share = T::from_f64((width as f64).recip());
    let rows = normed.unit.chunks_exact(width).zip(&normed.scales);
    for ((dx, dy), (unit, &scale)) in dx.chunks_exact_mut(width).zip(dy.chunks_exact(width)).zip(rows) {
        let (mut sum, mut along) = (T::default(), T::default());
        for ((&dy, &gain), &unit) in dy.iter().zip(gain).zip(unit) {
            sum += dy * gain;
            along += dy * gain * unit;
        }
        let (mean, along) = (sum * share, along * share);
        for (((dx, &dy), &gain), &unit) in dx.iter_mut().zip(dy).zip(gain).zip(unit) {
            *dx += scale * (dy * gain - mean - unit * along);
        }
    }
    for (dy, unit) in dy.chunks_exact(width).zip(normed.unit.chunks_exact(width)) {
        let of_gain = gradient[of.gain.clone()].iter_mut();
        of_gain.zip(dy.iter().zip(unit)).for_each(|(to, (&dy, &unit))| *to += dy * unit);
        add(&mut gradient[of.shift.clone()], dy);
    }
}
