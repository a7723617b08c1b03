//! Bytes of a field as text: UTF-8 or latin-1, found out from the file itself.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use serde::{Deserialize, Serialize};

/// How bytes stand for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8; plain ASCII counts as UTF-8.
    Utf8,
    /// Latin-1 as the web means it: windows-1252, in which every byte stands for a character.
    Latin1,
}

/// Decodes the fields of one file.
///
/// Unless told the encoding, it decides at the first bytes that are not ASCII: valid UTF-8 settles on UTF-8, anything
/// else on latin-1. The decision stays for the rest of the file.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    settled: Option<Encoding>,
}

impl Decoder {
    /// A decoder of the given encoding; `None` finds out.
    #[must_use]
    pub fn new(encoding: Option<Encoding>) -> Self {
        Self { settled: encoding }
    }

    /// What the fields so far were: UTF-8 if all were ASCII.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.settled.unwrap_or(Encoding::Utf8)
    }

    /// Settles, if still open, on what a sample from the start of the file shows; the sample may end within a character.
    pub(super) fn look_at(&mut self, sample: &[u8]) {
        if self.settled.is_some() || sample.is_ascii() {
            return;
        }
        self.settled = match std::str::from_utf8(sample) {
            Ok(_) => Some(Encoding::Utf8),
            Err(error) if error.error_len().is_some() => Some(Encoding::Latin1),
            Err(error) if sample[..error.valid_up_to()].is_ascii() => None,
            Err(_) => Some(Encoding::Utf8),
        };
    }

    /// The text of a field; `None` when it is not UTF-8 in a file that is.
    pub fn text<'a>(&mut self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        if let Ok(text) = std::str::from_utf8(bytes)
            && (bytes.is_ascii() || self.settled != Some(Encoding::Latin1))
        {
            if !bytes.is_ascii() {
                self.settled = Some(Encoding::Utf8);
            }
            return Some(Cow::Borrowed(text));
        }
        if self.settled == Some(Encoding::Utf8) {
            return None;
        }
        self.settled = Some(Encoding::Latin1);
        Some(WINDOWS_1252.decode_without_bom_handling(bytes).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_beyond_ascii_decide() {
        let mut decoder = Decoder::new(None);
        assert_eq!(decoder.text(b"abc").unwrap(), "abc");
        assert_eq!(decoder.text(b"Mis\xe9rables").unwrap(), "Misérables");
        assert_eq!(decoder.encoding(), Encoding::Latin1);
        assert_eq!(decoder.text("é".as_bytes()).unwrap(), "Ã©");

        let mut decoder = Decoder::new(None);
        assert_eq!(decoder.text("日本".as_bytes()).unwrap(), "日本");
        assert_eq!(decoder.text(b"Mis\xe9rables"), None);
    }

    #[test]
    fn a_sample_that_ends_within_a_character_does_not_mislead() {
        let mut decoder = Decoder::new(None);
        decoder.look_at(&"ab日".as_bytes()[..3]);
        assert_eq!(decoder.text("é".as_bytes()).unwrap(), "é");
        let mut decoder = Decoder::new(None);
        decoder.look_at(b"ab\xe9cd");
        assert_eq!(decoder.encoding(), Encoding::Latin1);
    }
}
