//! The folds of an evaluation: made one at a time, since each holds a part of the data of its own.

use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::ids::UserIx;
use foretaste::interactions::Interactions;

use crate::{Fold, Split, SplitError, Test};

/// Where folds come from.
#[derive(Clone, Debug)]
pub enum Folds {
    /// Data that are parted.
    Split {
        /// The data.
        all: Arc<Dataset>,
        /// How they are parted.
        split: Split,
        /// What is drawn comes from it.
        seed: u64,
    },
    /// Data and, for each fold, what of them is held out.
    Held {
        /// The data.
        all: Arc<Dataset>,
        /// What each fold holds out; rows that the data do not have are left out.
        held: Vec<Interactions>,
    },
    /// One fold that was parted elsewhere.
    Given(Fold),
}

impl Folds {
    /// Number of folds.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Split { split, .. } => split.folds(),
            Self::Held { held, .. } => held.len(),
            Self::Given(_) => 1,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them; one that was given is shared, not copied.
    ///
    /// # Errors
    /// The data cannot be parted so, or nothing of what is held out can be asked about.
    ///
    /// # Panics
    /// When `fold` is not below [`len`](Self::len).
    pub fn fold(&self, fold: usize) -> Result<Fold, SplitError> {
        let found = match self {
            Self::Split { all, split, seed } => split.part(all, fold, *seed)?,
            Self::Held { all, held } => rest(all, &held[fold]),
            Self::Given(given) => given.clone(),
        };
        if found.test.users.is_empty() {
            let Test { left_out, .. } = *found.test;
            return Err(SplitError::Nothing {
                users: left_out.users_without_train,
                unknown_items: left_out.rows_of_unknown_items,
                in_train: left_out.rows_in_train,
            });
        }
        Ok(found)
    }
}

/// `held`, and of `all` what is not in it. What `held` says of a value goes before what `all` says, and of a time as well.
fn rest(all: &Dataset, held: &Interactions) -> Fold {
    let rows = &all.interactions;
    let users: Vec<Option<UserIx>> = rows.users().iter().map(|user| held.user(user)).collect();
    let items: Vec<Option<u32>> = rows.items().iter().map(|item| held.item(item).map(|item| item.0)).collect();
    let mut is_held = Vec::with_capacity(rows.nnz());
    for (row, user) in users.into_iter().enumerate() {
        let wanted = user.map_or(&[][..], |user| held.of(user).0);
        let (columns, _) = rows.matrix().row(row);
        is_held.extend(
            columns.iter().map(|&item| items[item as usize].is_some_and(|item| wanted.binary_search(&item).is_ok())),
        );
    }
    let train = all.about("train", rows.subset(|entry| !is_held[entry]));
    let mut test = Test::of(held, &train.interactions);
    test.timed_by(rows, &train.interactions);
    Fold { train: Arc::new(train), test: Arc::new(test) }
}

/// The interactions whose value is at least `least`.
#[must_use]
pub fn at_least(all: &Interactions, least: f32) -> Interactions {
    let values = all.matrix().values();
    all.subset(|entry| values[entry] >= least)
}

/// What is left when users and items with fewer than `least` entries are dropped until there are none. O(nnz) a round.
#[must_use]
pub fn core(all: Interactions, least: usize) -> Interactions {
    let mut left = all;
    loop {
        let offsets = left.matrix().offsets();
        let few_items: Vec<bool> =
            (0..left.items().len()).map(|item| left.by_item().row(item).0.len() < least).collect();
        let columns = left.matrix().columns();
        let mut keep = Vec::with_capacity(left.nnz());
        for span in offsets.windows(2) {
            let few = span[1] - span[0] < least;
            keep.extend(columns[span[0]..span[1]].iter().map(|&item| !few && !few_items[item as usize]));
        }
        if keep.iter().all(|&keep| keep) {
            return left;
        }
        left = left.subset(|entry| keep[entry]);
    }
}
