//! What the residual of a triplet says about its singular value, and what it may be.

use super::correct;

/// The largest relative error of a singular value that is promised, at [`TOLERANCE`] and below.
const DIGITS: f64 = 1e-9;
/// The largest tolerance at which singular values are promised to [`DIGITS`].
const TOLERANCE: f64 = 1e-6;
/// The smallest part of the largest singular value down to which they are.
const SMALLEST: f64 = 2e-3;
/// How many times larger than (r / s)² / 2 the relative error of a value `s` with residual `r` may be.
///
/// With `u = u_j + Σ e_i u_i`, the residual is Σ e_i (s_i² - s_j²) / s_j and the error of s_j² is Σ e_i² (s_i² - s_j²), so
/// that the relative error of s_j is the mean of 1 / g_i, weighted with the residual, times (r / s)² / 2, where g_i is
/// |s_i² - s_j²| / s_j² (Temple and Kato: Parlett, "The Symmetric Eigenvalue Problem", 1980, section 10.5). The `i` are
/// those that no Rayleigh-Ritz step has separated from `j`; most of them have small values and g_i near 1. Over heavy
/// tails and ratings the mean is 1.1 to 3.1.
const SPREAD: f64 = 5.0;
/// The same where the nearest value that was not separated is far.
const FAR: f64 = 2.5;
/// How many times the average share of the residual, one part in as many as the matrix has rows, the nearest such value
/// may have.
const SHARE: f64 = 10.0;

/// The residual that a triplet may have, as a part of the largest singular value, so that the tolerance and the digits of
/// its singular value are kept; `ratio` is that value, as a part of the largest.
pub(super) fn allowed(ratio: f64, tolerance: f64) -> f64 {
    with_spread(SPREAD, ratio, tolerance)
}

fn with_spread(spread: f64, ratio: f64, tolerance: f64) -> f64 {
    if tolerance > TOLERANCE || ratio < SMALLEST {
        return tolerance;
    }
    tolerance.min((2.0 * DIGITS / spread).sqrt() * ratio)
}

/// Whether every triplet of a matrix with `n` rows that was corrected as [`correct`] has it keeps to what is [`allowed`];
/// `residuals` are parts of the largest value.
pub(super) fn is_kept(residuals: &[f64], values: &[f64], n: usize, tolerance: f64) -> bool {
    let first = values.first().copied().unwrap_or(0.0);
    let nearest = nearest(values);
    let kept = |at: usize| {
        let spread = SPREAD.max(FAR + SHARE / (n as f64 * nearest[at]));
        residuals[at] <= with_spread(spread, values[at] / first, tolerance)
    };
    first > 0.0 && (0..values.len()).all(kept)
}

/// For every value, the distance of its square to the nearest one that no Rayleigh-Ritz step has separated from it, as a
/// part of itself; infinite where all have been.
fn nearest(values: &[f64]) -> Vec<f64> {
    let squares: Vec<f64> = values.iter().map(|s| s * s).collect();
    let mut nearest = vec![f64::INFINITY; values.len()];
    if values.len() <= correct::WINDOW {
        return nearest;
    }
    for run in correct::runs(&squares) {
        for at in run.clone() {
            let above = (run.start > correct::LEADING).then(|| squares[run.start - 1] - squares[at]);
            let below = squares.get(run.end).filter(|_| at >= correct::LEADING).map(|square| squares[at] - square);
            let gaps = above.into_iter().chain(below).map(|gap| gap / squares[at]);
            nearest[at] = gaps.fold(f64::INFINITY, f64::min);
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_value_asks_for_a_smaller_residual_than_the_tolerance() {
        assert!(is_kept(&[1e-6, 1e-6], &[5.0, 0.3], 60, 1e-6));
        assert!(!is_kept(&[1e-6, 1e-6], &[5.0, 0.1], 60, 1e-6), "(r / s)² / 2 is 1.25e-9");
        assert!(is_kept(&[1e-6, 3e-7], &[5.0, 0.1], 60, 1e-6));
        assert!(is_kept(&[1e-6, 1e-6], &[5.0, 0.005], 60, 1e-6), "too small for digits to be promised");
        assert!(is_kept(&[1e-3, 1e-3], &[5.0, 0.1], 60, 1e-2), "digits are not promised");
        assert!(!is_kept(&[f64::NAN], &[5.0], 60, 1e-6) && !is_kept(&[0.0], &[0.0], 60, 1e-6));
    }

    #[test]
    fn many_triplets_with_a_near_value_that_was_not_separated_ask_for_a_smaller_residual() {
        let values: Vec<f64> = (0..70).map(|at| 0.95f64.powi(at)).collect();
        let mut near = values.clone();
        near[65] = near[64] * 0.998;
        let at = |part: f64| values.iter().map(|value| (part * value).min(1e-6)).collect::<Vec<_>>();
        assert!(is_kept(&at(1.5e-5), &values, 100, 1e-6));
        assert!(!is_kept(&at(1.5e-5), &near, 100, 1e-6), "a gap of 0.4 %");
        assert!(is_kept(&at(1.5e-5), &near, 10_000, 1e-6), "and a hundredth of the share");
        near[65] = near[64] * 0.9995;
        assert!(is_kept(&at(1.5e-5), &near, 100, 1e-6), "neighbours are separated");
    }
}
