//! What was observed: who did what, when, and what it is worth. External ids enter and leave here.

mod apart;
mod cells;
mod columns;
mod decimals;
mod derived;
mod distinct;
mod doubts;
mod error;
mod events;
mod feedback;
mod gather;
mod hash;
mod intern;
mod margins;
mod names;
mod number;
mod options;
mod read;
mod repeats;
mod report;
mod roles;
mod sort;
mod subset;
mod suggest;
mod swift;
mod times;
mod typed;
mod unnamed;
mod values;
mod wide;

pub use apart::{Apart, stands_apart};
use derived::Derived;
pub use derived::ItemStats;
pub use distinct::distinct;
pub use error::ReadError;
pub use events::{Events, EventsError};
pub use feedback::Feedback;
pub(crate) use gather::id_text;
pub use names::{AMOUNT_NAMES, COUNT_NAMES, EVENT_NAMES, ITEM_NAMES, RATING_NAMES, TIME_NAMES, USER_NAMES, normalised};
pub use options::{Column, ColumnRole, ReadOptions};
#[doc(hidden)]
pub use read::read_in_chunks;
pub use read::read_interactions;
pub use repeats::Repeat;
pub use report::{
    ColumnRead, ColumnsRead, IgnoredColumn, NotATime, Progress, ReadReport, Reason, Rejected, RejectedRow, TableRead,
};
pub use roles::{Evidence, Role, Roles};
pub use times::{TimeFormat, time_of_text};
pub use values::{MissingCodes, Weights};

use foretaste_linalg::CsrMatrix;

use crate::ids::{IdTable, ItemIx, UserIx};

/// What was observed: a sparse users x items matrix, the ids of its rows and columns, and times where there are any.
///
/// ```text
///              items (id order)
///            "1"  "2"  "10"  "a"
/// users "1" [ 5    .    3     . ]
///       "2" [ .    4    .     1 ]
/// ```
///
/// Rows and columns stand in id order, so the same interactions give the same bytes in whatever order they were read.
/// Every user and every item has at least one interaction when it was read from a file. There is one entry for a user
/// and an item; how repeated events became one is said in the [`ReadReport`].
#[derive(Clone, Debug)]
pub struct Interactions {
    users: IdTable,
    items: IdTable,
    matrix: CsrMatrix,
    times: Option<Vec<i64>>,
    feedback: Feedback,
    derived: Derived,
}

/// The parts of [`Interactions`].
#[derive(Clone, Debug)]
pub struct Parts {
    /// The users' ids, by row.
    pub users: IdTable,
    /// The items' ids, by column.
    pub items: IdTable,
    /// Users x items.
    pub matrix: CsrMatrix,
    /// Milliseconds since 1970-01-01T00:00:00Z, one for each stored entry of the matrix, in its order.
    pub times: Option<Vec<i64>>,
    /// What the values are.
    pub feedback: Feedback,
}

impl Interactions {
    /// Puts ids, a matrix and times together. `times` are milliseconds since 1970-01-01T00:00:00Z, one for each stored
    /// entry of the matrix, in its order.
    ///
    /// # Errors
    /// When the matrix has another number of rows than there are users, or of columns than there are items; when there
    /// are more or fewer times than entries; when the scale of explicit feedback does not rise or is not finite.
    pub fn new(
        users: IdTable,
        items: IdTable,
        matrix: CsrMatrix,
        times: Option<Vec<i64>>,
        feedback: Feedback,
    ) -> Result<Self, InteractionsError> {
        let (found, expected) = ((matrix.nrows(), matrix.ncols()), (users.len(), items.len()));
        if found != expected {
            return Err(InteractionsError::Shape { found, expected });
        }
        if let Some(times) = times.as_ref().filter(|times| times.len() != matrix.nnz()) {
            return Err(InteractionsError::Times { found: times.len(), expected: matrix.nnz() });
        }
        if let Feedback::Explicit { least, most } = feedback
            && !(least.is_finite() && most.is_finite() && least <= most)
        {
            return Err(InteractionsError::Scale { least, most });
        }
        Ok(Self { users, items, matrix, times, feedback, derived: Derived::default() })
    }

    /// The users' ids, by row.
    #[must_use]
    pub fn users(&self) -> &IdTable {
        &self.users
    }

    /// The items' ids, by column.
    #[must_use]
    pub fn items(&self) -> &IdTable {
        &self.items
    }

    /// Users x items; stored are the values observed, zeros included.
    #[must_use]
    pub fn matrix(&self) -> &CsrMatrix {
        &self.matrix
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, one for each stored entry of [`matrix`](Self::matrix), in its order;
    /// `None` where no times are known.
    #[must_use]
    pub fn times(&self) -> Option<&[i64]> {
        self.times.as_deref()
    }

    /// The times of a user's interactions, in the order of [`of`](Self::of); `None` where no times are known.
    ///
    /// # Panics
    /// When `user` is not a row of this matrix.
    #[must_use]
    pub fn times_of(&self, user: UserIx) -> Option<&[i64]> {
        let (row, offsets) = (user.0 as usize, self.matrix.offsets());
        let span = offsets[row]..offsets[row + 1];
        self.times.as_ref().map(|times| &times[span])
    }

    /// What the values are.
    #[must_use]
    pub fn feedback(&self) -> Feedback {
        self.feedback
    }

    /// Number of interactions.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.matrix.nnz()
    }

    /// The row of a user.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<UserIx> {
        self.users.index(id).map(UserIx)
    }

    /// The column of an item.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<ItemIx> {
        self.items.index(id).map(ItemIx)
    }

    /// The items and values of a user, items rising.
    ///
    /// # Panics
    /// When `user` is not a row of this matrix.
    #[must_use]
    pub fn of(&self, user: UserIx) -> (&[u32], &[f32]) {
        self.matrix.row(user.0 as usize)
    }

    /// Takes it apart.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        let Self { users, items, matrix, times, feedback, .. } = self;
        Parts { users, items, matrix, times, feedback }
    }
}

/// Parts that do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InteractionsError {
    /// A matrix that does not fit its ids.
    #[error("the matrix is {} x {}, expected {} users x {} items", found.0, found.1, expected.0, expected.1)]
    Shape {
        /// Rows and columns of the matrix.
        found: (usize, usize),
        /// Number of users and of items.
        expected: (usize, usize),
    },
    /// More or fewer times than entries.
    #[error("there are {found} times, expected {expected}, one for each entry of the matrix")]
    Times {
        /// Number of times.
        found: usize,
        /// Number of entries.
        expected: usize,
    },
    /// A scale whose ends are not finite, or the wrong way round.
    #[error("the scale runs from {least} to {most}, expected two finite numbers, the lower one first")]
    Scale {
        /// Lowest value.
        least: f32,
        /// Highest value.
        most: f32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> IdTable {
        IdTable::from_sorted(ids.iter().copied()).unwrap()
    }

    fn parts(times: Option<Vec<i64>>, feedback: Feedback) -> Result<Interactions, InteractionsError> {
        let matrix = CsrMatrix::new(3, vec![0, 2, 3], vec![0, 2, 0], vec![5.0, 0.0, 4.0]).unwrap();
        Interactions::new(ids(&["1", "2"]), ids(&["a", "b", "c"]), matrix, times, feedback)
    }

    const SCALE: Feedback = Feedback::Explicit { least: 0.0, most: 5.0 };

    #[test]
    fn parts_that_do_not_fit_are_named() {
        let matrix = CsrMatrix::new(3, vec![0, 0], vec![], vec![]).unwrap();
        let shape = Interactions::new(ids(&["1", "2"]), ids(&["a"]), matrix, None, SCALE).unwrap_err();
        assert_eq!(shape, InteractionsError::Shape { found: (1, 3), expected: (2, 1) });
        let times = parts(Some(vec![1, 2]), SCALE).unwrap_err();
        assert_eq!(times, InteractionsError::Times { found: 2, expected: 3 });
        let (least, most) = (2.0, 1.0);
        let scale = parts(None, Feedback::Explicit { least, most }).unwrap_err();
        assert_eq!(scale, InteractionsError::Scale { least, most });
    }

    #[test]
    fn times_follow_their_entries_into_both_views() {
        let all = parts(Some(vec![10, 20, 30]), SCALE).unwrap();
        assert_eq!(all.times_of(UserIx(0)), Some(&[10, 20][..]));
        assert_eq!(all.times_of(UserIx(1)), Some(&[30][..]));
        assert_eq!(all.by_item().row(0), (&[0u32, 1][..], &[5.0f32, 4.0][..]));
        assert_eq!(all.times_by_item(), Some(&[10, 30, 20][..]));
        assert_eq!(parts(None, SCALE).unwrap().times_by_item(), None);
    }

    #[test]
    fn the_hash_covers_times_and_the_kind_of_feedback() {
        let some = |times, feedback| parts(times, feedback).unwrap();
        let hashes = [
            some(None, SCALE),
            some(None, Feedback::Implicit),
            some(Some(vec![0, 0, 0]), SCALE),
            some(Some(vec![0, 1, 0]), SCALE),
        ]
        .map(|all| all.hash());
        assert_eq!(hashes.iter().collect::<std::collections::BTreeSet<_>>().len(), hashes.len());
        let (plain, timed) = (some(None, SCALE), some(Some(vec![0, 1, 0]), Feedback::Implicit));
        assert_eq!(plain.hash_v1(), timed.hash_v1());
        assert_ne!(plain.hash_v1(), plain.hash());
    }

    #[test]
    fn what_has_only_zeros_is_known() {
        let all = parts(None, SCALE).unwrap();
        assert_eq!([0, 1, 2].map(|item| all.item_is_all_zero(ItemIx(item))), [false, true, true]);
        assert_eq!([0, 1].map(|user| all.user_is_all_zero(UserIx(user))), [false, false]);
    }
}
