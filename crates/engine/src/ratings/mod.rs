//! What was observed: who rated what, and how. External ids enter and leave here.

mod columns;
mod error;
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
pub(crate) use gather::id_text;
pub use options::{Column, ReadOptions};
#[doc(hidden)]
pub use read::read_in_chunks;
pub use read::read_ratings;
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
pub struct Ratings {
    users: IdTable,
    items: IdTable,
    matrix: CsrMatrix,
}

impl Ratings {
    /// Puts ids and a matrix together.
    ///
    /// # Errors
    /// When the matrix has another number of rows than there are users, or of columns than there are items.
    pub fn new(users: IdTable, items: IdTable, matrix: CsrMatrix) -> Result<Self, RatingsError> {
        let (found, expected) = ((matrix.nrows(), matrix.ncols()), (users.len(), items.len()));
        if found != expected {
            return Err(RatingsError { found, expected });
        }
        Ok(Self { users, items, matrix })
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

    /// How every item was rated, by rising item index; sums run in f64, in the order of the users. O(nnz).
    #[must_use]
    pub fn item_stats(&self) -> Vec<ItemStats> {
        let mut stats = vec![ItemStats { count: 0, sum: 0.0 }; self.matrix.ncols()];
        for (&item, &rating) in self.matrix.columns().iter().zip(self.matrix.values()) {
            let stats = &mut stats[item as usize];
            stats.count += 1;
            stats.sum += f64::from(rating);
        }
        stats
    }

    /// Takes it apart: users, items, matrix.
    #[must_use]
    pub fn into_parts(self) -> (IdTable, IdTable, CsrMatrix) {
        (self.users, self.items, self.matrix)
    }

    /// The blake3 hash of the content in canonical form, equal for the same ratings in any order, format or encoding.
    ///
    /// Hashed are, integers as little-endian u64 unless said otherwise: number of users, items, ratings; each user id
    /// then each item id as length and bytes; for each user the number of ratings; all columns as u32; all values as
    /// f32 bits. O(nnz).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for count in [self.users.len(), self.items.len(), self.nnz()] {
            hasher.update(&(count as u64).to_le_bytes());
        }
        let mut bytes = Vec::with_capacity(1 << 16);
        for id in self.users.iter().chain(self.items.iter()) {
            bytes.extend_from_slice(&(id.len() as u64).to_le_bytes());
            bytes.extend_from_slice(id.as_bytes());
            drain_full(&mut bytes, &mut hasher);
        }
        for pair in self.matrix.offsets().windows(2) {
            bytes.extend_from_slice(&((pair[1] - pair[0]) as u64).to_le_bytes());
            drain_full(&mut bytes, &mut hasher);
        }
        hasher.update(&bytes);
        for columns in self.matrix.columns().chunks(1 << 14) {
            bytes.clear();
            bytes.extend(columns.iter().flat_map(|column| column.to_le_bytes()));
            hasher.update(&bytes);
        }
        for values in self.matrix.values().chunks(1 << 14) {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            hasher.update(&bytes);
        }
        *hasher.finalize().as_bytes()
    }
}

fn drain_full(bytes: &mut Vec<u8>, hasher: &mut blake3::Hasher) {
    if bytes.len() >= 1 << 15 {
        hasher.update(bytes);
        bytes.clear();
    }
}

/// How often an item was rated, and how well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemStats {
    /// Number of ratings.
    pub count: u32,
    /// Sum of the ratings.
    pub sum: f64,
}

impl ItemStats {
    /// Mean rating, over those who rated the item; 0 where nobody did.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.sum / f64::from(self.count.max(1))
    }
}

/// A matrix that does not fit its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the matrix is {} x {}, expected {} users x {} items", found.0, found.1, expected.0, expected.1)]
pub struct RatingsError {
    /// Rows and columns of the matrix.
    pub found: (usize, usize),
    /// Number of users and of items.
    pub expected: (usize, usize),
}
