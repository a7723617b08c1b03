//! What follows from the ratings alone: worked out when it is first asked for, then shared by every model of them.

use std::sync::OnceLock;

use super::Interactions;
use crate::ids::ItemIx;

/// The answers so far. Interactions do not change, so none of them can grow old.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    hash: OnceLock<[u8; 32]>,
    item_stats: OnceLock<Vec<ItemStats>>,
    by_popularity: OnceLock<Vec<ItemIx>>,
}

impl Interactions {
    /// The blake3 hash of the content in canonical form, equal for the same ratings in any order, format or encoding.
    ///
    /// Hashed are, integers as little-endian u64 unless said otherwise: number of users, items, ratings; each user id
    /// then each item id as length and bytes; for each user the number of ratings; all columns as u32; all values as
    /// f32 bits. O(nnz) the first time.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        *self.facts.hash.get_or_init(|| hash(self))
    }

    /// How every item was rated, by rising item index; sums run in f64, in the order of the users. O(nnz) the first
    /// time.
    #[must_use]
    pub fn item_stats(&self) -> &[ItemStats] {
        self.facts.item_stats.get_or_init(|| item_stats(self))
    }

    /// All items, most ratings first, equal numbers by rising item index. O(nnz + items log items) the first time.
    #[must_use]
    pub fn by_popularity(&self) -> &[ItemIx] {
        self.facts.by_popularity.get_or_init(|| by_popularity(self.item_stats()))
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

fn item_stats(ratings: &Interactions) -> Vec<ItemStats> {
    let mut stats = vec![ItemStats { count: 0, sum: 0.0 }; ratings.matrix.ncols()];
    for (&item, &rating) in ratings.matrix.columns().iter().zip(ratings.matrix.values()) {
        let stats = &mut stats[item as usize];
        stats.count += 1;
        stats.sum += f64::from(rating);
    }
    stats
}

fn by_popularity(stats: &[ItemStats]) -> Vec<ItemIx> {
    let mut items: Vec<ItemIx> = (0u32..).take(stats.len()).map(ItemIx).collect();
    items.sort_by_key(|&item| (std::cmp::Reverse(stats[item.0 as usize].count), item));
    items
}

fn hash(ratings: &Interactions) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for count in [ratings.users.len(), ratings.items.len(), ratings.nnz()] {
        hasher.update(&(count as u64).to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(1 << 16);
    for id in ratings.users.iter().chain(ratings.items.iter()) {
        bytes.extend_from_slice(&(id.len() as u64).to_le_bytes());
        bytes.extend_from_slice(id.as_bytes());
        drain_full(&mut bytes, &mut hasher);
    }
    for pair in ratings.matrix.offsets().windows(2) {
        bytes.extend_from_slice(&((pair[1] - pair[0]) as u64).to_le_bytes());
        drain_full(&mut bytes, &mut hasher);
    }
    hasher.update(&bytes);
    for columns in ratings.matrix.columns().chunks(1 << 14) {
        bytes.clear();
        bytes.extend(columns.iter().flat_map(|column| column.to_le_bytes()));
        hasher.update(&bytes);
    }
    for values in ratings.matrix.values().chunks(1 << 14) {
        bytes.clear();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        hasher.update(&bytes);
    }
    *hasher.finalize().as_bytes()
}

fn drain_full(bytes: &mut Vec<u8>, hasher: &mut blake3::Hasher) {
    if bytes.len() >= 1 << 15 {
        hasher.update(bytes);
        bytes.clear();
    }
}
