//! Plain rows by sight: short ids that came before, no quotes. Whatever is not plain is left to the careful path.
//!
//! Eight bytes at a time are looked at as one number, so that a field costs no loop and no branch on its length:
//!
//! ```text
//! 6 0 4 0 ; 3 9   ──first `;`──>  length 4  ──mask──>  packed id  ──flat table──>  number
//! ```

use memchr::memchr;

use super::gather::Gather;
use super::intern::{PACKED_BYTES, with_length};
use super::number::rating;
use crate::table::{Format, Separator};

const WORD: usize = 8;
/// Bytes that must follow the start of a row: two ids with separators and a rating, and one word more.
const WINDOW: usize = 32;

/// Takes plain rows from the front of `bytes`, which hold no quote that counts, until one is not plain, or `limit` are
/// taken. Returns the bytes and the rows taken.
///
/// The first row of the file is taken by the careful path: it says how many fields there are.
pub(super) fn take(gather: &mut Gather, bytes: &[u8], format: Format, limit: u64) -> (usize, u64) {
    let Some(most_fields) = gather.most_fields else { return (0, 0) };
    if gather.roles.columns != [0, 1, 2] || format.terminator != b'\n' {
        return (0, 0);
    }
    let mut rows = Rows { gather, bytes, at: 0, taken: 0, user_key: u64::MAX, user: 0, run: 0 };
    match (format.separator, most_fields) {
        (Separator::Comma, 3) => rows.take::<b',', 1, false>(limit),
        (Separator::Comma, _) => rows.take::<b',', 1, true>(limit),
        (Separator::Semicolon, 3) => rows.take::<b';', 1, false>(limit),
        (Separator::Semicolon, _) => rows.take::<b';', 1, true>(limit),
        (Separator::Tab, 3) => rows.take::<b'\t', 1, false>(limit),
        (Separator::Tab, _) => rows.take::<b'\t', 1, true>(limit),
        (Separator::Pipe, 3) => rows.take::<b'|', 1, false>(limit),
        (Separator::Pipe, _) => rows.take::<b'|', 1, true>(limit),
        (Separator::DoubleColon, 3) => rows.take::<b':', 2, false>(limit),
        (Separator::DoubleColon, _) => rows.take::<b':', 2, true>(limit),
    }
    (rows.at, rows.taken)
}

struct Rows<'a> {
    gather: &'a mut Gather,
    bytes: &'a [u8],
    at: usize,
    taken: u64,
    user_key: u64,
    user: u32,
    run: u32,
}

impl Rows<'_> {
    /// `SEPARATOR` stands `TIMES` times between two fields; `MORE` fields than three may come.
    fn take<const SEPARATOR: u8, const TIMES: usize, const MORE: bool>(&mut self, limit: u64) {
        while self.taken < limit {
            let Some((length, item, value)) = self.row::<SEPARATOR, TIMES, MORE>() else { break };
            self.gather.gathered.items.push(item);
            self.gather.gathered.values.push(value);
            self.run += 1;
            self.at += length;
            self.taken += 1;
        }
        self.end_run();
    }

    /// Length, item and rating of the next row, its user being `self.user`; `None` unless it is plain.
    #[inline]
    fn row<const SEPARATOR: u8, const TIMES: usize, const MORE: bool>(&mut self) -> Option<(usize, u32, f32)> {
        let rest = &self.bytes[self.at..];
        let window: &[u8; WINDOW] = rest.first_chunk()?;
        let end = line_end(rest, window)?;

        let word = load(window, 0)?;
        let length = first::<SEPARATOR>(word);
        let key = low_bytes(word, length)?;
        let item_at = behind::<SEPARATOR, TIMES>(window, length)?;
        let word = load(window, item_at)?;
        let length = first::<SEPARATOR>(word);
        let item_key = low_bytes(word, length)?;
        let rating_at = behind::<SEPARATOR, TIMES>(window, item_at + length)?;

        let mut rating_end = end;
        if MORE {
            let length = first::<SEPARATOR>(load(window, rating_at)?);
            if length < WORD && rating_at + length < end {
                rating_end = rating_at + length;
                let more_at = behind::<SEPARATOR, TIMES>(window, rating_end)?;
                let more = rest.get(more_at..end)?;
                let found = more.iter().filter(|&&byte| byte == SEPARATOR).count();
                if found > 0 && (TIMES > 1 || found + 4 > self.gather.most_fields?) {
                    return None;
                }
            }
        }
        let mut digits = rest.get(rating_at..rating_end)?;
        if let [before @ .., b'\r'] = digits
            && rating_end == end
        {
            digits = before;
        }
        let value = rating(digits).ok()?;
        let item = self.gather.items.find_packed(item_key)?;
        if key != self.user_key {
            let user = self.gather.users.find_packed(key)?;
            self.end_run();
            (self.user_key, self.user) = (key, user);
        }
        Some((end + 1, item, value))
    }

    fn end_run(&mut self) {
        if self.run > 0 {
            self.gather.push_run(self.user, self.run);
            self.run = 0;
        }
    }
}

/// Where the line ends, counted from its start.
#[inline]
fn line_end(rest: &[u8], window: &[u8; WINDOW]) -> Option<usize> {
    // Three fields of MovieLens fit in two words. Looked for before the fields, so that the next row need not wait.
    let end = first::<b'\n'>(load(window, 0)?);
    if end < WORD {
        return Some(end);
    }
    let end = first::<b'\n'>(load(window, WORD)?);
    if end < WORD {
        return Some(WORD + end);
    }
    memchr(b'\n', &rest[2 * WORD..]).map(|end| 2 * WORD + end)
}

#[inline]
fn load(window: &[u8; WINDOW], at: usize) -> Option<u64> {
    window.get(at..at + WORD)?.first_chunk().copied().map(u64::from_le_bytes)
}

/// Place of the first `BYTE` in a word, 8 if there is none.
#[inline]
fn first<const BYTE: u8>(word: u64) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let zero_where_found = word ^ (LOW * BYTE as u64);
    // The lowest mark is exact: a borrow runs upwards, from a byte that is zero.
    let marks = zero_where_found.wrapping_sub(LOW) & !zero_where_found & (LOW << 7);
    marks.trailing_zeros() as usize / 8
}

/// The first `length` bytes of a word, packed; `None` when that is all of it, for the field may go on.
#[inline]
fn low_bytes(word: u64, length: usize) -> Option<u64> {
    (length <= PACKED_BYTES).then(|| with_length(word & ((1 << (8 * length)) - 1), length))
}

/// The place behind the separator at `at`.
#[inline]
fn behind<const SEPARATOR: u8, const TIMES: usize>(window: &[u8; WINDOW], at: usize) -> Option<usize> {
    if TIMES > 1 && *window.get(at + 1)? != SEPARATOR {
        return None;
    }
    Some(at + TIMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_of_its_kind_is_found_in_a_word() {
        assert_eq!(first::<b';'>(u64::from_le_bytes(*b"1;;:;<;\0")), 1);
        assert_eq!(first::<b';'>(u64::from_le_bytes(*b"1234567;")), 7);
        assert_eq!(first::<b';'>(u64::from_le_bytes(*b":::::::\xbb")), 8);
        assert_eq!(low_bytes(u64::from_le_bytes(*b"12;34567"), 2), super::super::intern::packed(b"12"));
    }
}
