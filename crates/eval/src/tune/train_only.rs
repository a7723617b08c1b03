//! Training data without what is held out from them, and the cut of them that a search is judged by.

use std::fmt;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::ids::ItemIx;
use foretaste::models::Cheaper;
use foretaste::random::Random;

use super::votes::bytes_of_user;
use crate::fold::{Fold, Test, TestUser};
use crate::protocol::{COLD_WITHIN_TRAIN, Protocol, cold};
use crate::split::{Cut, Split, SplitError};

/// What of a fold a search may know: the training data, and what is known of their items and users.
///
/// It has no place for rows that are held out: it is made of a [`Fold`] by giving up the other part.
#[derive(Clone, Debug)]
pub struct TrainOnly(Arc<Dataset>);

/// A cut of training data: one part is fitted to, the other judges. Nothing else can be tuned on.
///
/// ```
/// # use foretaste_eval::Fold;
/// # use foretaste_eval::tune::{TrainOnly, Validation};
/// fn of_train(fold: Fold) -> TrainOnly {
///     TrainOnly::of(fold)
/// }
/// ```
///
/// A fold, which has test rows, is none, and none can be put together from parts:
///
/// ```compile_fail
/// # use foretaste_eval::Fold;
/// # use foretaste_eval::tune::Validation;
/// fn of_test(fold: Fold) -> Validation {
///     fold
/// }
/// ```
///
/// ```compile_fail
/// # use foretaste_eval::Fold;
/// # use foretaste_eval::tune::Validation;
/// fn of_test(fold: Fold) -> Validation {
///     Validation { train: fold.train, held: fold.test }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Validation {
    train: Arc<Dataset>,
    held: Arc<Test>,
}

impl TrainOnly {
    /// The training data of a fold, whose other part ends here.
    #[must_use]
    pub fn of(fold: Fold) -> Self {
        Self(fold.train)
    }

    /// Training data that were parted elsewhere.
    #[must_use]
    pub fn given(train: Arc<Dataset>) -> Self {
        Self(train)
    }

    /// Cuts them in two; the seed counts where something is drawn.
    ///
    /// # Errors
    /// They cannot be parted so.
    pub fn cut(&self, within: impl Into<Within>, seed: u64) -> Result<Validation, SplitError> {
        let Fold { train, test } = match within.into() {
            Within::Entries(split) => split.part(&self.0, 0, seed)?,
            Within::Items => cold(&self.0, &self.0.interactions, COLD_WITHIN_TRAIN),
        };
        let empty = |what| SplitError::Empty { split: Within::Items.to_string(), what };
        match (train.interactions.nnz(), test.users.len()) {
            (0, _) => Err(empty("fit to")),
            (_, 0) => Err(empty("find")),
            _ => Ok(Validation { train, held: test }),
        }
    }
}

impl Validation {
    /// What is fitted to.
    pub(super) fn train(&self) -> &Arc<Dataset> {
        &self.train
    }

    /// What judges.
    pub(super) fn held(&self) -> &Test {
        &self.held
    }

    /// The same cut with as many users asked about as the votes of some members of a blend take `bytes` for, drawn by
    /// the seed, and at least one; all where they do.
    #[must_use]
    pub fn for_votes(self, members: usize, bytes: u64, seed: u64) -> Self {
        let most = bytes / bytes_of_user(self.train.interactions.items().len(), members).max(1);
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        if self.held.users.len() <= most {
            return self;
        }
        let mut drawn: Vec<usize> = (0..self.held.users.len()).collect();
        Random::new(seed).shuffle(&mut drawn);
        drawn.truncate(most);
        drawn.sort_unstable();
        let users = drawn.into_iter().map(|at| self.held.users[at].clone()).collect();
        let held = Arc::new(Test { users, ..(*self.held).clone() });
        Self { held, ..self }
    }

    /// A share of the items or of the users of the cut, drawn by the seed, as if there were no others.
    pub(super) fn share(&self, of: Cheaper, share: f64, seed: u64) -> Self {
        let all = &self.train.interactions;
        let drawn = |count: usize| {
            let (mut order, mut is_in) = ((0..count).collect::<Vec<usize>>(), vec![false; count]);
            Random::new(seed).shuffle(&mut order);
            order.iter().take(((count as f64 * share).ceil() as usize).max(1)).for_each(|&at| is_in[at] = true);
            is_in
        };
        let rows = match of {
            Cheaper::Less(_) => return self.clone(),
            Cheaper::Items => {
                let (is_in, columns) = (drawn(all.items().len()), all.matrix().columns());
                all.subset(|entry| is_in[columns[entry] as usize])
            }
            Cheaper::Users => {
                let is_in = drawn(all.users().len());
                let ends = all.matrix().offsets();
                let user_of = |entry: usize| ends.partition_point(|&end| end <= entry) - 1;
                all.subset_with_all_items(|entry| is_in[user_of(entry)])
            }
        };
        let items: Vec<Option<ItemIx>> = all.items().iter().map(|item| rows.item(item)).collect();
        let users = self.held.users.iter().filter_map(|wanted| {
            let user = rows.user(all.users().name(wanted.user.0))?;
            let known = (0..wanted.items.len()).filter_map(|at| Some((at, items[wanted.items[at] as usize]?.0)));
            let (kept, items): (Vec<usize>, Vec<u32>) = known.unzip();
            let values = kept.iter().map(|&at| wanted.values[at]).collect();
            let times = wanted.times.as_ref().map(|times| kept.iter().map(|&at| times[at]).collect());
            (!items.is_empty()).then_some(TestUser { user, items, values, times })
        });
        let candidates = self.held.candidates.as_ref();
        let candidates = candidates.map(|all| all.iter().filter_map(|item| items[item.0 as usize]).collect());
        let held = Test { users: users.collect(), candidates, left_out: self.held.left_out, newcomers: None };
        let held = Arc::new(held);
        Self { train: Arc::new(self.train.about("share", rows)), held }
    }

    /// Users that are asked about.
    #[must_use]
    pub fn users(&self) -> usize {
        self.held.users.len()
    }

    /// Rows that are asked about.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.held.rows()
    }

    /// What the fitted part is like.
    #[must_use]
    pub fn shape(&self) -> foretaste::models::Shape {
        foretaste::models::Shape::of(&self.train.interactions)
    }

    /// The BLAKE3 hash of both parts, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = blake3::Hasher::new();
        self.held.add_to(&mut hash, &self.train.interactions);
        hash.finalize().to_hex().to_string()
    }
}

/// How training data are cut in two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Within {
    /// As a split parts all data.
    Entries(Split),
    /// As P16 parts all data, by items: those with at least five rows whose id leaves 2 when divided by 5 (their place in the order of
    /// ids where it is no number), of which nothing is fitted to and which alone are ranked.
    Items,
}

impl From<Split> for Within {
    fn from(split: Split) -> Self {
        Self::Entries(split)
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries(split) => split.fmt(f),
            Self::Items => f.write_str("cold items"),
        }
    }
}

impl Protocol {
    /// The cut of the training data that is of the kind of the protocol; where parts were published, the kind that they are of.
    #[must_use]
    pub fn within_train(self) -> Within {
        let split = match self {
            Self::P1 | Self::P2 | Self::P3 => Split::Folds { folds: 5 },
            Self::P4 => Split::Rows { share: 0.1 },
            Self::P5 => Split::Random { share: 0.2 },
            Self::P13 => Split::Last,
            Self::P15 => Split::Time(Cut::Quantile(0.9)),
            Self::P16 => return Within::Items,
        };
        split.within_train().into()
    }
}

impl Split {
    /// The split that parts training data as this one parted all data: the same kind and share. Of several folds, the share of
    /// one of them; of a moment, the last fifth by time.
    #[must_use]
    pub fn within_train(self) -> Self {
        match self {
            Self::Folds { folds } => Self::Rows { share: 1.0 / folds as f64 },
            Self::Time(Cut::At(_)) => Self::Time(Cut::Quantile(0.8)),
            Self::Arrival(Cut::At(_)) => Self::Arrival(Cut::Quantile(0.8)),
            Self::Random { .. } | Self::Rows { .. } | Self::Last => self,
            Self::Time(Cut::Quantile(_)) | Self::Arrival(Cut::Quantile(_)) => self,
        }
    }
}
