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
use super::times::{TimeFormat, digits};
use crate::table::{Decimal, Format, Separator};

const WORD: usize = 8;
/// Bytes that must follow the start of a row: two ids with separators and a rating, and one word more.
const WINDOW: usize = 32;

/// Takes plain rows from the front of `bytes`, which hold no quote that counts, until one is not plain, or `limit` are
/// taken. Returns the bytes and the rows taken.
pub(super) fn take(gather: &mut Gather, bytes: &[u8], format: Format, limit: u64) -> (usize, u64) {
    let most_fields = gather.most_fields;
    let roles = &gather.roles;
    let in_order = roles.user.at == 0 && roles.item.at == 1 && roles.value.is_some_and(|role| role.at == 2);
    if !in_order || gather.weights.is_some() || !gather.missing.is_empty() || format.terminator != b'\n' {
        return (0, 0);
    }
    // Beside decimal commas a point is none.
    if gather.decimal == Decimal::Comma {
        return (0, 0);
    }
    let time = match (&gather.gathered.times, gather.time_format, roles.time) {
        (None, ..) => None,
        (Some(_), Some(time_format), Some(role)) if role.at == 3 && time_format.is_epoch() => Some(time_format),
        _ => return (0, 0),
    };
    let plain = Plain { most_fields, limit, time };
    match format.separator {
        Separator::Comma => shaped::<b',', 1>(gather, bytes, plain),
        Separator::Semicolon => shaped::<b';', 1>(gather, bytes, plain),
        Separator::Tab => shaped::<b'\t', 1>(gather, bytes, plain),
        Separator::Pipe => shaped::<b'|', 1>(gather, bytes, plain),
        Separator::Space => shaped::<b' ', 1>(gather, bytes, plain),
        Separator::DoubleColon => shaped::<b':', 2>(gather, bytes, plain),
        Separator::DoublePipe | Separator::DoubleTab => (0, 0),
    }
}

/// What is plain in this file.
#[derive(Clone, Copy)]
struct Plain {
    most_fields: usize,
    limit: u64,
    /// How the fourth field writes a time, when it is one.
    time: Option<TimeFormat>,
}

/// Fields of a row: three, more of which none is read, or more of which the fourth is a time.
const THREE: u8 = 0;
const MORE: u8 = 1;
const TIMED: u8 = 2;

fn shaped<const SEPARATOR: u8, const TIMES: usize>(gather: &mut Gather, bytes: &[u8], plain: Plain) -> (usize, u64) {
    let rows = match (plain.time, plain.most_fields > 3) {
        (Some(_), _) => rows::<SEPARATOR, TIMES, TIMED>,
        (None, true) => rows::<SEPARATOR, TIMES, MORE>,
        (None, false) => rows::<SEPARATOR, TIMES, THREE>,
    };
    rows(gather, bytes, plain)
}

/// `SEPARATOR` stands `TIMES` times between two fields.
fn rows<const SEPARATOR: u8, const TIMES: usize, const SHAPE: u8>(
    gather: &mut Gather,
    bytes: &[u8],
    plain: Plain,
) -> (usize, u64) {
    let (mut at, mut taken) = (0, 0);
    let (mut user, mut run) = (User::NONE, 0);
    while taken < plain.limit {
        let rest = &bytes[at..];
        let Some(window) = rest.first_chunk() else { break };
        if !user.starts(window) {
            gather.push_run(user.number, run);
            run = 0;
            let known = User::find::<SEPARATOR, TIMES>(window, &gather.users);
            let next = known.or_else(|| User::plain::<SEPARATOR, TIMES, SHAPE>(rest, &mut gather.users, plain));
            let Some(next) = next else { break };
            user = next;
        }
        let Some(row) = row::<SEPARATOR, TIMES, SHAPE>(rest, window, user.length, plain) else { break };
        let item = match gather.items.find_packed(row.item) {
            Some(found) => found,
            None => match plain_number(&mut gather.items, &rest[user.length..], row.item_length) {
                Some(new) => new,
                None => break,
            },
        };
        gather.gathered.items.push(item);
        gather.gathered.values.push(row.value);
        if SHAPE == TIMED
            && let Some(times) = &mut gather.gathered.times
        {
            times.push(row.time);
        }
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
    fn plain<const SEPARATOR: u8, const TIMES: usize, const SHAPE: u8>(
        rest: &[u8],
        users: &mut Interner,
        plain: Plain,
    ) -> Option<Self> {
        let window = rest.first_chunk()?;
        let (_, id_length, length) = id::<SEPARATOR, TIMES>(window, 0)?;
        let row = row::<SEPARATOR, TIMES, SHAPE>(rest, window, length, plain)?;
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
    /// 0 where times are not kept.
    time: i64,
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
fn row<const SEPARATOR: u8, const TIMES: usize, const SHAPE: u8>(
    rest: &[u8],
    window: &[u8; WINDOW],
    item_at: usize,
    plain: Plain,
) -> Option<Row> {
    let end = line_end(rest, window)?;
    let (item, item_length, rating_at) = id::<SEPARATOR, TIMES>(window, item_at)?;
    let mut rating_end = end;
    let mut time = 0;
    if SHAPE != THREE {
        let length = first::<SEPARATOR>(load(window, rating_at)?);
        if length < WORD && rating_at + length < end {
            rating_end = rating_at + length;
            let more_at = behind::<SEPARATOR, TIMES>(window, rating_end)?;
            let more = rest.get(more_at..end)?;
            let found = more.iter().filter(|&&byte| byte == SEPARATOR).count();
            if found > 0 && (TIMES > 1 || found + 4 > plain.most_fields) {
                return None;
            }
            if SHAPE == TIMED {
                time = plain.time?.of_whole(digits(time_field::<SEPARATOR>(more, found))?)?;
            }
        } else if SHAPE == TIMED {
            return None;
        }
    }
    let mut number = rest.get(rating_at..rating_end)?;
    if let [before @ .., b'\r'] = number
        && rating_end == end
    {
        number = before;
    }
    let value = rating(number).ok()?;
    Some(Row { length: end + 1, item, item_length, value, time })
}

/// The first field of what follows the rating, `found` being the number of separators in it.
#[inline]
fn time_field<const SEPARATOR: u8>(more: &[u8], found: usize) -> &[u8] {
    let field = if found == 0 { more } else { more.split(|&byte| byte == SEPARATOR).next().unwrap_or_default() };
    field.strip_suffix(b"\r").unwrap_or(field)
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
