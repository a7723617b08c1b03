//! Numbers and strings as the bytes of a section.

use super::ContainerError;

/// A number with a fixed little-endian form.
pub trait Number: Sized {
    /// Length of that form.
    const BYTES: usize;
    /// Appends the number.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads the number from [`BYTES`](Self::BYTES) bytes.
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
numbers!(u8, u16, u32, u64, i64, f32, f64);

pub(super) fn put_array<T: Number>(numbers: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    numbers.into_iter().for_each(|number| number.put(&mut out));
    out
}

/// Reads an array; the result is no larger than `bytes`.
pub(super) fn get_array<T: Number>(bytes: &[u8], what: &'static str) -> Result<Vec<T>, ContainerError> {
    if !bytes.len().is_multiple_of(T::BYTES) {
        return Err(ContainerError::Corrupt { what, why: "a length that is not a whole number of entries" });
    }
    Ok(bytes.chunks_exact(T::BYTES).map(T::get).collect())
}

pub(super) fn put_strings<S: AsRef<str>>(
    strings: impl ExactSizeIterator<Item = S>,
    what: &'static str,
) -> Result<Vec<u8>, ContainerError> {
    let too_large = || ContainerError::TooLarge { what };
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
pub(super) fn get_strings<'a>(bytes: &'a [u8], what: &'static str) -> Result<Vec<&'a str>, ContainerError> {
    let corrupt = |why| ContainerError::Corrupt { what, why };
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
