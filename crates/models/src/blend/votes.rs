//! Scores as votes that can be added up, whatever their size.

/// Adds the scores less their mean, over their standard deviation (of the whole, not of a sample), times the weight; nothing
/// where all are equal. Sums run by rising item.
pub(super) fn add_z_scores(weight: f64, scores: &[f32], sums: &mut [f64]) {
    let count = scores.len().max(1) as f64;
    let mean = scores.iter().map(|&score| f64::from(score)).sum::<f64>() / count;
    let variance = scores.iter().map(|&score| (f64::from(score) - mean).powi(2)).sum::<f64>() / count;
    // Equal scores may differ from their mean by its rounding.
    let all_equal = scores.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
    if all_equal || variance <= 0.0 {
        return;
    }
    let scale = weight / variance.sqrt();
    sums.iter_mut().zip(scores).for_each(|(sum, &score)| *sum += scale * (f64::from(score) - mean));
}

/// Adds the weight over rank and constant; ranks count from 1, the highest score first, equal ones by rising item. What is minus
/// infinity has no rank.
pub(super) fn add_reciprocal_ranks(weight: f64, constant: f64, scores: &[f32], sums: &mut [f64]) {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&item| scores[item] > f32::NEG_INFINITY).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    for (place, item) in order.into_iter().enumerate() {
        sums[item] += weight / (constant + 1.0 + place as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z_scores_have_mean_0_and_deviation_1() {
        let mut sums = [0.0; 4];
        add_z_scores(2.0, &[1.0, 3.0, 3.0, 5.0], &mut sums);
        let unit = 1.0 / 2f64.sqrt();
        for (found, expected) in sums.into_iter().zip([-4.0 * unit, 0.0, 0.0, 4.0 * unit]) {
            assert!((found - expected).abs() < 1e-15, "{sums:?}");
        }
    }

    #[test]
    fn equal_scores_say_nothing() {
        let mut sums = [1.0; 3];
        add_z_scores(1.0, &[0.1; 3], &mut sums);
        assert_eq!(sums.map(f64::to_bits), [1f64; 3].map(f64::to_bits));
    }

    #[test]
    fn ranks_count_from_one_and_ties_go_to_the_lower_item() {
        let mut sums = [0.0; 4];
        add_reciprocal_ranks(1.0, 10.0, &[2.0, f32::NEG_INFINITY, 7.0, 2.0], &mut sums);
        assert_eq!(sums.map(f64::to_bits), [1.0 / 12.0, 0.0, 1.0 / 11.0, 1.0 / 13.0].map(f64::to_bits));
    }
}
