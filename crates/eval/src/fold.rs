//! One way to part data in two: what a model is fitted to, and what it has to find.

use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::ids::{ItemIx, UserIx};
use foretaste::interactions::Interactions;
use serde::{Deserialize, Serialize};

use crate::newcomers::Newcomers;

/// Training data and what was held out from them. A clone shares both.
#[derive(Clone, Debug)]
pub struct Fold {
    /// What models are fitted to, and what is known of its items and users.
    pub train: Arc<Dataset>,
    /// What they have to find.
    pub test: Arc<Test>,
}

/// What was held out, in the indices of the training data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Test {
    /// Users with something to find, by rising index.
    pub users: Vec<TestUser>,
    /// The only items that are ranked, rising, where not all are.
    pub candidates: Option<Vec<ItemIx>>,
    /// What nothing can be asked about.
    pub left_out: LeftOut,
    /// Where users are asked about that the training data do not have: then [`TestUser::user`] is a place among them.
    pub newcomers: Option<Newcomers>,
}

/// A user of the training data and what was held out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TestUser {
    /// The user.
    pub user: UserIx,
    /// Items that were held out, rising.
    pub items: Vec<u32>,
    /// The value of each.
    pub values: Vec<f32>,
    /// When each was, in milliseconds since 1970 (UTC), where that is known.
    pub times: Option<Vec<i64>>,
}

/// Held-out rows that no model is asked about, by the first reason that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Users without a row in the training data.
    pub users_without_train: usize,
    /// Their rows.
    pub rows_of_users_without_train: usize,
    /// Rows of items that the training data do not have.
    pub rows_of_unknown_items: usize,
    /// Users of whose rows none is left for that reason.
    pub users_with_unknown_items_alone: usize,
    /// Rows that stand in the training data as well: a user is never asked for what was shown.
    pub rows_in_train: usize,
}

impl std::ops::AddAssign for LeftOut {
    fn add_assign(&mut self, other: Self) {
        self.users_without_train += other.users_without_train;
        self.rows_of_users_without_train += other.rows_of_users_without_train;
        self.rows_of_unknown_items += other.rows_of_unknown_items;
        self.users_with_unknown_items_alone += other.users_with_unknown_items_alone;
        self.rows_in_train += other.rows_in_train;
    }
}

impl Test {
    /// The rows of `held`, which have ids of their own, as seen from `train`.
    #[must_use]
    pub fn of(held: &Interactions, train: &Interactions) -> Self {
        let items: Vec<Option<ItemIx>> = held.items().iter().map(|item| train.item(item)).collect();
        let mut test = Self::default();
        for (row, id) in (0u32..).zip(held.users().iter()) {
            let (columns, values) = held.of(UserIx(row));
            let Some(user) = train.user(id) else {
                test.left_out.users_without_train += 1;
                test.left_out.rows_of_users_without_train += columns.len();
                continue;
            };
            let seen = train.of(user).0;
            // Both tables of ids have the same order, and so have the items that are found.
            let times = held.times_of(UserIx(row));
            let known = columns
                .iter()
                .zip(values)
                .enumerate()
                .filter_map(|(at, (&column, &value))| items[column as usize].map(|item| (at, item.0, value)));
            let (mut wanted, mut wanted_values, mut wanted_times, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0);
            for (at, item, value) in known {
                rows += 1;
                if seen.binary_search(&item).is_err() {
                    wanted.push(item);
                    wanted_values.push(value);
                    wanted_times.extend(times.map(|times| times[at]));
                }
            }
            test.left_out.rows_of_unknown_items += columns.len() - rows;
            test.left_out.rows_in_train += rows - wanted.len();
            test.left_out.users_with_unknown_items_alone += usize::from(rows == 0 && !columns.is_empty());
            if !wanted.is_empty() {
                let times = times.is_some().then_some(wanted_times);
                test.users.push(TestUser { user, items: wanted, values: wanted_values, times });
            }
        }
        // Users in another order of ids than the training data cannot be: both are in the order of ids.
        debug_assert!(test.users.is_sorted_by_key(|user| user.user));
        test
    }

    /// Takes the times of rows that have none from `all`, which has these users and items; users keep none where one of their
    /// rows is not in it.
    pub(crate) fn timed_by(&mut self, all: &Interactions, train: &Interactions) {
        for wanted in self.users.iter_mut().filter(|wanted| wanted.times.is_none()) {
            let Some(user) = all.user(train.users().name(wanted.user.0)) else { continue };
            let (columns, Some(times)) = (all.of(user).0, all.times_of(user)) else { continue };
            let time = |&item: &u32| {
                let column = all.item(train.items().name(item))?.0;
                Some(times[columns.binary_search(&column).ok()?])
            };
            wanted.times = wanted.items.iter().map(time).collect();
        }
    }

    /// Adds to a hash what is fitted to and what is asked about.
    pub(crate) fn add_to(&self, hash: &mut blake3::Hasher, train: &Interactions) {
        hash.update(&train.hash());
        if let Some(newcomers) = &self.newcomers {
            newcomers.add_to(hash);
        }
        for wanted in &self.users {
            hash.update(&wanted.user.0.to_le_bytes());
            for (item, value) in wanted.items.iter().zip(&wanted.values) {
                hash.update(&item.to_le_bytes());
                hash.update(&value.to_le_bytes());
            }
        }
    }

    /// The id of a user that is asked about.
    #[must_use]
    pub fn name<'a>(&'a self, user: UserIx, train: &'a Interactions) -> &'a str {
        self.newcomers.as_ref().map_or_else(|| train.users().name(user.0), |newcomers| newcomers.name(user))
    }

    /// A user that may be asked about, by id.
    #[must_use]
    pub fn user(&self, id: &str, train: &Interactions) -> Option<UserIx> {
        self.newcomers.as_ref().map_or_else(|| train.user(id), |newcomers| newcomers.user(id))
    }

    /// Whether a user is known to have an item, so that it is in no list.
    pub(crate) fn is_known(&self, user: UserIx, item: u32, train: &Interactions) -> bool {
        match &self.newcomers {
            Some(newcomers) => newcomers.history(user).iter().any(|(known, _)| *known == item),
            None => train.of(user).0.binary_search(&item).is_ok(),
        }
    }

    /// How many rows are known of a user.
    pub(crate) fn known_rows(&self, user: UserIx, train: &Interactions) -> usize {
        self.newcomers.as_ref().map_or_else(|| train.of(user).0.len(), |newcomers| newcomers.history(user).len())
    }

    /// Number of rows that are asked about.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.users.iter().map(|user| user.items.len()).sum()
    }
}

impl Fold {
    /// What `train` and `held` say, whose users and items are told apart by their ids.
    #[must_use]
    pub fn given(train: Arc<Dataset>, held: &Interactions) -> Self {
        let test = Arc::new(Test::of(held, &train.interactions));
        Self { train, test }
    }

    /// Parts `all`: what `is_held` says of its entries, by their place in the matrix, is held out, and what `is_train` says
    /// is fitted to; what is neither is dropped. What is known of items and users stays known.
    #[must_use]
    pub fn part(all: &Dataset, is_train: impl Fn(usize) -> bool, is_held: impl Fn(usize) -> bool) -> Self {
        let train = all.about("train", all.interactions.subset(is_train));
        Self::given(Arc::new(train), &all.interactions.subset(is_held))
    }
}
