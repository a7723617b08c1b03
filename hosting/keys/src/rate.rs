//! How many requests a key may make in a time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::KeyError;

/// Requests that are allowed in a second, a minute or an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub requests: u32,
    /// Seconds in which they are allowed.
    pub seconds: u32,
}

/// Units, each with other spellings of it.
const UNITS: [(u32, &[&str]); 3] =
    [(1, &["s", "sec", "second"]), (60, &["min", "m", "minute"]), (3600, &["h", "hour"])];
const MOST: u32 = 1_000_000;

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(seconds, _)| *seconds == self.seconds).map_or("s", |(_, names)| names[0]);
        write!(f, "{}/{unit}", self.requests)
    }
}

impl FromStr for Rate {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let refused = || KeyError::Rate { found: text.to_owned() };
        let (requests, unit) = text.split_once('/').ok_or_else(refused)?;
        let requests = requests.trim().parse().ok().filter(|requests| (1..=MOST).contains(requests));
        let unit = unit.trim();
        let seconds = UNITS.iter().find(|(_, names)| names.contains(&unit)).map(|(seconds, _)| *seconds);
        Ok(Self { requests: requests.ok_or_else(refused)?, seconds: seconds.ok_or_else(refused)? })
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        for (text, requests, seconds, shown) in [
            ("100/s", 100, 1, "100/s"),
            ("600/min", 600, 60, "600/min"),
            ("5 / hour", 5, 3600, "5/h"),
            ("1000000/m", 1_000_000, 60, "1000000/min"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate, rate.to_string()), (Rate { requests, seconds }, shown.to_owned()));
        }
        for text in ["", "5", "0/s", "-1/s", "1000001/s", "5/d", "x/s", "5/", "1.5/s"] {
            assert_eq!(text.parse::<Rate>(), Err(KeyError::Rate { found: text.to_owned() }));
        }
    }
}
