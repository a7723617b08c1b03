//! CPUs and bytes, with their units.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The least of a CPU that a service can be given: below it the kernel's accounting periods are too coarse.
const LEAST_CPU: f64 = 0.05;
/// The most: no machine has more.
const MOST_CPU: f64 = 4096.0;
/// The least memory that anything here starts in.
const LEAST_MEMORY: u64 = 16_000_000;
/// Units, the longer name first where one ends in another. A letter alone counts in 1,024s, as Docker, systemd and Java
/// have it.
const UNITS: [(&str, u64); 20] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("K", 1 << 10),
    ("M", 1 << 20),
    ("G", 1 << 30),
    ("T", 1 << 40),
    ("bytes", 1),
    ("byte", 1),
    ("B", 1),
    ("", 1),
];
/// Numbers that people write before a small `m` for MiB are multiples of this; before any other it may be thousandths.
const PLAIN_MIB: f64 = 64.0;

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantityError {
    /// Not a number of CPUs, or one that cannot be given.
    #[error("cpu is `{found}`, expected a number from {LEAST_CPU} to {MOST_CPU}, such as 2, 0.5 or 500m")]
    Cpu {
        /// What stands there.
        found: String,
    },
    /// Not a number with a unit.
    #[error(
        "memory is `{found}`, expected a number and a unit: KB, MB, GB, TB of 1,000s, or KiB, MiB, GiB, TiB (in short K, M, G, T) of 1,024s"
    )]
    Memory {
        /// What stands there.
        found: String,
    },
    /// Could be MiB, or thousandths of a byte.
    #[error("memory is `{found}`, where m may mean thousandths, as it does for cpu; {number}M or {number}MB is clear")]
    Thousandths {
        /// What stands there.
        found: String,
        /// Its number.
        number: f64,
    },
    /// Less than anything can run in.
    #[error("memory is {found} bytes, expected at least {LEAST_MEMORY}")]
    TooLittleMemory {
        /// What is stated.
        found: u64,
    },
}

/// A number of CPUs, whole or not: time on as many, at any moment.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Cpu(f64);

impl Cpu {
    /// CPUs.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Threads that can be busy at once: the number rounded up.
    #[must_use]
    pub fn threads(self) -> usize {
        self.0.ceil() as usize
    }
}

impl Default for Cpu {
    /// One.
    fn default() -> Self {
        Self(1.0)
    }
}

impl FromStr for Cpu {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let refused = || QuantityError::Cpu { found: text.to_owned() };
        let text = text.trim();
        let number: f64 = match text.strip_suffix('m') {
            Some(thousandths) => thousandths.parse::<f64>().map(|number| number / 1000.0),
            None => text.parse(),
        }
        .map_err(|_| refused())?;
        if (LEAST_CPU..=MOST_CPU).contains(&number) { Ok(Self(number)) } else { Err(refused()) }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(to)
    }
}

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Memory(u64);

impl Memory {
    /// Bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Default for Memory {
    /// 1,024 MB, what the tutorial gives its service.
    fn default() -> Self {
        Self(1_024_000_000)
    }
}

impl FromStr for Memory {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let refused = || QuantityError::Memory { found: text.to_owned() };
        let trimmed = text.trim();
        let (unit, factor) = UNITS
            .iter()
            .find(|(unit, _)| {
                trimmed.len() >= unit.len()
                    && trimmed.is_char_boundary(trimmed.len() - unit.len())
                    && trimmed[trimmed.len() - unit.len()..].eq_ignore_ascii_case(unit)
            })
            .ok_or_else(refused)?;
        let number: f64 = trimmed[..trimmed.len() - unit.len()].trim().parse().map_err(|_| refused())?;
        if trimmed.ends_with('m') && number % PLAIN_MIB != 0.0 {
            return Err(QuantityError::Thousandths { found: text.to_owned(), number });
        }
        let bytes = number * *factor as f64;
        if !(0.0..9.0e15).contains(&bytes) {
            return Err(refused());
        }
        let found = bytes.round() as u64;
        if found < LEAST_MEMORY { Err(QuantityError::TooLittleMemory { found }) } else { Ok(Self(found)) }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |unit: u64| self.0.is_multiple_of(unit);
        match self.0 {
            _ if exact(1 << 30) => write!(to, "{} GiB", self.0 >> 30),
            _ if exact(1_000_000) => write!(to, "{} MB", self.0 / 1_000_000),
            _ if exact(1 << 20) => write!(to, "{} MiB", self.0 >> 20),
            bytes => write!(to, "{bytes} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_thousands_and_in_powers_of_two() {
        for (text, bytes) in [
            ("1024MB", 1_024_000_000),
            ("256 MiB", 256 << 20),
            ("2gb", 2_000_000_000),
            ("1.5GiB", 3 << 29),
            ("512Mi", 512 << 20),
            ("512M", 512 << 20),
            ("512m", 512 << 20),
            ("1g", 1 << 30),
            ("1.5G", 3 << 29),
            ("536870912", 512 << 20),
            ("100000 KB", 100_000_000),
            ("20000000 bytes", 20_000_000),
        ] {
            assert_eq!(text.parse::<Memory>().map(Memory::bytes), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_of_memory_is_named() {
        for text in ["MB", "-5MB", "5x", "m", "k", "lots", "", "1e30GB", "NaNMB", "5 €"] {
            assert_eq!(text.parse::<Memory>(), Err(QuantityError::Memory { found: text.to_owned() }), "{text}");
        }
        assert_eq!("1024".parse::<Memory>(), Err(QuantityError::TooLittleMemory { found: 1024 }));
        let found = "500m".to_owned();
        assert_eq!(found.parse::<Memory>(), Err(QuantityError::Thousandths { found, number: 500.0 }));
        assert_eq!("15MB".parse::<Memory>(), Err(QuantityError::TooLittleMemory { found: 15_000_000 }));
    }

    #[test]
    fn cpus_may_be_fractions_and_threads_are_whole() {
        for (text, threads) in [("2", 2), ("0.5", 1), ("1.2", 2), ("500m", 1), ("1500m", 2)] {
            assert_eq!(text.parse::<Cpu>().map(Cpu::threads), Ok(threads));
        }
        for text in ["0", "-1", "two", "NaN", "inf", "1e9", "m", "500M", "40m"] {
            assert!(text.parse::<Cpu>().is_err(), "{text}");
        }
    }
}
