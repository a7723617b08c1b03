//! Text of a time as milliseconds since 1970-01-01T00:00:00Z.

use serde::Serialize;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;
/// Years of a date written as one number.
const COMPACT_YEARS: std::ops::Range<i64> = 1900..2100;

/// How a column writes times; its first time decides for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// Seconds since 1970, below 100,000,000,000 (the year 5138).
    EpochSeconds,
    /// Milliseconds since 1970, below 100,000,000,000,000.
    EpochMilliseconds,
    /// Microseconds since 1970, below 100,000,000,000,000,000.
    EpochMicroseconds,
    /// Nanoseconds since 1970.
    EpochNanoseconds,
    /// `20240229` or `20240229235959`, UTC.
    CompactDate,
    /// `2024-02-29`, `2024-02-29 23:59:59.5`, `2024-02-29T23:59:59+02:00`; UTC unless it says another zone.
    Iso8601,
}

impl TimeFormat {
    /// The format of a text; `None` when it is no time.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let Some((whole, _)) = number(text) else { return iso(text).map(|_| Self::Iso8601) };
        if text.iter().all(u8::is_ascii_digit) && compact(text).is_some() {
            return Some(Self::CompactDate);
        }
        [Self::EpochSeconds, Self::EpochMilliseconds, Self::EpochMicroseconds, Self::EpochNanoseconds]
            .into_iter()
            .find(|format| whole.unsigned_abs() < format.most().unsigned_abs())
    }

    /// Numbers of this format are below this in size.
    fn most(self) -> i64 {
        match self {
            Self::EpochSeconds => 100_000_000_000,
            Self::EpochMilliseconds => 100_000_000_000_000,
            Self::EpochMicroseconds => 100_000_000_000_000_000,
            _ => i64::MAX,
        }
    }

    /// The milliseconds of a text in this format; what is finer is dropped.
    #[inline]
    pub(super) fn read(self, text: &[u8]) -> Option<i64> {
        match self {
            Self::CompactDate => compact(text),
            Self::Iso8601 => iso(text),
            epoch => {
                let (whole, thousandths) = number(text)?;
                epoch.of_whole(whole).map(|time| if epoch == Self::EpochSeconds { time + thousandths } else { time })
            }
        }
    }

    /// The milliseconds of a whole number of this format, which counts from 1970.
    #[inline]
    pub(super) fn of_whole(self, whole: i64) -> Option<i64> {
        if whole.unsigned_abs() >= self.most().unsigned_abs() {
            return None;
        }
        match self {
            Self::EpochSeconds => Some(whole * SECOND),
            Self::EpochMilliseconds => Some(whole),
            Self::EpochMicroseconds => Some(whole.div_euclid(1000)),
            Self::EpochNanoseconds => Some(whole.div_euclid(1_000_000)),
            Self::CompactDate | Self::Iso8601 => None,
        }
    }

    /// Whether whole numbers of this format count from 1970.
    pub(super) fn is_epoch(self) -> bool {
        !matches!(self, Self::CompactDate | Self::Iso8601)
    }
}

/// The milliseconds since 1970 (UTC) of a text such as `2024-02-29T23:59:59+02:00`; `None` where it is none.
#[must_use]
pub fn time_of_text(text: &str) -> Option<i64> {
    iso(text.as_bytes())
}

/// A whole number that is all digits.
#[inline]
pub(super) fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?.parse().ok().filter(|&n| n >= 0);
    }
    let (start, rest) = match text.split_first_chunk() {
        Some((start, rest)) => (eight_digits(u64::from_le_bytes(*start))?, rest),
        None => (0, text),
    };
    rest.iter().try_fold(start, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// Eight digits, the first in the lowest byte: neighbours are joined to pairs, pairs to fours, fours to all eight.
#[inline]
fn eight_digits(word: u64) -> Option<i64> {
    let digits = word ^ 0x3030_3030_3030_3030;
    // A byte above 9 carries into its highest bit; one that has that bit shows it itself.
    if (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = (digits.wrapping_mul((10 << 8) + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul((100 << 16) + 1) >> 16) & 0x0000_ffff_0000_ffff;
    i64::try_from(fours.wrapping_mul((10_000 << 32) + 1) >> 32).ok()
}

/// A decimal number: the whole part, rounded down, and thousandths on top of it.
fn number(text: &[u8]) -> Option<(i64, i64)> {
    if let Some(whole) = digits(text) {
        return Some((whole, 0));
    }
    let (negative, size) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let plain = size.split(|&byte| byte == b'.').collect::<Vec<_>>();
    let (whole, thousandths) = match plain[..] {
        [whole] => (digits(whole), 0),
        [whole, fraction] if fraction.iter().all(u8::is_ascii_digit) => {
            let digit = |at: usize| fraction.get(at).map_or(0, |&byte| i64::from(byte - b'0'));
            (digits(whole), digit(0) * 100 + digit(1) * 10 + digit(2))
        }
        _ => (None, 0),
    };
    match whole {
        Some(whole) if negative && thousandths > 0 => Some((-whole - 1, 1000 - thousandths)),
        Some(whole) if negative => Some((-whole, 0)),
        Some(whole) => Some((whole, thousandths)),
        None => exponential(text),
    }
}

/// A number such as `1.5e9`.
fn exponential(text: &[u8]) -> Option<(i64, i64)> {
    let is_exponential = text.first().is_some_and(u8::is_ascii_digit) && text.contains(&b'e') | text.contains(&b'E');
    let value: f64 = std::str::from_utf8(text).ok().filter(|_| is_exponential)?.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "below 10^18, and what is finer is dropped")]
    let split = (value.floor() as i64, ((value - value.floor()) * 1000.0) as i64);
    (value < 1e18).then_some(split)
}

fn compact(text: &[u8]) -> Option<i64> {
    let part = |at: std::ops::Range<usize>| digits(text.get(at)?);
    let year = part(0..4).filter(|year| COMPACT_YEARS.contains(year))?;
    let date = days(year, part(4..6)?, part(6..8)?)? * DAY;
    match text.len() {
        8 => Some(date),
        14 => Some(date + clock(part(8..10)?, part(10..12)?, part(12..14)?)?),
        _ => None,
    }
}

/// ISO 8601 and RFC 3339, with a space for the `T`, `/` for both `-`, and ` UTC` for `Z` allowed.
fn iso(text: &[u8]) -> Option<i64> {
    let part = |at: std::ops::Range<usize>| digits(text.get(at)?);
    let separator = *text.get(4).filter(|&&byte| matches!(byte, b'-' | b'/'))?;
    if *text.get(7)? != separator {
        return None;
    }
    let date = days(part(0..4)?, part(5..7)?, part(8..10)?)? * DAY;
    let Some((b'T' | b't' | b' ', time)) = text[10..].split_first() else {
        return (text.len() == 10).then_some(date);
    };
    let part = |at: std::ops::Range<usize>| digits(time.get(at)?);
    if *time.get(2)? != b':' {
        return None;
    }
    let (mut seconds, mut rest) = (0, time.get(5..)?);
    let mut thousandths = 0;
    if let [b':', after @ ..] = rest {
        seconds = part(6..8)?;
        rest = after.get(2..)?;
        if let [b'.' | b',', after @ ..] = rest {
            let length = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let digit = |at: usize| after[..length].get(at).map_or(0, |&byte| i64::from(byte - b'0'));
            thousandths = digit(0) * 100 + digit(1) * 10 + digit(2);
            rest = after.get(length..).filter(|_| length > 0)?;
        }
    }
    Some(date + clock(part(0..2)?, part(3..5)?, seconds)? + thousandths - zone(rest)?)
}

/// How far the clock of a zone is ahead of UTC.
fn zone(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, ahead) = match text {
        [] | [b'Z' | b'z'] | b"UTC" | b"GMT" => return Some(0),
        [b'+', ahead @ ..] => (1, ahead),
        [b'-', ahead @ ..] => (-1, ahead),
        _ => return None,
    };
    let (hours, minutes) = match ahead.len() {
        2 => (digits(ahead)?, 0),
        4 => (digits(&ahead[..2])?, digits(&ahead[2..])?),
        5 if ahead[2] == b':' => (digits(&ahead[..2])?, digits(&ahead[3..])?),
        _ => return None,
    };
    clock(hours, minutes, 0).map(|ahead| sign * ahead)
}

/// Milliseconds since midnight; second 60 is the first of the next minute.
fn clock(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    valid.then(|| (hour * 60 + minute) * MINUTE + second * SECOND)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
///
/// Years begin in March, so that the leap day ends one: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013),
/// `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let most = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=most).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        TimeFormat::of(text.as_bytes())?.read(text.as_bytes())
    }

    #[test]
    fn times_of_all_formats_are_milliseconds() {
        for (text, time) in [
            ("978300760", 978_300_760_000),
            ("978300760.0", 978_300_760_000),
            ("1593878903.438", 1_593_878_903_438),
            ("1.59387890e9", 1_593_878_900_000),
            ("-1.25", -1_250),
            ("1433221332117", 1_433_221_332_117),
            ("1433221332117123", 1_433_221_332_117),
            ("1433221332117123456", 1_433_221_332_117),
            ("19700102", 86_400_000),
            ("20240229000001", 1_709_164_801_000),
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400_000),
            ("1969-12-31 23:59:59", -1_000),
            ("2019-10-01 00:00:00 UTC", 1_569_888_000_000),
            ("2019-10-01T00:00:00Z", 1_569_888_000_000),
            ("2019-10-01T02:00:00.250+02:00", 1_569_888_000_250),
            ("2019-09-30 19:00-0500", 1_569_888_000_000),
            ("2009/12/01 07:45:00", 1_259_653_500_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] {
            assert_eq!(read(text), Some(time), "{text}");
        }
    }

    #[test]
    fn whole_numbers_of_any_length_are_read_digit_by_digit() {
        for length in 1..=18 {
            let text = &b"987654321012345678"[..length];
            assert_eq!(digits(text), std::str::from_utf8(text).unwrap().parse().ok());
            for at in 0..length {
                for byte in [b'/', b':', 0, b' ', 0xb0, 0xff] {
                    let mut broken = text.to_vec();
                    broken[at] = byte;
                    assert_eq!(digits(&broken), None, "{broken:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "soon",
            "2019-13-01",
            "2019-02-29",
            "2019-10-01T25:00:00",
            "2019-10-01x",
            "12/1/2010 8:26",
            "nan",
            "1e30",
            "2019-10-01T00:00:00+2",
            "--1",
            "1.2.3",
            "2019-10-01T00:00:00.",
            "é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_column_of_one_format_takes_no_other() {
        assert_eq!(TimeFormat::EpochSeconds.read(b"1433221332117"), None);
        assert_eq!(TimeFormat::EpochSeconds.read(b"20240229"), Some(20_240_229_000));
        assert_eq!(TimeFormat::Iso8601.read(b"978300760"), None);
        assert_eq!(TimeFormat::CompactDate.read(b"978300760"), None);
    }
}
