//! Numbers of ids that are whole numbers.

use std::hash::{BuildHasher, RandomState};

use super::super::intern::Interner;
use crate::ids::IdError;

/// Whole numbers below this are looked up by value.
const SMALL_NUMBERS: usize = 1 << 20;

/// Numbers of ids that are whole numbers; each is written as text once.
pub(super) struct Numbers {
    /// By value, one more than the number; 0 where none is.
    small: Vec<u32>,
    /// Open addressing; the number is one more than the id's, 0 where a slot is free.
    slots: Vec<(i64, u32)>,
    used: usize,
    seed: u64,
}

impl Numbers {
    pub(super) fn new() -> Self {
        Self { small: Vec::new(), slots: vec![(0, 0); 1 << 12], used: 0, seed: RandomState::new().hash_one(0u64) | 1 }
    }

    /// The number of an id, which is written into `ids` when it comes for the first time.
    #[inline]
    pub(super) fn number(&mut self, value: i64, ids: &mut Interner) -> Result<u32, IdError> {
        if let Some(&number) = usize::try_from(value).ok().and_then(|at| self.small.get(at))
            && number > 0
        {
            return Ok(number - 1);
        }
        self.other(value, ids)
    }

    fn slot(&self, value: i64) -> usize {
        let wide = u128::from(value.cast_unsigned() ^ self.seed.rotate_left(32)) * u128::from(self.seed);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the halves of a product, and as many bits as there are slots"
        )]
        let folded = ((wide >> 64) as u64 ^ wide as u64) as usize;
        let mask = self.slots.len() - 1;
        let mut at = folded & mask;
        while self.slots[at].1 > 0 && self.slots[at].0 != value {
            at = (at + 1) & mask;
        }
        at
    }

    fn other(&mut self, value: i64, ids: &mut Interner) -> Result<u32, IdError> {
        match usize::try_from(value) {
            Ok(at) if at < SMALL_NUMBERS => {
                let number = ids.number(&value.to_string())?;
                if at >= self.small.len() {
                    self.small.resize((at + 1).next_power_of_two(), 0);
                }
                self.small[at] = number + 1;
                Ok(number)
            }
            _ => {
                let at = self.slot(value);
                if self.slots[at].1 > 0 {
                    return Ok(self.slots[at].1 - 1);
                }
                let number = ids.number(&value.to_string())?;
                self.slots[at] = (value, number + 1);
                self.used += 1;
                if self.used * 2 > self.slots.len() {
                    let length = self.slots.len() * 4;
                    let old = std::mem::replace(&mut self.slots, vec![(0, 0); length]);
                    for slot in old.into_iter().filter(|slot| slot.1 > 0) {
                        let at = self.slot(slot.0);
                        self.slots[at] = slot;
                    }
                }
                Ok(number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_numbered_as_their_text_is() {
        let (mut numbers, mut ids) = (Numbers::new(), Interner::new());
        let values: Vec<i64> =
            (0..20_000).map(|n| (n * 7_919 - 30_000) * if n % 3 == 0 { 1_000_003 } else { 1 }).collect();
        let values = values.into_iter().chain([i64::MAX, i64::MIN, 0, -1]).collect::<std::collections::BTreeSet<_>>();
        for (number, &value) in (0u32..).zip(&values) {
            assert_eq!(numbers.number(value, &mut ids), Ok(number));
        }
        for (number, &value) in (0u32..).zip(&values) {
            assert_eq!(numbers.number(value, &mut ids), Ok(number));
            assert_eq!(ids.number(&value.to_string()), Ok(number));
        }
    }
}
