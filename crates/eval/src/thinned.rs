//! A share of the training data, to see what a model would reach with less.

use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::random::Random;

/// Training data of which a share of each user's rows is left, rounded, and at least one of them. Users and items stay the
/// same, in the same order. Rows are drawn in an order that comes from `seed` alone, so that a smaller share is a part of a
/// larger one. O(nnz).
pub(crate) fn thinned(train: &Dataset, share: f64, seed: u64) -> Arc<Dataset> {
    let all = &train.interactions;
    let (mut random, mut is_left) = (Random::new(seed), vec![false; all.nnz()]);
    for span in all.matrix().offsets().windows(2) {
        let mut entries: Vec<usize> = (span[0]..span[1]).collect();
        random.shuffle(&mut entries);
        let left = ((entries.len() as f64 * share).round() as usize).max(1);
        entries.iter().take(left).for_each(|&entry| is_left[entry] = true);
    }
    Arc::new(train.about("share", all.subset_with_all_items(|entry| is_left[entry])))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use foretaste::ids::UserIx;
    use foretaste::models::ModelParams;
    use foretaste::recommend::Recommender;
    use jiff::Timestamp;

    use crate::judge::judge_beside;
    use crate::{Fold, Split};

    fn fold() -> Fold {
        Split::Random { share: 0.2 }.part(&Dataset::demo().unwrap(), 0, 1).unwrap()
    }

    #[test]
    fn a_smaller_share_is_a_part_of_a_larger_one_and_every_user_and_item_stays() {
        let train = fold().train;
        let parts = [0.01, 0.1, 0.3].map(|share| thinned(&train, share, 5));
        for (part, share) in parts.iter().zip([0.01, 0.1, 0.3]) {
            let (part, all) = (&part.interactions, &train.interactions);
            assert!(part.users().iter().eq(all.users().iter()) && part.items().iter().eq(all.items().iter()));
            for user in (0u32..).take(all.users().len()).map(UserIx) {
                let (left, rows) = (part.of(user).0, all.of(user).0);
                assert_eq!(left.len(), ((rows.len() as f64 * share).round() as usize).max(1));
                assert!(left.iter().all(|item| rows.contains(item)));
            }
        }
        for pair in parts.windows(2) {
            let [less, more] = [0, 1].map(|at: usize| &pair[at].interactions);
            let users = (0u32..).take(less.users().len()).map(UserIx);
            assert!(users.into_iter().all(|user| less.of(user).0.iter().all(|item| more.of(user).0.contains(item))));
        }
        assert_eq!(thinned(&train, 0.1, 5).hash(), parts[1].hash());
        assert_ne!(thinned(&train, 0.1, 6).hash(), parts[1].hash());
    }

    #[test]
    fn what_a_user_has_in_the_whole_training_data_is_in_no_list() {
        let Fold { train, test } = fold();
        let params = ModelParams::of("popularity").unwrap();
        let fit = Recommender::fit(thinned(&train, 0.1, 1), &params, Timestamp::UNIX_EPOCH, &mut |_| {
            std::ops::ControlFlow::Continue(())
        });
        let judged = judge_beside(&fit.unwrap().0, &test, 10, Some(&train.interactions)).unwrap();
        for (wanted, judged) in test.users.iter().zip(&judged.users) {
            let seen = train.interactions.of(wanted.user).0;
            assert!(judged.list.len() == 11 && judged.list.iter().all(|(item, _)| !seen.contains(item)));
        }
    }
}
