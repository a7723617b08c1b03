//! Linear maps and layer norms over the rows of a sequence, forwards and backwards.

use foretaste_linalg::{Block, Real, multiply_blocks};

use super::layout::{Linear, Norm};

/// Sums that run side by side.
const LANES: usize = 8;

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

/// The sum of what `of` makes of pairs, in eight partial sums side by side.
#[inline]
pub(crate) fn total<T: Real, S: Real>(a: &[T], b: &[T], of: impl Fn(T, T) -> S) -> S {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [S::default(); LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += of(a, b);
        }
    }
    for (sum, (&a, &b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += of(a, b);
    }
    sums.into_iter().sum()
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
        let mean = total(unit, unit, |x, _| x.to_f64()) / count;
        let square = total(unit, unit, |x, _| (x.to_f64() - mean) * (x.to_f64() - mean)) / count;
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
    let mut d_unit = vec![T::default(); width];
    for ((dx, dy), (unit, &scale)) in dx.chunks_exact_mut(width).zip(dy.chunks_exact(width)).zip(rows) {
        d_unit.iter_mut().zip(dy.iter().zip(gain)).for_each(|(d, (&dy, &gain))| *d = dy * gain);
        let mean = share * total(&d_unit, &d_unit, |d, _| d);
        let along = share * total(&d_unit, unit, |d, unit| d * unit);
        for ((dx, &d), &unit) in dx.iter_mut().zip(&d_unit).zip(unit) {
            *dx += scale * (d - mean - unit * along);
        }
    }
    for (dy, unit) in dy.chunks_exact(width).zip(normed.unit.chunks_exact(width)) {
        let of_gain = gradient[of.gain.clone()].iter_mut();
        of_gain.zip(dy.iter().zip(unit)).for_each(|(to, (&dy, &unit))| *to += dy * unit);
        add(&mut gradient[of.shift.clone()], dy);
    }
}
