//! Points in time: RFC 3339 text to milliseconds since 1970 in UTC, and back.

use std::fmt::Write as _;

const DAY: i64 = 86_400_000;
/// 0000-01-01 and the end of 9999-12-31: what four digits of a year can say.
pub(super) const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// Reads a date (midnight in UTC) or a date and a time of day, with `T`, `t` or a space between them, as RFC 3339 has
/// them; without an offset it is UTC. Digits beyond the millisecond are dropped.
pub(super) fn parse(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let date = (number(bytes.get(0..4)?)?, number(bytes.get(5..7)?)?, number(bytes.get(8..10)?)?);
    let (year, month, day) = date;
    if bytes[4] != b'-'
        || bytes[7] != b'-'
        || !(1..=12).contains(&month)
        || !(1..=month_days(year, month)).contains(&day)
    {
        return None;
    }
    let midnight = days(year, month, day) * DAY;
    let time = match bytes.get(10..)? {
        [] => return Some(midnight),
        [b'T' | b't' | b' ', time @ ..] => time,
        _ => return None,
    };
    let (clock, mut rest) = time.split_at_checked(8)?;
    let (hour, minute, second) = (number(&clock[0..2])?, number(&clock[3..5])?, number(&clock[6..8])?);
    // A leap second is the last millisecond of its minute.
    if clock[2] != b':' || clock[5] != b':' || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut millis = 0;
    if let [b'.' | b',', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let kept = &fraction[..digits.min(3)];
        millis = number(kept)? * [1000, 100, 10, 1][kept.len()];
        rest = &fraction[digits..];
    }
    let offset = offset(rest)?;
    let (second, millis) = if second == 60 { (59, 999) } else { (second, millis) };
    let at = midnight + ((hour * 60 + minute - offset) * 60 + second) * 1000 + millis;
    RANGE.contains(&at).then_some(at)
}

/// RFC 3339 in UTC, with milliseconds where there are any.
pub(super) fn format(millis: i64) -> String {
    let (mut day, rest) = (millis.div_euclid(DAY) + 719_468, millis.rem_euclid(DAY));
    // Howard Hinnant, "chrono-compatible low-level date algorithms" (2014): eras of 400 years that start on 1 March.
    let era = day.div_euclid(146_097);
    day -= era * 146_097;
    let of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if rest % 1000 != 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, ".{:03}", rest % 1000);
    }
    text.push('Z');
    text
}

/// Minutes east of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] | [sign @ (b'+' | b'-'), a, b, c, d] => (sign, [*a, *b], [*c, *d]),
        _ => return None,
    };
    let (hours, minutes) = (number(&hours)?, number(&minutes)?);
    let offset = hours * 60 + minutes;
    (hours <= 23 && minutes <= 59).then_some(if *sign == b'-' { -offset } else { offset })
}

fn number(digits: &[u8]) -> Option<i64> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| digits.iter().fold(0, |so_far, digit| 10 * so_far + i64::from(digit - b'0')))
}

fn month_days(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 (Hinnant, as above).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let of_era = year - era * 400;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_read_and_written() {
        for (text, millis, written) in [
            ("1970-01-01", 0, "1970-01-01T00:00:00Z"),
            ("2000-02-29T12:34:56Z", 951_827_696_000, "2000-02-29T12:34:56Z"),
            ("2024-12-31 23:59:59.9999+01:00", 1_735_685_999_999, "2024-12-31T22:59:59.999Z"),
            ("1969-12-31t23:59:59.5z", -500, "1969-12-31T23:59:59.500Z"),
            ("2016-12-31T23:59:60Z", 1_483_228_799_999, "2016-12-31T23:59:59.999Z"),
            ("2020-01-01T00:00:00-0530", 1_577_856_600_000, "2020-01-01T05:30:00Z"),
        ] {
            assert_eq!(parse(text), Some(millis), "{text}");
            assert_eq!(format(millis), written);
        }
        for text in [
            "",
            "1970",
            "1970-13-01",
            "1970-02-29",
            "1970-01-01T",
            "1970-01-01T24:00:00Z",
            "1970-01-01X00:00:00Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00+1",
            "1970-1-1",
            "01-Jan-1995",
            "１９７０-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_comes_back() {
        let mut day = *RANGE.start();
        while day <= *RANGE.end() {
            assert_eq!(parse(&format(day + 1)), Some(day + 1));
            day += 17 * DAY;
        }
        assert_eq!(
            (format(*RANGE.start()).as_str(), parse("9999-12-31T23:59:59.999Z")),
            ("0000-01-01T00:00:00Z", Some(*RANGE.end()))
        );
    }
}
