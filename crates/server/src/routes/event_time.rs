//! When an event happened: a text, or a number whose size tells its unit.

use std::fmt;

use foretaste::interactions::time_of_text;
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Numbers below it are seconds since 1970, up to the year 5138.
const SECONDS: f64 = 1e11;
/// Numbers from there to here are milliseconds since 1970.
const MILLISECONDS: f64 = 1e14;

/// Milliseconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub(super) i64);

impl Time {
    fn of_number(number: f64) -> Option<Self> {
        let millis = match number {
            seconds if (0.0..SECONDS).contains(&seconds) => seconds * 1000.0,
            millis if (SECONDS..MILLISECONDS).contains(&millis) => millis,
            _ => return None,
        };
        #[allow(clippy::cast_possible_truncation, reason = "below 1e14")]
        Some(Self(millis.floor() as i64))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time as RFC 3339, or seconds or milliseconds since 1970")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
        let found = time_of_text(text).map(Time);
        found.ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Time, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Time, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Time, E> {
        Time::of_number(number).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_seconds_or_milliseconds_by_its_size() {
        let of = |text: &str| serde_json::from_str::<Time>(text).ok().map(|Time(time)| time);
        assert_eq!(of("1700000000"), Some(1_700_000_000_000));
        assert_eq!(of("1700000000.5"), Some(1_700_000_000_500));
        assert_eq!(of("1700000000123"), Some(1_700_000_000_123));
        assert_eq!(of("\"2023-11-14T22:13:20Z\""), Some(1_700_000_000_000));
        assert_eq!(of("\"2023-11-15T00:13:20.5+02:00\""), Some(1_700_000_000_500));
        for wrong in ["-1", "1700000000123456", "\"yesterday\"", "\"\"", "\"1700000000\"", "null", "[]", "true"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
