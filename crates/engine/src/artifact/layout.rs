//! What each section of a model file holds, and the arrays and string tables inside.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 1 | provenance | JSON of [`Provenance`](crate::recommend::Provenance) |
//! | 2, 3 | user ids, item ids | string tables, in the order of [`id_order`](foretaste_data::ids::id_order) |
//! | 4, 5, 6 | rating offsets (u64), items (u32), values (f32) | the users x items matrix in sparse rows |
//! | 7, 8, 9 | titles, genres, years | string table, string table (genres joined by line feeds), u16 an item; empty or 0 for none |
//! | 10 | user factors | f32, users x k, row-major: `U S` |
//! | 11 | item factors | f32, items x k, row-major: `V` |
//! | 12 | singular values | f64, k, falling |
//!
//! A string table is the number of strings (u32), where each one ends in the text (u32 each), and the text in UTF-8.

use super::ArtifactError;

pub(super) const PROVENANCE: u32 = 1;
pub(super) const USER_IDS: u32 = 2;
pub(super) const ITEM_IDS: u32 = 3;
pub(super) const RATING_OFFSETS: u32 = 4;
pub(super) const RATING_ITEMS: u32 = 5;
pub(super) const RATING_VALUES: u32 = 6;
pub(super) const TITLES: u32 = 7;
pub(super) const GENRES: u32 = 8;
pub(super) const YEARS: u32 = 9;
pub(super) const USER_FACTORS: u32 = 10;
pub(super) const ITEM_FACTORS: u32 = 11;
pub(super) const SINGULAR_VALUES: u32 = 12;

/// The name of a section, for messages.
pub(super) fn section_name(kind: u32) -> &'static str {
    match kind {
        PROVENANCE => "provenance",
        USER_IDS => "user ids",
        ITEM_IDS => "item ids",
        RATING_OFFSETS => "rating offsets",
        RATING_ITEMS => "rating items",
        RATING_VALUES => "rating values",
        TITLES => "titles",
        GENRES => "genres",
        YEARS => "years",
        USER_FACTORS => "user factors",
        ITEM_FACTORS => "item factors",
        SINGULAR_VALUES => "singular values",
        _ => "unknown section",
    }
}

/// A number with a fixed little-endian form.
pub(super) trait Number: Sized {
    const BYTES: usize;
    fn put(&self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            const BYTES: usize = size_of::<$type>();
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                Self::from_le_bytes(std::array::from_fn(|at| bytes[at]))
            }
        }
    )*};
}
numbers!(u16, u32, u64, f32, f64);

pub(super) fn put_array<T: Number>(numbers: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    numbers.into_iter().for_each(|number| number.put(&mut out));
    out
}

/// Reads an array; the result is no larger than `bytes`.
pub(super) fn get_array<T: Number>(bytes: &[u8], what: &'static str) -> Result<Vec<T>, ArtifactError> {
    if !bytes.len().is_multiple_of(T::BYTES) {
        return Err(ArtifactError::Corrupt { what, why: "a length that is not a whole number of entries" });
    }
    Ok(bytes.chunks_exact(T::BYTES).map(T::get).collect())
}

pub(super) fn put_strings<S: AsRef<str>>(
    strings: impl ExactSizeIterator<Item = S>,
    what: &'static str,
) -> Result<Vec<u8>, ArtifactError> {
    let too_large = || ArtifactError::TooLarge { what };
    let mut out = u32::try_from(strings.len()).map_err(|_| too_large())?.to_le_bytes().to_vec();
    let mut text = String::new();
    for string in strings {
        text.push_str(string.as_ref());
        out.extend_from_slice(&u32::try_from(text.len()).map_err(|_| too_large())?.to_le_bytes());
    }
    out.extend_from_slice(text.as_bytes());
    Ok(out)
}

/// Reads a string table without copying its text.
pub(super) fn get_strings<'a>(bytes: &'a [u8], what: &'static str) -> Result<Vec<&'a str>, ArtifactError> {
    let corrupt = |why| ArtifactError::Corrupt { what, why };
    let (count, rest) = bytes.split_at_checked(4).ok_or_else(|| corrupt("no number of strings"))?;
    let ends = (u32::get(count) as usize).checked_mul(4).and_then(|length| rest.split_at_checked(length));
    let (ends, text) = ends.ok_or_else(|| corrupt("more strings than the section can hold"))?;
    let text = std::str::from_utf8(text).map_err(|_| corrupt("text that is not UTF-8"))?;
    let mut strings = Vec::with_capacity(ends.len() / 4);
    let mut start = 0;
    for end in ends.chunks_exact(4).map(|end| u32::get(end) as usize) {
        strings.push(text.get(start..end).ok_or_else(|| corrupt("a string that ends outside of the text"))?);
        start = end;
    }
    if start != text.len() {
        return Err(corrupt("text that belongs to no string"));
    }
    Ok(strings)
}
