//! Co-clustering: predicts ratings from groups of users and groups of items, found together.
//!
//! With user `u` in group `g` and item `i` in group `h`, `r̂(u, i) = A_gh + (A_u - A_g) + (A_i - A_h)`, where `A` are mean ratings: of
//! a block, of a user, of a group of users, of an item, of a group of items; a mean of nothing is that of all ratings. A sweep puts
//! every user into the group with the least squared error, then every item; of equal errors the lower group wins. A user's group
//! is found from the history at every request, so that a trained user and the same history get the same predictions.
//! Source: George, Merugu, "A scalable collaborative filtering framework based on co-clustering", ICDM 2005, section 3.

mod fit;
mod persist;

use foretaste_data::ids::UserIx;

pub use fit::CoClusteringParams;
#[cfg(test)]
pub(crate) use fit::Groups;

use crate::fit::narrow;
use crate::{Candidates, FoldIn, History, Meaning, Scorer};

/// Groups of items, and mean ratings.
#[derive(Clone, Debug, PartialEq)]
pub struct CoClustering {
    /// The mean of each item.
    item_means: Vec<f64>,
    /// The group of each item.
    item_groups: Vec<u32>,
    means: GroupMeans,
    /// Least and greatest rating.
    scale: [f32; 2],
}

/// Mean ratings of groups and blocks.
#[derive(Clone, Debug, PartialEq)]
struct GroupMeans {
    all: f64,
    user_groups: Vec<f64>,
    item_groups: Vec<f64>,
    /// groups of users x groups of items, row-major.
    blocks: Vec<f64>,
}

impl GroupMeans {
    fn block(&self, user_group: usize, item_group: usize) -> f64 {
        self.blocks[user_group * self.item_groups.len() + item_group]
    }

    /// What a user of this group and mean gives an item of that group and mean.
    fn predicted(&self, (group, mean): (usize, f64), (item_group, item_mean): (usize, f64)) -> f64 {
        let of_user = mean - self.user_groups[group];
        self.block(group, item_group) + of_user + item_mean - self.item_groups[item_group]
    }
}

/// The place of the least number, the lower of equal ones.
fn least(errors: impl Iterator<Item = f64>) -> usize {
    let mut found = (0, f64::INFINITY);
    for (place, error) in errors.enumerate() {
        if error < found.1 {
            found = (place, error);
        }
    }
    found.0
}

impl CoClustering {
    /// The group of each item.
    #[must_use]
    pub fn item_groups(&self) -> &[u32] {
        &self.item_groups
    }

    fn item(&self, item: usize) -> (usize, f64) {
        (self.item_groups[item] as usize, self.item_means[item])
    }

    /// The group and the mean of a user with this history; `None` without one.
    fn user(&self, history: History<'_>) -> Option<(usize, f64)> {
        let ratings = || history.iter().map(|(item, value)| (item, f64::from(value)));
        let count = history.items.len();
        if count == 0 {
            return None;
        }
        let mean = ratings().map(|(_, value)| value).sum::<f64>() / count as f64;
        let error = |group: usize| -> f64 {
            let errors = ratings().map(|(item, value)| value - self.means.predicted((group, mean), self.item(item)));
            errors.map(|error| error * error).sum()
        };
        Some((least((0..self.means.user_groups.len()).map(error)), mean))
    }
}

impl Scorer for CoClustering {
    fn items(&self) -> usize {
        self.item_means.len()
    }

    fn meaning(&self) -> Meaning {
        let [least, most] = self.scale;
        Meaning::Rating { least, most }
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    /// A rating of 0 is a rating, and without any there are the means of the items.
    fn has_direction(&self, _: History<'_>) -> bool {
        true
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }
}

impl FoldIn for CoClustering {
    /// |history| x groups of users, and the candidates.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let user = self.user(history);
        candidates.score_each(scores, |item| {
            let mean = || self.item_means[item];
            narrow(user.map_or_else(mean, |user| self.means.predicted(user, self.item(item))))
        });
    }
}
