//! A set of indices below a fixed length, one bit each.

/// Bits by index; and, or, not are word operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// So many bits, none of them set.
    #[must_use]
    pub fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// So many bits, all of them set.
    #[must_use]
    pub fn all(len: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        bits.clear_tail();
        bits
    }

    /// Number of bits, set or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bits at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of bits that are set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether a bit is set; false at and beyond [`len`](Self::len).
    #[inline]
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Sets a bit; one at or beyond [`len`](Self::len) is left alone.
    #[inline]
    pub fn insert(&mut self, index: usize) {
        if index < self.len {
            self.words[index / 64] |= 1 << (index % 64);
        }
    }

    /// Clears a bit; one at or beyond [`len`](Self::len) is left alone.
    #[inline]
    pub fn remove(&mut self, index: usize) {
        if index < self.len {
            self.words[index / 64] &= !(1 << (index % 64));
        }
    }

    /// Appends a bit.
    pub fn push(&mut self, set: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
        if set {
            self.insert(self.len - 1);
        }
    }

    /// Keeps the bits that are also set in `other`; bits beyond its length are cleared.
    pub fn intersect(&mut self, other: &Self) {
        for (at, word) in self.words.iter_mut().enumerate() {
            *word &= other.words.get(at).copied().unwrap_or(0);
        }
    }

    /// The indices of the bits that are set, rising.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(at, &word)| Ones(word).map(move |bit| 64 * at + bit))
    }

    /// The indices of the bits that are not set, rising.
    pub fn absent(&self) -> impl Iterator<Item = usize> {
        let ones = self.words.iter().enumerate().flat_map(|(at, &word)| Ones(!word).map(move |bit| 64 * at + bit));
        ones.take_while(|&index| index < self.len)
    }

    /// The words, lowest bit first; bits beyond the length are zero.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Puts words together; `None` when their number is not that of `len`, or a bit beyond it is set.
    pub(super) fn from_words(words: Vec<u64>, len: usize) -> Option<Self> {
        let mut bits = Self { words, len };
        let last = bits.words.last().copied();
        if bits.words.len() != len.div_ceil(64) {
            return None;
        }
        bits.clear_tail();
        (bits.words.last().copied() == last).then_some(bits)
    }

    fn clear_tail(&mut self) {
        let used = self.len % 64;
        if let Some(last) = self.words.last_mut().filter(|_| used != 0) {
            *last &= (1 << used) - 1;
        }
    }
}

/// The positions of the ones of a word, rising.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        (self.0 != 0).then(|| {
            self.0 &= self.0 - 1;
            bit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_agree_with_a_list_of_truths() {
        for len in [0usize, 1, 63, 64, 65, 130] {
            let truths: Vec<bool> = (0..len).map(|at| at * at % 7 < 3).collect();
            let mut bits = Bits::default();
            truths.iter().for_each(|&set| bits.push(set));
            let mut set = Bits::none(len);
            (0..len).filter(|&at| truths[at]).for_each(|at| set.insert(at));
            assert_eq!(bits, set);
            assert_eq!(bits.iter().collect::<Vec<_>>(), (0..len).filter(|&at| truths[at]).collect::<Vec<_>>());
            assert_eq!(bits.absent().collect::<Vec<_>>(), (0..len).filter(|&at| !truths[at]).collect::<Vec<_>>());
            assert_eq!((bits.len(), bits.count()), (len, truths.iter().filter(|&&set| set).count()));
            assert!(!bits.contains(len));
            let mut all = Bits::all(len);
            assert_eq!((all.count(), all.absent().count()), (len, 0));
            all.intersect(&bits);
            assert_eq!(all, bits);
            (0..len).for_each(|at| all.remove(at));
            assert_eq!(all, Bits::none(len));
            assert_eq!(Bits::from_words(bits.words().to_vec(), len), Some(bits));
        }
    }

    #[test]
    fn words_of_another_length_are_refused() {
        assert_eq!(Bits::from_words(vec![0], 65), None);
        assert_eq!(Bits::from_words(vec![0b100], 2), None);
        assert!(Bits::from_words(vec![0b10], 2).is_some());
    }
}
