//! Users by how much the training data have of them: a figure that is good on average may be bad for those who begin.

use foretaste::interactions::Interactions;
use serde::{Deserialize, Serialize};

use crate::Test;

/// Groups that users are parted in.
const GROUPS: usize = 3;

/// Users with about as many rows in the training data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityGroup {
    /// Rows of the user with the fewest.
    pub least: u64,
    /// Rows of the user with the most.
    pub most: u64,
    /// Number of users; one that is asked about in several folds counts in each.
    pub users: usize,
}

/// The rows in the training data of the users that each fold asks about.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    rows: Vec<Vec<u64>>,
}

impl Activity {
    /// Notes the users of a fold.
    pub(crate) fn add(&mut self, test: &Test, train: &Interactions) {
        self.rows.push(test.users.iter().map(|wanted| test.known_rows(wanted.user, train) as u64).collect());
    }

    /// Thirds of the users, by rising activity. Users with equally many rows are in one group, so that the thirds are only
    /// about equal, and there are fewer where most users have equally many. O(users log users).
    pub(crate) fn groups(&self) -> Vec<ActivityGroup> {
        let mut rows: Vec<u64> = self.rows.iter().flatten().copied().collect();
        rows.sort_unstable();
        let (mut groups, mut begin) = (Vec::new(), 0);
        for third in 1..=GROUPS {
            let last = (rows.len() * third).div_ceil(GROUPS).saturating_sub(1);
            let end = rows.get(last).map_or(0, |most| rows.partition_point(|row| row <= most));
            if end > begin {
                groups.push(ActivityGroup { least: rows[begin], most: rows[end - 1], users: end - begin });
                begin = end;
            }
        }
        groups
    }

    /// The mean in each group of figures of the users of each fold, in their order.
    pub(crate) fn means(&self, groups: &[ActivityGroup], figures: &[Vec<f64>]) -> Vec<f64> {
        let mut sums = vec![0.0; groups.len()];
        for (rows, figures) in self.rows.iter().zip(figures) {
            for (rows, figure) in rows.iter().zip(figures) {
                sums[groups.partition_point(|group| group.most < *rows)] += figure;
            }
        }
        sums.iter().zip(groups).map(|(sum, group)| sum / group.users as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_with_equally_many_rows_are_in_one_group_and_each_user_counts_once() {
        let activity = Activity { rows: vec![vec![5, 1, 2, 2], vec![2, 9, 7]] };
        let groups = activity.groups();
        let group = |least, most, users| ActivityGroup { least, most, users };
        assert_eq!(groups, [group(1, 2, 4), group(5, 5, 1), group(7, 9, 2)]);
        let means = activity.means(&groups, &[vec![0.5, 0.1, 0.2, 0.3], vec![0.4, 1.0, 0.5]]);
        assert_eq!(means, [0.25, 0.5, 0.75]);
    }

    #[test]
    fn where_all_users_have_equally_many_rows_there_is_one_group() {
        let activity = Activity { rows: vec![vec![3; 8]] };
        assert_eq!(activity.groups(), [ActivityGroup { least: 3, most: 3, users: 8 }]);
        assert_eq!(Activity::default().groups(), []);
    }
}
