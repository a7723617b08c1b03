//! Plain rows by sight: short ids, no quotes. Whatever is not plain is left to the careful path.
//!
//! Eight bytes at a time are looked at as one number, so that a field costs no loop and no branch on its length:
//!
//! ```text
//! 6 0 4 0 ; 3 9   ──first `;`──>  length 4  ──mask──>  packed id  ──flat table──>  number
//! ```

use memchr::memchr;

use super::gather::Gather;
use super::intern::{Interner, PACKED_BYTES, Packed};
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
    let take = match (format.separator, most_fields > 3) {
        (Separator::Comma, false) => rows::<b',', 1, false>,
        (Separator::Comma, true) => rows::<b',', 1, true>,
        (Separator::Semicolon, false) => rows::<b';', 1, false>,
        (Separator::Semicolon, true) => rows::<b';', 1, true>,
        (Separator::Tab, false) => rows::<b'\t', 1, false>,
        (Separator::Tab, true) => rows::<b'\t', 1, true>,
        (Separator::Pipe, false) => rows::<b'|', 1, false>,
        (Separator::Pipe, true) => rows::<b'|', 1, true>,
        (Separator::Space, false) => rows::<b' ', 1, false>,
        (Separator::Space, true) => rows::<b' ', 1, true>,
        (Separator::DoubleColon, false) => rows::<b':', 2, false>,
        (Separator::DoubleColon, true) => rows::<b':', 2, true>,
    };
    take(gather, bytes, most_fields, limit)
}

/// `SEPARATOR` stands `TIMES` times between two fields; `MORE` fields than three may come.
fn rows<const SEPARATOR: u8, const TIMES: usize, const MORE: bool>(
    gather: &mut Gather,
    bytes: &[u8],
    most_fields: usize,
    limit: u64,
) -> (usize, u64) {
    let (mut at, mut taken) = (0, 0);
    let (mut user, mut run) = (User::NONE, 0);
    while taken < limit {
        let rest = &bytes[at..];
        let Some(window) = rest.first_chunk() else { break };
        if !user.starts(window) {
            gather.push_run(user.number, run);
            run = 0;
            let known = User::find::<SEPARATOR, TIMES>(window, &gather.users);
            let next = known.or_else(|| User::plain::<SEPARATOR, TIMES, MORE>(rest, &mut gather.users, most_fields));
            let Some(next) = next else { break };
            user = next;
        }
        let Some(row) = row::<SEPARATOR, TIMES, MORE>(rest, window, user.length, most_fields) else { break };
        let item = match gather.items.find_packed(row.item) {
            Some(found) => found,
            None => match plain_number(&mut gather.items, &rest[user.length..], row.item_length) {
                Some(new) => new,
                None => break,
            },
        };
        gather.gathered.items.push(item);
        gather.gathered.values.push(row.value);
        run += 1;
        at += row.length;
        taken += 1;
    }
    gather.push_run(user.number, run);
    (at, taken)
}

/// The user of the row before; most rows begin with the same bytes.
struct User {
    number: u32,
    /// Bytes of the id and the separator behind it.
    length: usize,
    bytes: u64,
    mask: u64,
}

impl User {
    /// Begins no row.
    const NONE: Self = Self { number: 0, length: 0, bytes: 1, mask: 0 };

    #[inline(always)]
    fn starts(&self, window: &[u8; WINDOW]) -> bool {
        load(window, 0).is_some_and(|word| word & self.mask == self.bytes)
    }

    /// The user who begins this row, if they came before.
    fn find<const SEPARATOR: u8, const TIMES: usize>(window: &[u8; WINDOW], users: &Interner) -> Option<Self> {
        let (id, _, length) = id::<SEPARATOR, TIMES>(window, 0)?;
        let number = users.find_packed(id)?;
        let word = load(window, 0)?;
        // An id with its separator that does not fit in a word is looked up for every row.
        let mask = if length <= WORD { u64::MAX >> (64 - 8 * length) } else { 0 };
        Some(Self { number, length, bytes: if mask == 0 { 1 } else { word & mask }, mask })
    }
}

impl User {
    /// The user who begins this row and never came before, numbered only if the whole row is plain, and so counts.
    #[cold]
    fn plain<const SEPARATOR: u8, const TIMES: usize, const MORE: bool>(
        rest: &[u8],
        users: &mut Interner,
        most_fields: usize,
    ) -> Option<Self> {
        let window = rest.first_chunk()?;
        let (_, id_length, length) = id::<SEPARATOR, TIMES>(window, 0)?;
        let row = row::<SEPARATOR, TIMES, MORE>(rest, window, length, most_fields)?;
        if !is_plain(rest.get(length..length + row.item_length)?) {
            return None;
        }
        plain_number(users, rest, id_length)?;
        Self::find::<SEPARATOR, TIMES>(window, users)
    }
}

struct Row {
    length: usize,
    item: Packed,
    item_length: usize,
    value: f32,
}

/// Whether an id that never came before is taken as it is: visible ASCII, no quote in front.
fn is_plain(id: &[u8]) -> bool {
    !matches!(id.first(), Some(b'"' | b'\'')) && id.iter().all(u8::is_ascii_graphic)
}

/// Numbers the id of this length that never came before; `None` unless it is plain.
#[cold]
fn plain_number(ids: &mut Interner, bytes: &[u8], length: usize) -> Option<u32> {
    let id = bytes.get(..length).filter(|id| is_plain(id))?;
    ids.number(std::str::from_utf8(id).ok()?).ok()
}

/// The row that starts `rest`, from its item on; `None` unless it is plain.
#[inline(always)]
fn row<const SEPARATOR: u8, const TIMES: usize, const MORE: bool>(
    rest: &[u8],
    window: &[u8; WINDOW],
    item_at: usize,
    most_fields: usize,
) -> Option<Row> {
    let end = line_end(rest, window)?;
    let (item, item_length, rating_at) = id::<SEPARATOR, TIMES>(window, item_at)?;
    let mut rating_end = end;
    if MORE {
        let length = first::<SEPARATOR>(load(window, rating_at)?);
        if length < WORD && rating_at + length < end {
            rating_end = rating_at + length;
            let more_at = behind::<SEPARATOR, TIMES>(window, rating_end)?;
            let found = rest.get(more_at..end)?.iter().filter(|&&byte| byte == SEPARATOR).count();
            if found > 0 && (TIMES > 1 || found + 4 > most_fields) {
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
    Some(Row { length: end + 1, item, item_length, value })
}

/// The id at `at`, its length, and the place of the field behind it.
#[inline(always)]
fn id<const SEPARATOR: u8, const TIMES: usize>(window: &[u8; WINDOW], at: usize) -> Option<(Packed, usize, usize)> {
    let word = load(window, at)?;
    let length = first::<SEPARATOR>(word);
    if !(1..=PACKED_BYTES).contains(&length) {
        return None;
    }
    Some((Packed::new(word, length), length, behind::<SEPARATOR, TIMES>(window, at + length)?))
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
    }
}
