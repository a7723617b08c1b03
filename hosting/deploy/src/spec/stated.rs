//! Keys that only the worker knows, for code that takes them one by one.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::value::{Entry, Kind, Mapping, Meaning, Value};
use super::{SpecError, Specification, own};

/// A key that has a value.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a>(&'a Entry);

impl Mapping {
    /// The keys that have a value, in their order.
    pub fn stated(&self) -> impl Iterator<Item = Stated<'_>> {
        self.0.iter().filter(|entry| entry.value.kind != Kind::Null).map(Stated)
    }

    /// The keys for which `is_of` holds, and the others.
    #[must_use]
    pub fn split(&self, is_of: impl Fn(Stated<'_>) -> bool) -> (Self, Self) {
        let (of, others) = self.0.iter().cloned().partition(|entry| is_of(Stated(entry)));
        (Self(of), Self(others))
    }
}

impl<'a> Stated<'a> {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &'a str {
        &self.0.key
    }

    /// The value as one type.
    ///
    /// # Errors
    /// [`SpecError::Value`], with key and line.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SpecError> {
        self.0.read()
    }

    /// `true` or `false`; `None` for anything else.
    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        match self.0.value.kind {
            Kind::Scalar(_, Meaning::Flag(flag)) => Some(flag),
            _ => None,
        }
    }

    /// The texts that the value is, as they were written: one, those of a list, or `name` + `between` + `value` for each
    /// entry of a mapping.
    ///
    /// # Errors
    /// [`SpecError::Value`]: it holds lists or mappings in turn.
    pub fn texts(&self, between: char) -> Result<Vec<String>, SpecError> {
        let texts = match &self.0.value.kind {
            Kind::Sequence(values) => values.iter().map(|value| value.text().map(str::to_owned)).collect(),
            Kind::Mapping(Mapping(entries)) => {
                let pair = |Entry { key, value, .. }: &Entry| Ok(format!("{key}{between}{}", value.text()?));
                entries.iter().map(pair).collect()
            }
            _ => self.0.value.text().map(|text| vec![text.to_owned()]),
        };
        texts.map_err(|error: SpecError| error.below(self.key(), self.line()))
    }

    /// Whether the value is a mapping.
    #[must_use]
    pub fn is_mapping(&self) -> bool {
        matches!(self.0.value.kind, Kind::Mapping(_))
    }

    /// What is wrong with the value.
    #[must_use]
    pub fn refused(&self, message: impl Into<String>) -> SpecError {
        SpecError::Value { within: vec![self.key().to_owned()], line: self.line(), message: message.into() }
    }

    /// The refusal of a key that is none of `known`, nor one that every service has.
    #[must_use]
    pub fn unknown(&self, known: impl IntoIterator<Item = String>) -> SpecError {
        let known: BTreeSet<String> = known.into_iter().collect();
        let error = SpecError::Unknown {
            key: self.key().to_owned(),
            within: Vec::new(),
            line: self.0.line,
            known: known.into_iter().collect(),
        };
        error.also_known(own::KEYS)
    }

    fn line(&self) -> u64 {
        let Value { line, .. } = self.0.value;
        if line > 0 { line } else { self.0.line }
    }
}

impl Specification {
    /// Whether every service has that key.
    #[must_use]
    pub fn is_key_of_every_service(key: &str) -> bool {
        own::KEYS.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_what_was_written() {
        let text = "titan: v1\na: 007\nb: [1.10, yes, x]\nc: {view: 1, buy: 5.0}\nd: true\ne:\nf: [[1]]\n";
        let work = Specification::parse(text).unwrap().work;
        let stated: Vec<Stated<'_>> = work.stated().collect();
        let texts = |at: usize| stated[at].texts('=').unwrap();
        assert_eq!(stated.iter().map(Stated::key).collect::<Vec<_>>(), ["a", "b", "c", "d", "f"]);
        assert_eq!((texts(0), texts(1)), (vec!["007".to_owned()], ["1.10", "yes", "x"].map(str::to_owned).to_vec()));
        assert_eq!(texts(2), ["view=1", "buy=5.0"]);
        assert_eq!((stated[3].flag(), stated[0].flag(), stated[2].is_mapping()), (Some(true), None, true));
        assert!(stated[4].texts('=').unwrap_err().to_string().contains("line 7: `f`: expected a text, found a list"));
        let unknown = stated[0].unknown(["b".to_owned()]).to_string();
        assert!(unknown.starts_with("line 2: unknown key `a`") && unknown.contains("titan"), "{unknown}");
        assert_eq!(stated[0].refused("it is bad").to_string(), "line 2: `a`: it is bad");
        let (of, others) = work.split(|stated| stated.key() == "a");
        assert_eq!((of.stated().count(), others.stated().count()), (1, 4));
    }
}
