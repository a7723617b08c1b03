//! What was observed: who rated what, and how. External ids enter and leave here.

mod columns;
mod error;
mod facts;
mod gather;
mod intern;
mod number;
mod options;
mod read;
mod report;
mod sort;
mod swift;

pub use columns::{ITEM_NAMES, RATING_NAMES, Roles, USER_NAMES, normalised};
pub use error::ReadError;
use facts::Facts;
pub use facts::ItemStats;
pub(crate) use gather::id_text;
pub use options::{Column, ReadOptions};
#[doc(hidden)]
pub use read::read_in_chunks;
pub use read::read_interactions;
pub use report::{Progress, ReadReport, Reason, Rejected, RejectedRow};

use foretaste_linalg::CsrMatrix;

use crate::ids::{IdTable, ItemIx, UserIx};

/// The ratings of a data set: a sparse users x items matrix, and the ids of its rows and columns.
///
/// ```text
///              items (id order)
///            "1"  "2"  "10"  "a"
/// users "1" [ 5    .    3     . ]
///       "2" [ .    4    .     1 ]
/// ```
///
/// Rows and columns stand in id order, so the same set of ratings gives the same bytes in whatever order it was read.
/// Every user and every item has at least one rating when it was read from a file.
#[derive(Clone, Debug)]
pub struct Interactions {
    users: IdTable,
    items: IdTable,
    matrix: CsrMatrix,
    facts: Facts,
}

impl Interactions {
    /// Puts ids and a matrix together.
    ///
    /// # Errors
    /// When the matrix has another number of rows than there are users, or of columns than there are items.
    pub fn new(users: IdTable, items: IdTable, matrix: CsrMatrix) -> Result<Self, InteractionsError> {
        let (found, expected) = ((matrix.nrows(), matrix.ncols()), (users.len(), items.len()));
        if found != expected {
            return Err(InteractionsError { found, expected });
        }
        Ok(Self { users, items, matrix, facts: Facts::default() })
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

    /// Users x items; stored are the ratings given, zeros included.
    #[must_use]
    pub fn matrix(&self) -> &CsrMatrix {
        &self.matrix
    }

    /// Number of ratings.
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

    /// The ratings of a user, items rising.
    ///
    /// # Panics
    /// When `user` is not a row of this matrix.
    #[must_use]
    pub fn of(&self, user: UserIx) -> (&[u32], &[f32]) {
        self.matrix.row(user.0 as usize)
    }

    /// Takes it apart: users, items, matrix.
    #[must_use]
    pub fn into_parts(self) -> (IdTable, IdTable, CsrMatrix) {
        (self.users, self.items, self.matrix)
    }
}

/// A matrix that does not fit its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the matrix is {} x {}, expected {} users x {} items", found.0, found.1, expected.0, expected.1)]
pub struct InteractionsError {
    /// Rows and columns of the matrix.
    pub found: (usize, usize),
    /// Number of users and of items.
    pub expected: (usize, usize),
}
