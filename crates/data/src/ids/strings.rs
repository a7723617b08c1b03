//! Many strings in one piece of text: one allocation for all, and an index of 32 bits for each.

/// Strings by rising index: their text in one arena, and where each one ends.
///
/// In a file it is the number of strings (u32), where each one ends in the text (u32 each, little-endian), and the text in
/// UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringTable {
    text: String,
    ends: Vec<u32>,
}

/// Strings that outgrow 32-bit offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("strings take {bytes} bytes together in {count} pieces, allowed are {} of each", u32::MAX)]
pub struct TextTooLarge {
    /// Total length with the string that did not fit.
    pub bytes: usize,
    /// Number of strings before it.
    pub count: usize,
}

/// Bytes that are not a [`StringTable`]; says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StringsError(pub &'static str);

impl StringTable {
    /// Number of strings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no string at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all strings together.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Appends a string and returns its index.
    ///
    /// # Errors
    /// When all strings together take more than 4 GiB, or are more than 32 bits can count.
    pub fn push(&mut self, string: &str) -> Result<u32, TextTooLarge> {
        let (bytes, count) = (self.text.len() + string.len(), self.ends.len());
        let too_large = TextTooLarge { bytes, count };
        let end = u32::try_from(bytes).map_err(|_| too_large)?;
        let index = u32::try_from(count).ok().filter(|&index| index < u32::MAX).ok_or(too_large)?;
        self.text.push_str(string);
        self.ends.push(end);
        Ok(index)
    }

    /// A string; `None` when `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn get(&self, index: u32) -> Option<&str> {
        ((index as usize) < self.len()).then(|| self.at(index as usize))
    }

    /// A string by its position.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn at(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.text[start..self.ends[index] as usize]
    }

    /// All strings, by rising index.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.len()).map(|index| self.at(index))
    }

    /// The form that a file holds.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + 4 * self.ends.len() + self.text.len());
        // `push` allows fewer than 2^32 strings.
        out.extend_from_slice(&u32::try_from(self.ends.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.ends.iter().for_each(|end| out.extend_from_slice(&end.to_le_bytes()));
        out.extend_from_slice(self.text.as_bytes());
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. Allocates no more than the bytes take.
    ///
    /// # Errors
    /// When the bytes end early, hold text that is not UTF-8, or strings that do not cover the text one after the other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StringsError> {
        let (count, rest) = bytes.split_first_chunk::<4>().ok_or(StringsError("no number of strings"))?;
        let ends =
            (u32::from_le_bytes(*count) as usize).checked_mul(4).and_then(|length| rest.split_at_checked(length));
        let (ends, text) = ends.ok_or(StringsError("more strings than the section can hold"))?;
        let text = std::str::from_utf8(text).map_err(|_| StringsError("text that is not UTF-8"))?;
        let (ends, _) = ends.as_chunks::<4>();
        let ends: Vec<u32> = ends.iter().map(|&end| u32::from_le_bytes(end)).collect();
        let mut start = 0;
        for &end in &ends {
            text.get(start..end as usize).ok_or(StringsError("a string that ends outside of the text"))?;
            start = end as usize;
        }
        if start != text.len() {
            return Err(StringsError("text that belongs to no string"));
        }
        Ok(Self { text: text.to_owned(), ends })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(strings: &[&str]) -> StringTable {
        let mut table = StringTable::default();
        for (index, string) in (0u32..).zip(strings) {
            assert_eq!(table.push(string), Ok(index));
        }
        table
    }

    #[test]
    fn strings_come_back_as_they_went_in() {
        for strings in [&[][..], &[""], &["a", "", "日本", "b c"]] {
            let table = table(strings);
            assert_eq!(table.iter().collect::<Vec<_>>(), strings);
            assert_eq!(StringTable::from_bytes(&table.to_bytes()), Ok(table.clone()));
            assert_eq!(table.get(u32::try_from(strings.len()).unwrap()), None);
        }
    }

    #[test]
    fn bytes_that_break_a_rule_are_refused_with_the_rule() {
        let whole = table(&["ab", "é"]).to_bytes();
        let broken = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = whole.clone();
            change(&mut bytes);
            StringTable::from_bytes(&bytes).unwrap_err().0
        };
        assert_eq!(broken(&|bytes| bytes.truncate(3)), "no number of strings");
        assert_eq!(broken(&|bytes| bytes[0..4].fill(0xff)), "more strings than the section can hold");
        assert_eq!(broken(&|bytes| bytes[4] = 3), "a string that ends outside of the text", "within a character");
        assert_eq!(broken(&|bytes| bytes[8] = 1), "a string that ends outside of the text", "before the one before");
        assert_eq!(broken(&|bytes| bytes.push(b'x')), "text that belongs to no string");
        assert_eq!(broken(&|bytes| bytes[14] = 0xff), "text that is not UTF-8");
    }
}
