//! Which model is best, and whether the others are worse.

use crate::test_users::TestUsers;
use crate::{Difference, Interval, ModelReport, NamedDifference, holm};

/// For each fold, a figure of each of its users, in their order.
pub(crate) type ByUser = Vec<Vec<f64>>;

/// The 95 % interval of the nDCG of the first cut-off `k`; a user who is asked about in several folds counts once.
pub(crate) fn interval(users: &TestUsers, by_user: &ByUser, k: usize, seed: u64) -> Option<Interval> {
    let Difference { low, high, .. } = Difference::of(&users.means(by_user), seed)?;
    Some(Interval { metric: leading(k), low, high })
}

/// The metric that models are compared by.
fn leading(k: usize) -> String {
    format!("ndcg@{k}")
}

/// The differences of each model to the best one, by the nDCG of the first cut-off `k`. A user who is asked about in several
/// folds counts once, with the mean.
pub(crate) fn differences(
    users: &TestUsers,
    by_user: &[ByUser],
    reports: &[ModelReport],
    k: usize,
    seed: u64,
) -> Vec<NamedDifference> {
    let metric = leading(k);
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
            let by_fold = between(&by_user[best], &by_user[other]);
            let difference = Difference::of(&users.means(&by_fold), seed)?;
            let sign = |mean: f64| mean.partial_cmp(&0.0);
            let of_fold = |fold: &Vec<f64>| fold.iter().sum::<f64>() / fold.len().max(1) as f64;
            let all_folds_agree = by_fold.iter().map(of_fold).all(|mean| sign(mean) == sign(difference.mean));
            Some(NamedDifference { metric: metric.clone(), best, other, difference, p_holm: 1.0, all_folds_agree })
        })
        .collect();
    let p: Vec<f64> = differences.iter().map(|named| named.difference.p).collect();
    differences.iter_mut().zip(holm(&p)).for_each(|(named, p)| named.p_holm = p);
    differences
}

/// What the first has more than the second, user by user.
fn between(first: &ByUser, second: &ByUser) -> ByUser {
    let folds = first.iter().zip(second);
    folds.map(|(first, second)| first.iter().zip(second).map(|(a, b)| a - b).collect()).collect()
}
