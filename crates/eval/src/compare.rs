//! Which model is best, and whether the others are worse.

use std::collections::BTreeMap;

use crate::entrant::ByUser;
use crate::{Difference, ModelReport, NamedDifference, holm};

/// The differences of each model to the best one, by the nDCG of the first cut-off `k`. A user who is asked about in several
/// folds counts once, with the mean.
pub(crate) fn differences(by_user: &[ByUser], reports: &[ModelReport], k: usize, seed: u64) -> Vec<NamedDifference> {
    let metric = format!("ndcg@{k}");
    let figure = |at: &usize| reports[*at].metrics.get(&metric).copied();
    let whole: Vec<usize> = (0..reports.len()).filter(|at| figure(at).is_some()).collect();
    let best = whole
        .iter()
        .copied()
        .max_by(|a, b| figure(a).partial_cmp(&figure(b)).unwrap_or(std::cmp::Ordering::Equal).then(b.cmp(a)));
    let Some(best) = best else { return Vec::new() };
    let mut differences: Vec<NamedDifference> = whole
        .into_iter()
        .filter(|&other| other != best)
        .filter_map(|other| {
            let (of_users, of_folds) = between(&by_user[best], &by_user[other]);
            let difference = Difference::of(&of_users, seed)?;
            let sign = |mean: f64| mean.partial_cmp(&0.0);
            let all_folds_agree = of_folds.iter().all(|&mean| sign(mean) == sign(difference.mean));
            Some(NamedDifference { metric: metric.clone(), best, other, difference, p_holm: 1.0, all_folds_agree })
        })
        .collect();
    let p: Vec<f64> = differences.iter().map(|named| named.difference.p).collect();
    differences.iter_mut().zip(holm(&p)).for_each(|(named, p)| named.p_holm = p);
    differences
}

/// What the first has more than the second: by user in the order of ids, the mean over folds; and the mean of each fold.
fn between(first: &ByUser, second: &ByUser) -> (Vec<f64>, Vec<f64>) {
    let mut users = BTreeMap::<&str, (f64, u32)>::new();
    let mut folds = Vec::new();
    for (first, second) in first.iter().zip(second) {
        let mut sum = 0.0;
        for ((user, a), (_, b)) in first.iter().zip(second) {
            let entry = users.entry(user).or_default();
            entry.0 += a - b;
            entry.1 += 1;
            sum += a - b;
        }
        folds.push(sum / first.len().max(1) as f64);
    }
    (users.into_values().map(|(sum, folds)| sum / f64::from(folds)).collect(), folds)
}
