//! Fitting co-clustering: groups drawn, then users and items put where they fit best, in turn.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::Feedback;
use foretaste_data::random::Random;
use foretaste_linalg::CsrMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{CoClustering, GroupMeans, least, persist};
use crate::fit::{OnProgress, check_at_least_one, tell};
use crate::{Dimension, Family, FitError, FitReport, Memory, Shape};

/// More groups are not groups any more.
const MOST: usize = 1000;

/// What the fit of co-clustering may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoClusteringParams {
    /// Groups of users, 1 to 1000.
    pub user_groups: usize,
    /// Groups of items, 1 to 1000.
    pub item_groups: usize,
    /// How often all users and items are put where they fit best, at most; it ends when none moves.
    pub sweeps: usize,
    /// Seed of the first groups.
    pub seed: u64,
}

impl Default for CoClusteringParams {
    fn default() -> Self {
        Self { user_groups: 3, item_groups: 3, sweeps: 20, seed: 0 }
    }
}

impl CoClusteringParams {
    /// Whether no fit allows them.
    pub(super) fn refused(&self) -> Result<(), FitError> {
        for (name, found) in [("user_groups", self.user_groups), ("item_groups", self.item_groups)] {
            if !(1..=MOST).contains(&found) {
                let allowed = format!("1 to {MOST}");
                return Err(FitError::Parameter { name, found: found.to_string(), allowed });
            }
        }
        check_at_least_one("sweeps", self.sweeps)
    }
}

impl Family for CoClustering {
    const NAME: &'static str = "co_clustering";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = CoClusteringParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::whole("user_groups", 2, 20), Dimension::whole("item_groups", 2, 20)]
    }

    fn check(params: &CoClusteringParams, _: &Shape) -> Result<(), FitError> {
        params.refused()
    }

    fn memory(params: &CoClusteringParams, shape: &Shape) -> Memory {
        let (groups, blocks) = (params.user_groups + params.item_groups, params.user_groups * params.item_groups);
        let model = 12 * shape.items as u64 + 8 * (groups + blocks) as u64;
        // The ratings by item, the mean and the group of each user.
        Memory { fit: shape.by_user() + shape.by_item() + 12 * shape.users as u64 + model, model }
    }

    /// Ratings x (groups of users + groups of items) a sweep; sums run in f64, by rising user and item.
    fn fit(
        params: &CoClusteringParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let interactions = &data.interactions;
        let Feedback::Explicit { least, most } = interactions.feedback() else {
            let needs = "ratings to predict; these interactions have none: choose another model, or read a rating column \
                         (--rating-column)";
            return Err(FitError::Unsuited { model: Self::NAME, needs: needs.to_owned() });
        };
        let by_user = interactions.matrix();
        let by_item = by_user.transpose();
        let mut random = Random::new(params.seed);
        let mut draw = |count: usize, groups: usize| -> Vec<u32> {
            (0..count).map(|_| u32::try_from(random.below(groups)).unwrap_or(u32::MAX)).collect()
        };
        let users = draw(by_user.nrows(), params.user_groups);
        let items = draw(by_user.ncols(), params.item_groups);
        let mut groups = Groups::new(by_user, &by_item, users, items, params);
        let sweeps = params.sweeps;
        for sweep in 0..sweeps {
            let moved = report.phase("sweep", || groups.sweep());
            tell(progress, (sweep + 1) as f64 / sweeps as f64)?;
            if !moved {
                break;
            }
        }
        tell(progress, 1.0)?;
        Ok(groups.into_model([least, most]))
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &CoClusteringParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

/// Who is in which group.
pub(crate) struct Groups<'a> {
    by_user: &'a CsrMatrix,
    by_item: &'a CsrMatrix,
    user_means: Vec<f64>,
    item_means: Vec<f64>,
    pub(crate) users: Vec<u32>,
    pub(crate) items: Vec<u32>,
    means: GroupMeans,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(
        by_user: &'a CsrMatrix,
        by_item: &'a CsrMatrix,
        users: Vec<u32>,
        items: Vec<u32>,
        params: &CoClusteringParams,
    ) -> Self {
        let sum: f64 = by_user.values().iter().map(|&value| f64::from(value)).sum();
        let all = sum / by_user.nnz().max(1) as f64;
        let means = |matrix: &CsrMatrix| -> Vec<f64> {
            let mean = |row| {
                let values = matrix.row(row).1;
                let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
                if values.is_empty() { all } else { sum / values.len() as f64 }
            };
            (0..matrix.nrows()).map(mean).collect()
        };
        let (user_means, item_means) = (means(by_user), means(by_item));
        let means = GroupMeans {
            all,
            user_groups: vec![all; params.user_groups],
            item_groups: vec![all; params.item_groups],
            blocks: vec![all; params.user_groups * params.item_groups],
        };
        let mut groups = Self { by_user, by_item, user_means, item_means, users, items, means };
        groups.average();
        groups
    }

    /// Puts users, then items, where they fit best; says whether any moved.
    pub(crate) fn sweep(&mut self) -> bool {
        let users = best_groups(self.by_user, self.means.user_groups.len(), |user, group, item| {
            let item = (self.items[item] as usize, self.item_means[item]);
            self.means.predicted((group, self.user_means[user]), item)
        });
        let mut moved = users != self.users;
        self.users = users;
        self.average();
        let items = best_groups(self.by_item, self.means.item_groups.len(), |item, group, user| {
            let user = (self.users[user] as usize, self.user_means[user]);
            self.means.predicted(user, (group, self.item_means[item]))
        });
        moved |= items != self.items;
        self.items = items;
        self.average();
        moved
    }

    /// What is served of them.
    pub(crate) fn into_model(self, scale: [f32; 2]) -> CoClustering {
        CoClustering { item_means: self.item_means, item_groups: self.items, means: self.means, scale }
    }

    /// The means of groups and blocks as they are now.
    fn average(&mut self) {
        let (width, all) = (self.means.item_groups.len(), self.means.all);
        let mut sums = vec![(0f64, 0usize); self.means.blocks.len()];
        for (user, &group) in self.users.iter().enumerate() {
            let (items, values) = self.by_user.row(user);
            for (&item, &value) in items.iter().zip(values) {
                let (sum, count) = &mut sums[group as usize * width + self.items[item as usize] as usize];
                *sum += f64::from(value);
                *count += 1;
            }
        }
        let mean = |of: &mut dyn Iterator<Item = (f64, usize)>| {
            let (sum, count) = of.fold((0.0, 0), |(sum, count), (more, so_many)| (sum + more, count + so_many));
            if count == 0 { all } else { sum / count as f64 }
        };
        self.means.blocks = sums.iter().map(|&block| mean(&mut std::iter::once(block))).collect();
        self.means.user_groups = sums.chunks(width).map(|row| mean(&mut row.iter().copied())).collect();
        self.means.item_groups =
            (0..width).map(|column| mean(&mut sums.iter().skip(column).step_by(width).copied())).collect();
    }
}

/// For each row the group in which what is `predicted` of row, group and column is nearest to the values.
fn best_groups(matrix: &CsrMatrix, groups: usize, predicted: impl Fn(usize, usize, usize) -> f64 + Sync) -> Vec<u32> {
    let best = |row: usize| {
        let (columns, values) = matrix.row(row);
        let error = |group: usize| -> f64 {
            let pairs = columns.iter().zip(values);
            pairs.map(|(&column, &value)| (f64::from(value) - predicted(row, group, column as usize)).powi(2)).sum()
        };
        u32::try_from(least((0..groups).map(error))).unwrap_or(u32::MAX)
    };
    (0..matrix.nrows()).into_par_iter().map(best).collect()
}
