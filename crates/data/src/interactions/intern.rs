//! Ids seen so far, numbered in the order in which they came.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::ids::{IdError, IdTable, StringTable, id_order};

/// Numbers ids. Small whole numbers are looked up by value in a plain list; other short ids, of at most 7 ASCII bytes,
/// by their packed bytes in a flat table: no string is touched. The numbers do not depend on the hash, which is seeded so that no file can be built to be slow.
#[derive(Debug)]
pub(super) struct Interner {
    /// By value.
    small: Vec<Slot>,
    slots: Vec<Slot>,
    shift: u32,
    seed: [u64; 2],
    short: usize,
    long: HashTable<u32>,
    hasher: RandomState,
    strings: StringTable,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    index: u32,
}

const FREE: Slot = Slot { key: 0, index: 0 };
/// Whole numbers below this are looked up by value.
const SMALL_NUMBERS: usize = 1 << 20;
const FIRST_SLOTS: usize = 1 << 12;

/// Longest id that is packed.
pub(super) const PACKED_BYTES: usize = 7;

/// A short ASCII id as a number: its bytes from the highest down, last first, and its length in the lowest byte.
///
/// Packed ids are compared with raw bytes of a file. So a quoted field must not look like an id that starts with a
/// quote, nor bytes in one encoding like an id from another, nor an id with a NUL beside it like one without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    key: u64,
    /// What the bytes are worth if they are digits, something else if they are not.
    worth: usize,
}

impl Packed {
    /// Packs the first `length` bytes of a word read as little-endian; `length` is 1 to [`PACKED_BYTES`], others give
    /// an id that is nobody's.
    #[inline]
    pub(super) fn new(word: u64, length: usize) -> Self {
        let unused = (64 - 8 * length as u32) & 63;
        let key = word << unused | length as u64;
        // Digits as bytes of 0 to 9, the last in the highest byte, zeros in front. Neighbours are joined to pairs, pairs
        // to fours, fours to all eight: each product adds ten, a hundred, ten thousand times the earlier to the later.
        let digits = (word ^ 0x3030_3030_3030_3030) << unused;
        let pairs = (digits.wrapping_mul((10 << 8) + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs.wrapping_mul((100 << 16) + 1) >> 16) & 0x0000_ffff_0000_ffff;
        let worth = fours.wrapping_mul((10_000 << 32) + 1) >> 32;
        Self { key, worth: usize::try_from(worth).unwrap_or(usize::MAX) }
    }

    /// Packs an id that is text; `None` when it is too long or could be mistaken.
    fn of(id: &[u8]) -> Option<Self> {
        if id.len() > PACKED_BYTES || id.is_empty() || id[0] == b'"' || !id.is_ascii() {
            return None;
        }
        let mut bytes = [0u8; 8];
        bytes[..id.len()].copy_from_slice(id);
        Some(Self::new(u64::from_le_bytes(bytes), id.len()))
    }
}

/// Whether an id is a whole number without leading zeros, looked up by value.
fn is_small(id: &[u8], worth: usize) -> bool {
    id.iter().all(u8::is_ascii_digit) && (id.len() == 1 || id[0] != b'0') && worth < SMALL_NUMBERS
}

impl Interner {
    pub(super) fn new() -> Self {
        let hasher = RandomState::new();
        let seed = [hasher.hash_one(1u64), hasher.hash_one(2u64) | 1];
        Self {
            small: Vec::new(),
            slots: vec![FREE; FIRST_SLOTS],
            shift: 64 - FIRST_SLOTS.trailing_zeros(),
            seed,
            short: 0,
            long: HashTable::new(),
            hasher,
            strings: StringTable::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.strings.len()
    }

    #[inline]
    fn slot_of(&self, key: u64) -> usize {
        let wide = u128::from(key ^ self.seed[0]) * u128::from(self.seed[1]);
        // Folding the halves keeps all bits of the key in play.
        #[allow(clippy::cast_possible_truncation, reason = "the halves of a product")]
        let folded = (wide >> 64) as u64 ^ wide as u64;
        #[allow(clippy::cast_possible_truncation, reason = "at most log2(slots) bits are left")]
        let slot = (folded >> self.shift) as usize;
        slot
    }

    /// The number of a packed id that came before.
    #[inline]
    pub(super) fn find_packed(&self, id: Packed) -> Option<u32> {
        // The key tells whether the worth was that of a number.
        match self.small.get(id.worth) {
            Some(slot) if slot.key == id.key && id.key != 0 => Some(slot.index),
            _ => self.find_slot(id.key),
        }
    }

    fn find_slot(&self, key: u64) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = self.slot_of(key) & mask;
        loop {
            let slot = self.slots[at];
            if slot.key == key && key != 0 {
                return Some(slot.index);
            }
            if slot.key == 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    /// The number of an id, a new one if it never came before. The id has no NUL.
    ///
    /// # Errors
    /// When all ids together take more than 4 GiB.
    pub(super) fn number(&mut self, id: &str) -> Result<u32, IdError> {
        let Some(packed) = Packed::of(id.as_bytes()) else { return self.number_long(id) };
        if let Some(index) = self.find_packed(packed) {
            return Ok(index);
        }
        let (index, key) = (self.append(id)?, packed.key);
        if is_small(id.as_bytes(), packed.worth) {
            if packed.worth >= self.small.len() {
                self.small.resize((packed.worth + 1).next_power_of_two(), FREE);
            }
            self.small[packed.worth] = Slot { key, index };
            return Ok(index);
        }
        if (self.short + 1) * 2 > self.slots.len() {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![FREE; old.len() * 4];
            self.shift = 64 - self.slots.len().trailing_zeros();
            old.into_iter().filter(|slot| slot.key != 0).for_each(|slot| self.place(slot));
        }
        self.short += 1;
        self.place(Slot { key, index });
        Ok(index)
    }

    fn place(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = self.slot_of(slot.key) & mask;
        while self.slots[at].key != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    fn number_long(&mut self, id: &str) -> Result<u32, IdError> {
        let hash = self.hasher.hash_one(id);
        if let Some(&index) = self.long.find(hash, |&at| self.name(at) == id) {
            return Ok(index);
        }
        let index = self.append(id)?;
        let (strings, hasher) = (&self.strings, &self.hasher);
        self.long.insert_unique(hash, index, |&at| hasher.hash_one(strings.at(at as usize)));
        Ok(index)
    }

    fn append(&mut self, id: &str) -> Result<u32, IdError> {
        self.strings.push(id).map_err(|error| IdError::TooLarge { bytes: error.bytes })
    }

    fn name(&self, index: u32) -> &str {
        self.strings.at(index as usize)
    }

    /// The ids in id order, and for each number the place its id got there.
    ///
    /// # Errors
    /// Does not happen for distinct ids; the table checks them anew.
    pub(super) fn into_sorted(self) -> Result<(IdTable, Vec<u32>), IdError> {
        let mut order: Vec<u32> = (0u32..).take(self.len()).collect();
        order.sort_unstable_by(|&a, &b| id_order(self.name(a), self.name(b)));
        let mut place = vec![0u32; order.len()];
        for (at, &number) in (0u32..).zip(&order) {
            place[number as usize] = at;
        }
        let table = IdTable::from_sorted(order.iter().map(|&number| self.name(number)))?;
        Ok((table, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_number_through_growth() {
        let mut interner = Interner::new();
        let ids: Vec<String> =
            (0..20_000).map(|n| format!("{}{n}", if n % 3 == 0 { "a longer id " } else { "" })).collect();
        for (number, id) in (0u32..).zip(&ids) {
            assert_eq!(interner.number(id), Ok(number));
        }
        for (number, id) in (0u32..).zip(&ids) {
            assert_eq!(interner.number(id), Ok(number));
        }
        let (table, place) = interner.into_sorted().unwrap();
        assert!(ids.iter().zip(&place).all(|(id, &at)| table.name(at) == id));
    }

    #[test]
    fn numbers_are_worth_their_value() {
        for number in (0..10_000_000).step_by(997).chain([9, 10, 99, 1_048_575]) {
            assert_eq!(Packed::of(number.to_string().as_bytes()).unwrap().worth, number);
        }
    }

    #[test]
    fn ids_that_resemble_numbers_are_told_apart() {
        let ids = [
            "1", "01", "001", "1 ", "1:", ":1", "1/", "/1", "A", "q", "10", "1a", "-1", "+1", "1e0", "9999999",
            "12345678",
        ];
        let mut interner = Interner::new();
        for _ in 0..2 {
            for (number, id) in (0u32..).zip(ids) {
                assert_eq!(interner.number(id), Ok(number), "{id}");
            }
        }
        for raw in ["1\0", "\x001", "\0", "", "\"1\"", "é"] {
            let mut bytes = [0u8; 8];
            bytes[..raw.len()].copy_from_slice(raw.as_bytes());
            let packed = Packed::new(u64::from_le_bytes(bytes), raw.len());
            assert_eq!(interner.find_packed(packed), None, "{raw:?}");
        }
    }

    #[test]
    fn what_may_be_mistaken_is_not_packed() {
        assert_eq!(Packed::of(b"\"1\""), None);
        assert_eq!(Packed::of("é".as_bytes()), None);
        assert_eq!(Packed::of(b"12345678"), None);
        assert!(Packed::of(b"1234567").is_some());
    }
}
