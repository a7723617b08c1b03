//! What can be wrong with a specification.

use std::fmt;

use serde::de;

use super::QuantityError;

/// Why a text is no specification.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// Not YAML.
    #[error("the specification cannot be read: {0}")]
    Yaml(String),
    /// Neither `titan` nor `foretaste`, or another version.
    #[error("the specification states {found}, expected `titan: v1` or `foretaste: v1`")]
    Version {
        /// What it says.
        found: String,
    },
    /// A key that stands in two places.
    #[error("{}`{key}` is stated twice", At(*.line))]
    Twice {
        /// The key.
        key: String,
        /// Where it stands the second time, counted from 1; 0 where that is not known.
        line: u64,
    },
    /// A key that nothing here knows.
    #[error("{}unknown key `{}`{}, expected one of {}", At(*.line), path(.within, .key), Near(.key, .known), .known.join(", "))]
    Unknown {
        /// The key.
        key: String,
        /// The keys that it stands below, outermost first.
        within: Vec<String>,
        /// Where it stands, counted from 1; 0 where that is not known.
        line: u64,
        /// The keys that are known there.
        known: Vec<String>,
    },
    /// A value that is not what its key takes.
    #[error("{}{}{message}", At(*.line), Path(.within))]
    Value {
        /// The key and those that it stands below, outermost first.
        within: Vec<String>,
        /// Where the value stands, counted from 1; 0 where that is not known.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A number of CPUs or an amount of memory that is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A number that is out of range.
    #[error("`{key}` is {found}, expected {least} to {most}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it is.
        found: u64,
        /// The smallest allowed.
        least: u64,
        /// The largest allowed.
        most: u64,
    },
    /// A name that cannot be a folder's or a host's.
    #[error("`name` is `{found}`, expected 1 to 40 lower-case letters, digits and dashes, a letter first")]
    Name {
        /// What it is.
        found: String,
    },
}

impl SpecError {
    /// The same error, of what stands below a key; the innermost line is kept.
    pub(super) fn below(mut self, key: &str, at: u64) -> Self {
        if let Self::Unknown { within, line, .. } | Self::Value { within, line, .. } = &mut self {
            within.insert(0, key.to_owned());
            if *line == 0 {
                *line = at;
            }
        }
        self
    }

    /// The same error, on a line where none is named.
    pub(super) fn on(mut self, at: u64) -> Self {
        if let Self::Unknown { line, .. } | Self::Value { line, .. } = &mut self
            && *line == 0
        {
            *line = at;
        }
        self
    }

    /// The same error, which knows of further keys that can stand at the top.
    pub(super) fn also_known(mut self, keys: &[&str]) -> Self {
        if let Self::Unknown { within, known, .. } = &mut self
            && within.is_empty()
        {
            known.splice(0..0, keys.iter().map(|&key| key.to_owned()));
        }
        self
    }
}

impl de::Error for SpecError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Value { within: Vec::new(), line: 0, message: message.to_string() }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = expected.iter().map(|&key| key.to_owned()).collect();
        Self::Unknown { key: field.to_owned(), within: Vec::new(), line: 0, known }
    }
}

/// `line 3: `, or nothing where the line is not known.
struct At(u64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, "line {}: ", self.0) }
    }
}

/// The key that a value belongs to, with those above it.
struct Path<'a>(&'a [String]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "`{}`: ", self.0.join(".")) }
    }
}

fn path(within: &[String], key: &str) -> String {
    within.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".")
}

/// The known key that was most likely meant, if one is near.
struct Near<'a>(&'a str, &'a [String]);

impl fmt::Display for Near<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Names less alike than this are others, by the measure and bound that clap uses for its flags.
        const ALIKE: f64 = 0.7;
        let likeness = |known: &String| strsim::jaro(self.0, known);
        let nearest = self.1.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        match nearest.filter(|known| likeness(known) > ALIKE) {
            Some(known) => write!(f, " (did you mean `{known}`?)"),
            None => Ok(()),
        }
    }
}
