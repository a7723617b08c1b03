//! What is kept of a key.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{KeyError, KeyHash, Rate, Role};

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Whom it is for. Two keys may have one name, while one takes over from the other.
    pub name: String,
    /// What it lets its holder do.
    pub role: Role,
    /// The hash of the key itself.
    pub hash: KeyHash,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// How many requests all keys of its name may make together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

impl Key {
    /// Whether it has ended at that time.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// The short name that sets it apart from others of its name.
    #[must_use]
    pub fn id(&self) -> String {
        self.hash.id()
    }
}

/// The time when a key is to end: a span from `now` on, as `90d`, or a date or time, as `2027-01-31`, which begins at midnight UTC.
///
/// # Errors
/// [`KeyError::End`]
pub(crate) fn end(text: &str, now: Timestamp) -> Result<Timestamp, KeyError> {
    let refused = |why: &str| KeyError::End { found: text.to_owned(), why: why.to_owned() };
    let at = Timestamp::from_str(text).ok().or_else(|| {
        let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
        Some(date.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
    });
    let at = match at {
        Some(at) => at,
        None => {
            let span: Span = text.parse().map_err(|_| refused("it is neither a time nor a span"))?;
            let later = now.to_zoned_datetime(TimeZone::UTC).checked_add(span);
            later.map_err(|_| refused("it is too far away"))?.timestamp()
        }
    };
    if at <= now {
        return Err(refused("it has passed"));
    }
    Ok(at)
}

/// Whether a key can have that name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_time_to_come_or_a_span() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (text, at) in [
            ("90d", "2027-02-26T12:00:00Z"),
            ("12h", "2026-11-29T00:00:00Z"),
            ("1 year", "2027-11-28T12:00:00Z"),
            ("2 weeks", "2026-12-12T12:00:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31T08:00:00+02:00", "2027-01-31T06:00:00Z"),
        ] {
            assert_eq!(end(text, now).map(|at| at.to_string()), Ok(at.to_owned()), "{text}");
        }
        for text in ["", "soon", "90", "2026-11-28", "2026-11-01", "-5d", "0s", "2027-13-01", "99999y"] {
            assert!(matches!(end(text, now), Err(KeyError::End { .. })), "{text}");
        }
    }

    #[test]
    fn a_name_stands_on_one_line_of_any_log() {
        for name in ["a", "shop.example", "Team_2-read", &"x".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", " ", "a b", "a\n", "é", "a/b", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
