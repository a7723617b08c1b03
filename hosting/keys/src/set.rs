//! All keys that there are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::key::{self, Key};
use crate::{KeyError, KeyHash, KeyStore, Rate, Role, Secret};

/// Keys that one name may have at a time: the one in use, and the one that takes over.
pub const MOST_A_NAME: usize = 2;

/// Keys, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    keys: Vec<Key>,
}

impl Keys {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Makes a key, and gives it away. It ends at `expires`, a time or a span. Keys of that name that have ended make room.
    ///
    /// # Errors
    /// [`KeyError`]; then nothing has changed.
    pub fn add(
        &mut self,
        name: &str,
        role: Role,
        expires: Option<&str>,
        rate: Option<Rate>,
        now: Timestamp,
    ) -> Result<(Secret, Key), KeyError> {
        if !key::is_name(name) {
            return Err(KeyError::Name { found: name.to_owned() });
        }
        let expires = expires.map(|text| key::end(text, now)).transpose()?;
        let others: Vec<&Key> = self.iter().filter(|key| key.name == name && !key.has_ended(now)).collect();
        if let Some(other) = others.iter().find(|other| other.role != role) {
            return Err(KeyError::OtherRole { name: name.to_owned(), found: other.role, asked: role });
        }
        if others.len() >= MOST_A_NAME {
            return Err(KeyError::TooMany { name: name.to_owned(), ids: others.iter().map(|key| key.id()).collect() });
        }
        let secret = Secret::generate()?;
        let key = Key { name: name.to_owned(), role, hash: secret.hash(), created: now, expires, rate };
        self.keys.retain(|key| key.name != name || !key.has_ended(now));
        self.keys.push(key.clone());
        Ok((secret, key))
    }

    /// Takes away the key of that name and id, or all keys of that name; gives back what was taken.
    ///
    /// # Errors
    /// [`KeyError::Unknown`], [`KeyError::UnknownId`]
    pub fn revoke(&mut self, name: &str, id: Option<&str>) -> Result<Vec<Key>, KeyError> {
        let of_name = |key: &Key| key.name == name;
        let ids: Vec<String> = self.keys.iter().filter(|key| of_name(key)).map(|key| key.id()).collect();
        if ids.is_empty() {
            let mut names: Vec<String> = self.iter().map(|key| key.name.clone()).collect();
            names.dedup();
            return Err(KeyError::Unknown { name: name.to_owned(), names });
        }
        if let Some(id) = id.filter(|id| !ids.iter().any(|known| known == id)) {
            return Err(KeyError::UnknownId { name: name.to_owned(), id: id.to_owned(), ids });
        }
        let goes = |key: &mut Key| of_name(key) && id.is_none_or(|id| key.id() == id);
        Ok(self.keys.extract_if(.., goes).collect())
    }
}

impl KeyStore for Keys {
    fn find(&self, hash: &KeyHash) -> Option<Key> {
        // Every key is compared, in constant time each: how long it takes tells nothing of what is there.
        self.keys.iter().fold(None, |found, key| if key.hash == *hash { Some(key) } else { found }).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_has_two_keys_while_one_takes_over_from_the_other() {
        let (mut keys, now) = (Keys::default(), at("2026-11-28T12:00:00Z"));
        let (old, kept) = keys.add("shop", Role::Read, Some("1h"), None, now).unwrap();
        let (new, _) = keys.add("shop", Role::Read, None, None, now).unwrap();
        assert_eq!(keys.find(&old.hash()), Some(kept));
        assert!(keys.find(&new.hash()).is_some() && keys.find(&KeyHash::of(b"ftk_")).is_none());
        let before = keys.clone();
        let ids = vec![old.hash().id(), new.hash().id()];
        let third = keys.add("shop", Role::Read, None, None, now).map(drop);
        assert_eq!(third, Err(KeyError::TooMany { name: "shop".to_owned(), ids }));
        let other = keys.add("shop", Role::Admin, None, None, now).map(drop);
        assert!(matches!(other, Err(KeyError::OtherRole { .. })));
        assert_eq!(keys, before, "a refusal changes nothing");
        let later = at("2026-11-28T13:00:00Z");
        keys.add("shop", Role::Read, None, None, later).unwrap();
        assert!(keys.find(&old.hash()).is_none(), "what has ended makes room");
    }

    #[test]
    fn one_key_or_all_of_a_name_are_revoked() {
        let (mut keys, now) = (Keys::default(), at("2026-11-28T12:00:00Z"));
        let (a, _) = keys.add("shop", Role::Read, None, None, now).unwrap();
        let (b, _) = keys.add("shop", Role::Read, None, None, now).unwrap();
        let (c, _) = keys.add("team", Role::Admin, None, None, now).unwrap();
        assert!(matches!(keys.revoke("shop", Some("00000000")), Err(KeyError::UnknownId { .. })));
        assert_eq!(keys.revoke("shop", Some(&a.hash().id())).unwrap().len(), 1);
        assert!(keys.find(&a.hash()).is_none() && keys.find(&b.hash()).is_some());
        assert_eq!(keys.revoke("shop", None).unwrap().len(), 1);
        let names = vec!["team".to_owned()];
        assert_eq!(keys.revoke("shop", None), Err(KeyError::Unknown { name: "shop".to_owned(), names }));
        assert!(keys.find(&c.hash()).is_some());
    }

    #[test]
    fn what_no_key_can_be_is_refused() {
        let (mut keys, now) = (Keys::default(), at("2026-11-28T12:00:00Z"));
        assert!(matches!(keys.add("a b", Role::Read, None, None, now), Err(KeyError::Name { .. })));
        assert!(matches!(keys.add("a", Role::Read, Some("soon"), None, now), Err(KeyError::End { .. })));
        assert!(keys.is_empty());
    }
}
