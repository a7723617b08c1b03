//! External ids (strings) and the dense indices that stand for them inside.

mod strings;

use std::cmp::Ordering;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

pub use strings::{StringTable, StringsError, TextTooLarge};

/// Row of a user in the ratings matrix; never leaves the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserIx(pub u32);

/// Column of an item in the ratings matrix; never leaves the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemIx(pub u32);

/// Longest id that is accepted, in bytes.
pub const MAX_ID_BYTES: usize = 512;

/// A set of external ids in [`id_order`], each with its position as dense index.
///
/// The order depends on the ids alone, so the same ratings in any order of rows give the same indices. Every id is
/// stored once, in one arena; look-up is one hash.
#[derive(Clone, Debug, Default)]
pub struct IdTable {
    strings: StringTable,
    by_hash: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Why a list of ids is not an [`IdTable`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Two ids are equal, or a later one sorts before an earlier one.
    #[error("id {index} (`{id}`) does not sort after the one before it")]
    Order {
        /// Position of the id.
        index: usize,
        /// The id.
        id: String,
    },
    /// All ids together exceed what 32-bit offsets can name.
    #[error("ids take {bytes} bytes together, allowed are {}", u32::MAX)]
    TooLarge {
        /// Total length of the ids so far.
        bytes: usize,
    },
}

/// The order of ids: decimal numbers without leading zeros come first, by value; everything else follows, by bytes.
#[must_use]
pub fn id_order(a: &str, b: &str) -> Ordering {
    let number = |id: &str| {
        let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        digits && (id == "0" || !id.starts_with('0'))
    };
    match (number(a), number(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

impl IdTable {
    /// Builds the table from ids that already stand in [`id_order`].
    ///
    /// # Errors
    /// When two ids are equal or out of order, or when they take more than 4 GiB together.
    pub fn from_sorted<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<Self, IdError> {
        let mut strings = StringTable::default();
        for (index, id) in ids.into_iter().enumerate() {
            let rises = index == 0 || id_order(strings.at(index - 1), id) == Ordering::Less;
            if !rises {
                return Err(IdError::Order { index, id: id.to_owned() });
            }
            strings.push(id).map_err(|error| IdError::TooLarge { bytes: error.bytes })?;
        }
        let (hasher, mut by_hash) = (DefaultHashBuilder::default(), HashTable::new());
        for (index, id) in (0u32..).zip(strings.iter()) {
            by_hash.insert_unique(hasher.hash_one(id), index, |&at| hasher.hash_one(strings.at(at as usize)));
        }
        Ok(Self { strings, by_hash, hasher })
    }

    /// Number of ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether there is no id at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }

    /// The dense index of an id.
    #[must_use]
    pub fn index(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.by_hash.find(hash, |&at| self.name(at) == id).copied()
    }

    /// The id at a dense index.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn name(&self, index: u32) -> &str {
        self.strings.at(index as usize)
    }

    /// All ids, by rising index.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.strings.iter()
    }

    /// The ids as plain strings, by rising index.
    #[must_use]
    pub fn strings(&self) -> &StringTable {
        &self.strings
    }
}

impl PartialEq for IdTable {
    fn eq(&self, other: &Self) -> bool {
        self.strings == other.strings
    }
}

impl Eq for IdTable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value_and_before_words() {
        let mut ids = vec!["b", "10", "9", "007", "a", "0", ""];
        ids.sort_by(|a, b| id_order(a, b));
        assert_eq!(ids, ["0", "9", "10", "", "007", "a", "b"]);
    }

    #[test]
    fn ids_come_back_as_they_went_in() {
        let table = IdTable::from_sorted(["1", "20", "a/b c", "日本"]).unwrap();
        assert_eq!(table.iter().collect::<Vec<_>>(), ["1", "20", "a/b c", "日本"]);
        for (index, id) in ["1", "20", "a/b c", "日本"].iter().enumerate() {
            assert_eq!(table.index(id), Some(index as u32));
        }
        assert_eq!(table.index("2"), None);
    }

    #[test]
    fn a_repeated_id_is_refused() {
        let error = IdTable::from_sorted(["1", "2", "2"]).unwrap_err();
        assert_eq!(error, IdError::Order { index: 2, id: "2".into() });
    }
}
