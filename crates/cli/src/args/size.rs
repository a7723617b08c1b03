//! Amounts of bytes on the command line.

use anyhow::{Result, anyhow};

/// Units and what they stand for.
const UNITS: [(&str, u64); 6] =
    [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];
/// What a bound of a request or a reply may be.
#[cfg(feature = "notebooks")]
const LEAST: u64 = 1 << 10;
#[cfg(feature = "notebooks")]
const MOST: u64 = 1 << 30;

/// A size: `100MB`, `16MiB`, or a number of bytes.
#[cfg(feature = "notebooks")]
pub(crate) fn size(text: &str) -> Result<u64> {
    let allowed = "1KiB to 1GiB, such as 100MB, 16MiB or a number of bytes";
    let found = bytes(text).filter(|bytes| (LEAST..=MOST).contains(bytes));
    found.ok_or_else(|| anyhow!("`{text}` is no size, allowed are {allowed}"))
}

/// An amount of memory: `500MB`, `4GiB`, or a number of bytes.
pub(crate) fn amount(text: &str) -> Result<u64> {
    let allowed = "1MiB to 1048576GiB, such as 500MB, 4GiB or a number of bytes";
    let found = bytes(text).filter(|bytes| (1 << 20..=1 << 50).contains(bytes));
    found.ok_or_else(|| anyhow!("`{text}` is no amount of memory, allowed are {allowed}"))
}

/// A number of bytes, perhaps with a unit.
fn bytes(text: &str) -> Option<u64> {
    let trimmed = text.trim();
    let unit = UNITS.iter().find_map(|(unit, factor)| {
        let at = trimmed.len().checked_sub(unit.len())?;
        let (number, end) = (trimmed.get(..at)?, trimmed.get(at..)?);
        end.eq_ignore_ascii_case(unit).then_some((number, *factor))
    });
    match unit {
        None => trimmed.parse::<u64>().ok(),
        Some((number, factor)) => {
            let number: f64 = number.trim().parse().ok()?;
            // The conversion goes to the nearest number there is, which no range allows.
            Some((number * factor as f64).round() as u64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_of_memory_is_a_number_of_bytes_or_has_a_unit() {
        for (text, bytes) in
            [("500MB", 500_000_000), ("4GiB", 4 << 30), ("1048576", 1 << 20), ("1.5 gb", 1_500_000_000)]
        {
            assert_eq!(amount(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "MB", "-1MB", "1023KiB", "nanMB", "infMB", "2e9GiB", "much"] {
            let error = amount(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no amount of memory, allowed are 1MiB")), "{error}");
        }
    }

    #[cfg(feature = "notebooks")]
    #[test]
    fn a_size_is_a_number_of_bytes_or_has_a_unit() {
        for (text, bytes) in [
            ("100MB", 100_000_000),
            ("16MiB", 16 << 20),
            ("1.5 mb", 1_500_000),
            ("1024", 1024),
            ("1GiB", 1 << 30),
            ("2kb", 2000),
        ] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "MB", "-1MB", "1023", "2GiB", "nanMB", "infMB", "1TB", "100 M", "é"] {
            let error = size(text).unwrap_err().to_string();
            assert!(
                error.ends_with("is no size, allowed are 1KiB to 1GiB, such as 100MB, 16MiB or a number of bytes"),
                "{error}"
            );
        }
    }
}
