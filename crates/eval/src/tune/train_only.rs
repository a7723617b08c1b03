//! Training data without what is held out from them, and the cut of them that a search is judged by.

use std::sync::Arc;

use foretaste::dataset::Dataset;

use crate::fold::{Fold, Test};
use crate::protocol::Protocol;
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

    /// Cuts them in two.
    ///
    /// # Errors
    /// They cannot be parted so.
    pub fn cut(&self, split: Split, seed: u64) -> Result<Validation, SplitError> {
        let Fold { train, test } = split.part(&self.0, 0, seed)?;
        Ok(Validation { train, held: test })
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

impl Protocol {
    /// The kind of split that the protocol parts data by; where parts were published, the kind that they are of. None is of the
    /// kind of P16, which holds out items.
    #[must_use]
    pub fn split(self) -> Option<Split> {
        match self {
            Self::P1 | Self::P2 | Self::P3 => Some(Split::Folds { folds: 5 }),
            Self::P4 => Some(Split::Rows { share: 0.1 }),
            Self::P5 => Some(Split::Random { share: 0.2 }),
            Self::P13 => Some(Split::Last),
            Self::P15 => Some(Split::Time(Cut::Quantile(0.9))),
            Self::P16 => None,
        }
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
            Self::Random { .. } | Self::Rows { .. } | Self::Last | Self::Time(Cut::Quantile(_)) => self,
        }
    }
}
