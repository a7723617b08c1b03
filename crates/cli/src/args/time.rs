//! Spans of time, as they are typed.

use std::time::Duration;

use anyhow::{Result, anyhow};

/// A span: `20ms`, `1.5s`, `10min`, `6h`, or a number of seconds.
pub(crate) fn time(text: &str) -> Result<Duration> {
    let allowed = || anyhow!("`{text}` is no time, allowed are 0.001 to 86400 seconds, such as 20ms, 1.5s, 6h or 30");
    let units = [("ms", 1e-3), ("min", 60.0), ("h", 3600.0), ("s", 1.0)];
    let found = units.iter().find_map(|&(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (number, unit) = found.unwrap_or((text, 1.0));
    let seconds = number.trim_end().parse::<f64>().map_err(|_| allowed())? * unit;
    if (0.001..=86400.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(allowed()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_of_seconds_or_has_a_unit() {
        for (text, milliseconds) in [
            ("20ms", 20),
            ("1.5s", 1500),
            ("30", 30_000),
            ("0.001", 1),
            ("86400s", 86_400_000),
            ("7 ms", 7),
            ("10min", 600_000),
            ("24h", 86_400_000),
        ] {
            assert_eq!(time(text).unwrap(), Duration::from_millis(milliseconds), "{text}");
        }
        for text in ["", "ms", "s", "0", "-1", "1m", "nan", "inf", "86401", "1441min", "25h", "0.5ms", "1e9s"] {
            assert!(time(text).unwrap_err().to_string().starts_with(&format!("`{text}` is no time")), "{text}");
        }
    }
}
