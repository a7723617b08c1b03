//! What follows from the interactions alone: worked out when it is first asked for, then shared by every model of them.

use std::sync::OnceLock;

use foretaste_linalg::CsrMatrix;

use super::{Interactions, hash};
use crate::ids::{ItemIx, UserIx};

/// The answers so far. Interactions do not change, so none of them can grow old.
#[derive(Clone, Debug, Default)]
pub(super) struct Derived {
    hash: OnceLock<[u8; 32]>,
    user_sums: OnceLock<Vec<f64>>,
    item_stats: OnceLock<Vec<ItemStats>>,
    by_popularity: OnceLock<Vec<ItemIx>>,
    by_item: OnceLock<CsrMatrix>,
    times_by_item: OnceLock<Option<Vec<i64>>>,
}

impl Interactions {
    /// The blake3 hash of the content in canonical form, equal for the same interactions in any order, format or
    /// encoding. This is version 2; files of format 1 hold [`hash_v1`](Self::hash_v1).
    ///
    /// Hashed are, integers as little-endian u64 unless said otherwise: `foretaste interactions 2` and a line feed; one
    /// byte, 1 for implicit feedback; one byte, 1 where there are times; number of users, items, interactions; each
    /// user id then each item id as length and bytes; for each user the number of interactions; all columns as u32; all
    /// values as f32 bits; all times as i64. The scale of explicit feedback is not hashed. O(nnz) the first time.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        *self.derived.hash.get_or_init(|| hash::version_2(self))
    }

    /// The hash of version 1, which knows no times and no kind of feedback; only to check files of format 1. O(nnz).
    #[must_use]
    pub fn hash_v1(&self) -> [u8; 32] {
        hash::version_1(self)
    }

    /// The sum of the values of every user, in f64. O(nnz) the first time.
    #[must_use]
    pub fn user_sums(&self) -> &[f64] {
        self.derived.user_sums.get_or_init(|| self.matrix.row_sums())
    }

    /// How every item was rated, by rising item index; sums run in f64, in the order of the users. O(nnz) the first
    /// time.
    #[must_use]
    pub fn item_stats(&self) -> &[ItemStats] {
        self.derived.item_stats.get_or_init(|| item_stats(self))
    }

    /// All items, most interactions first, equal numbers by rising item index. O(nnz + items log items) the first time.
    #[must_use]
    pub fn by_popularity(&self) -> &[ItemIx] {
        self.derived.by_popularity.get_or_init(|| by_popularity(self.item_stats()))
    }

    /// Items x users: the transposed [`matrix`](Self::matrix), users rising within an item. O(nnz) the first time; then
    /// it is kept, 8 bytes an entry.
    #[must_use]
    pub fn by_item(&self) -> &CsrMatrix {
        self.derived.by_item.get_or_init(|| self.matrix.transpose())
    }

    /// The times in the order of the entries of [`by_item`](Self::by_item). O(nnz) the first time; then they are kept, 8
    /// bytes an entry.
    #[must_use]
    pub fn times_by_item(&self) -> Option<&[i64]> {
        self.derived.times_by_item.get_or_init(|| times_by_item(self)).as_deref()
    }

    /// Whether every value of a user is 0, so that no direction of taste follows from them. O(interactions of the user).
    ///
    /// # Panics
    /// When `user` is not a row of this matrix.
    #[must_use]
    pub fn user_is_all_zero(&self, user: UserIx) -> bool {
        self.of(user).1.iter().all(|&value| value == 0.0)
    }

    /// Whether every value of an item is 0, so that no direction follows from them. O(1) once
    /// [`item_stats`](Self::item_stats) are known.
    ///
    /// # Panics
    /// When `item` is not a column of this matrix.
    #[must_use]
    pub fn item_is_all_zero(&self, item: ItemIx) -> bool {
        self.item_stats()[item.0 as usize].nonzero == 0
    }
}

/// How often an item was rated, and how well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ItemStats {
    /// Number of interactions.
    pub count: u32,
    /// Number of interactions whose value is not 0.
    pub nonzero: u32,
    /// Sum of the values.
    pub sum: f64,
}

impl ItemStats {
    /// Mean value, over those who rated the item; 0 where nobody did.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.sum / f64::from(self.count.max(1))
    }
}

fn item_stats(interactions: &Interactions) -> Vec<ItemStats> {
    let mut stats = vec![ItemStats::default(); interactions.matrix.ncols()];
    for (&item, &value) in interactions.matrix.columns().iter().zip(interactions.matrix.values()) {
        let stats = &mut stats[item as usize];
        stats.count += 1;
        stats.nonzero += u32::from(value != 0.0);
        stats.sum += f64::from(value);
    }
    stats
}

fn by_popularity(stats: &[ItemStats]) -> Vec<ItemIx> {
    let mut items: Vec<ItemIx> = (0u32..).take(stats.len()).map(ItemIx).collect();
    items.sort_by_key(|&item| (std::cmp::Reverse(stats[item.0 as usize].count), item));
    items
}

/// Scatters the times as a transposition scatters the entries: row after row, each to the next place of its column.
fn times_by_item(interactions: &Interactions) -> Option<Vec<i64>> {
    let times = interactions.times()?;
    let mut next = interactions.by_item().offsets().to_vec();
    let mut scattered = vec![0; times.len()];
    for (&item, &time) in interactions.matrix.columns().iter().zip(times) {
        let place = &mut next[item as usize];
        scattered[*place] = time;
        *place += 1;
    }
    Some(scattered)
}
