//! The key itself, and its hash.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::KeyError;

/// Random bytes of a key: 160 bits.
const BYTES: usize = 20;
/// What a key begins with, so that programs which look for published secrets find it.
const PREFIX: &str = "ftk_";
/// Five bits each: Crockford's base 32, without letters that are taken for digits.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Sets these hashes apart from all others.
const CONTEXT: &str = "foretaste 2026-11-28 hash of a key that lets a client in";

/// A key, as its holder sends it. It is never kept, and not printed by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one, of the system's random bits.
    ///
    /// # Errors
    /// [`KeyError::Random`]
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| KeyError::Random { reason: error.to_string() })?;
        Ok(Self(format!("{PREFIX}{}", base_32(&bytes))))
    }

    /// The text that its holder sends.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", &self.hash().id())
    }
}

/// What is kept of a key. One round of a fast hash is enough: what it hides has 160 random bits (BLAKE3: Jack O'Connor, Jean-Philippe
/// Aumasson, Samuel Neves, Zooko Wilcox-O'Hearn, 2020, mode `derive_key`). Two are compared in constant time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHash(blake3::Hash);

impl KeyHash {
    /// The hash of what a client sent.
    #[must_use]
    pub fn of(sent: &[u8]) -> Self {
        Self(blake3::Hasher::new_derive_key(CONTEXT).update(sent).finalize())
    }

    /// A short name of the key, which tells nothing about it.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.to_hex().chars().take(8).collect()
    }
}

impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let hash = blake3::Hash::from_hex(&found).map_err(|_| de::Error::custom(KeyError::Hash { found }))?;
        Ok(Self(hash))
    }
}

fn base_32(bytes: &[u8; BYTES]) -> String {
    let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
    let digit = |nth: usize| (0..5).fold(0, |value, offset| value << 1 | bit(5 * nth + offset));
    (0..BYTES * 8 / 5).map(|nth| char::from(DIGITS[digit(nth)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_160_bits_in_32_digits() {
        assert_eq!(base_32(&[0; BYTES]), "0".repeat(32));
        assert_eq!(base_32(&[0xff; BYTES]), "z".repeat(32));
        let mut bytes = [0; BYTES];
        (bytes[0], bytes[19]) = (0b0000_1001, 1);
        assert_eq!(base_32(&bytes), format!("14{}1", "0".repeat(29)));
    }

    #[test]
    fn two_keys_differ_and_are_not_printed() {
        let (a, b) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(a.hash(), b.hash());
        assert!(a.reveal().starts_with("ftk_") && a.reveal().len() == 36, "{}", a.reveal());
        assert_eq!(KeyHash::of(a.reveal().as_bytes()), a.hash());
        assert!(!format!("{a:?}").contains(a.reveal()) && format!("{a:?}").contains(&a.hash().id()));
        assert_ne!(KeyHash::of(b"").0, blake3::hash(b""), "hashes of other things are no hashes of keys");
    }
}
