//! Words as weights, and codes for "no rating".

use serde::{Deserialize, Serialize};

use super::number::rating;

/// What the words of a value column are worth: `view=1,cart=3`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weights(Vec<(String, f32)>);

impl Weights {
    /// Reads `word=number` pairs with commas between them. The last `=` of a pair counts, so a word may hold one.
    ///
    /// # Errors
    /// A sentence, when a pair has no `=`, an empty word, or no finite number, or when a word comes twice.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut weights: Vec<(String, f32)> = Vec::new();
        for pair in text.split(',') {
            let (word, number) =
                pair.rsplit_once('=').ok_or_else(|| format!("found `{pair}`, expected a pair such as `view=1`"))?;
            let (word, number) = (word.trim(), number.trim());
            let weight = rating(number.as_bytes()).map_err(|reason| format!("`{number}` of `{word}`: {reason}"))?;
            if word.is_empty() {
                return Err(format!("found `{pair}`, expected a word before the `=`"));
            }
            if weights.iter().any(|(known, _)| known == word) {
                return Err(format!("`{word}` comes twice, expected one weight"));
            }
            weights.push((word.to_owned(), weight));
        }
        Ok(Self(weights))
    }

    /// The weight of a word, which is compared byte by byte.
    #[must_use]
    pub fn of(&self, word: &[u8]) -> Option<f32> {
        self.0.iter().find(|(known, _)| known.as_bytes() == word).map(|&(_, weight)| weight)
    }

    /// The words, as they were given.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(word, _)| word.as_str())
    }
}

/// What stands for "no rating": numbers are compared as numbers (`-1` is `-1.0`), everything else byte by byte.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MissingCodes(Vec<String>);

impl MissingCodes {
    /// The codes as they stand in the file.
    #[must_use]
    pub fn new(codes: Vec<String>) -> Self {
        Self(codes)
    }

    /// Whether there is no code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a field is one of them. O(codes).
    #[must_use]
    pub fn hold(&self, field: &[u8]) -> bool {
        let number = || rating(field).ok();
        self.0.iter().any(|code| {
            let same = |code: f32| number().is_some_and(|number| number.to_bits() == code.to_bits());
            code.as_bytes() == field || rating(code.as_bytes()).is_ok_and(same)
        })
    }

    /// Whether a number is one of them. O(codes).
    #[must_use]
    pub fn hold_number(&self, number: f32) -> bool {
        self.0.iter().any(|code| rating(code.as_bytes()).is_ok_and(|code| code.to_bits() == (number + 0.0).to_bits()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_pairs() {
        let weights = Weights::parse("view=1, add=to=cart=2.5,hate=-1").unwrap();
        let of = |word: &str| weights.of(word.as_bytes());
        assert_eq!([of("view"), of("add=to=cart"), of("hate"), of("View")], [Some(1.0), Some(2.5), Some(-1.0), None]);
        for text in ["view", "view=x", "=1", "view=1,view=2", "view=nan", ""] {
            assert!(Weights::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn codes_are_compared_as_numbers_where_they_are() {
        let codes = MissingCodes::new(vec!["-1".into(), "NA".into()]);
        let held = ["-1", "-1.0", "NA", "1", "na", ""].map(|field| codes.hold(field.as_bytes()));
        assert_eq!(held, [true, true, true, false, false, false]);
        assert!(codes.hold_number(-1.0) && !codes.hold_number(1.0));
    }
}
