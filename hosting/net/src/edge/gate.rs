//! Who may come in: the key that a request brings, the role that it needs, the rate that is left to it.

use std::sync::Arc;

use foretaste_keys::{Key, KeyHash, KeyStore, Role};
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName};
use jiff::Timestamp;

use super::buckets::{Buckets, Quota};
use super::{Needs, Refusal};

/// The other header that a key may come in; `Authorization: Bearer` is the first (RFC 6750, section 2.1).
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What is wrong with the key of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// There is none.
    #[error("a key is needed, in the header `authorization: Bearer KEY` or `x-api-key: KEY`")]
    Missing,
    /// There is more than one.
    #[error("the request brings more than one key")]
    Several,
    /// Nobody has it.
    #[error("the key is not known; it was mistyped, or has been revoked")]
    Unknown,
    /// It was valid once.
    #[error("the key of `{name}` has ended at {at}")]
    Ended {
        /// Whose key it was.
        name: String,
        /// Its end.
        at: Timestamp,
    },
}

/// Lets requests in that bring a key.
#[derive(Debug)]
pub(super) struct Gate {
    keys: Arc<dyn KeyStore>,
    /// Whether the figures are for all.
    open_metrics: bool,
    buckets: Buckets,
}

/// A request that was let in.
#[derive(Debug)]
pub(super) struct Caller {
    /// The name of its key.
    pub(super) name: String,
    /// What is left to it, where its key has a rate.
    pub(super) quota: Option<Quota>,
}

impl Gate {
    pub(super) fn new(keys: Arc<dyn KeyStore>, open_metrics: bool) -> Self {
        Self { keys, open_metrics, buckets: Buckets::default() }
    }

    /// The role that a request needs.
    pub(super) fn needed(&self, needs: Needs) -> Option<Role> {
        match needs {
            Needs::Nothing => None,
            Needs::Figures => Some(Role::Read).filter(|_| !self.open_metrics),
            Needs::Role(role) => Some(role),
        }
    }

    /// Lets a request in that needs `needed`.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn admit(&self, headers: &HeaderMap, needed: Role) -> Result<Caller, Refusal> {
        let key = presented(headers)?.and_then(|sent| self.keys.find(&KeyHash::of(sent))).ok_or(KeyFault::Unknown)?;
        let has_ended = key.has_ended(Timestamp::now());
        let Key { name, role, expires, rate, .. } = key;
        if let Some(at) = expires.filter(|_| has_ended) {
            return Err(KeyFault::Ended { name, at }.into());
        }
        if role < needed {
            return Err(Refusal::Role { name, found: role, needed });
        }
        let quota = rate.map(|rate| self.buckets.take(&name, rate)).transpose()?;
        Ok(Caller { name, quota })
    }
}

impl From<KeyFault> for Refusal {
    fn from(fault: KeyFault) -> Self {
        Self::Key(fault)
    }
}

/// The key that a request brings; `None` for what can be none.
fn presented(headers: &HeaderMap) -> Result<Option<&[u8]>, KeyFault> {
    // What else `Authorization` says may be for a proxy that stands in front.
    let bearer = headers.get_all(AUTHORIZATION).iter().filter_map(|value| bearer(value.as_bytes()));
    let plain = headers.get_all(X_API_KEY).iter().map(|value| value.as_bytes().trim_ascii());
    let mut all = bearer.chain(plain);
    let Some(first) = all.next() else {
        return if headers.contains_key(AUTHORIZATION) { Ok(None) } else { Err(KeyFault::Missing) };
    };
    // A client may say the same twice, but not two things.
    if all.any(|other| other != first) { Err(KeyFault::Several) } else { Ok(Some(first)) }
}

/// The key of `Bearer KEY`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| key.trim_ascii())
}

#[cfg(test)]
mod tests {
    use foretaste_keys::Keys;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_key_comes_in_either_header() {
        let mut keys = Keys::default();
        let (secret, _) = keys.add("shop", Role::Read, None, None, NOW).unwrap();
        let gate = Gate::new(Arc::new(keys), false);
        let key = secret.reveal();
        let of = |pairs: &[(&str, &str)]| gate.admit(&headers(pairs), Role::Read).map(|caller| caller.name);
        let (bearer, lower, spaced) = (format!("Bearer {key}"), format!("bearer {key}"), format!("Bearer   {key} "));
        for pairs in [
            &[("authorization", &*bearer)][..],
            &[("authorization", &lower)],
            &[("authorization", &spaced)],
            &[("x-api-key", key)],
            &[("x-api-key", key), ("authorization", &bearer)],
            &[("x-api-key", key), ("authorization", "Basic eDp5")],
        ] {
            assert_eq!(of(pairs), Ok("shop".to_owned()), "{pairs:?}");
        }
        let longer = format!("{key}0");
        for (pairs, fault) in [
            (&[][..], KeyFault::Missing),
            (&[("cookie", key)], KeyFault::Missing),
            (&[("authorization", key)], KeyFault::Unknown),
            (&[("authorization", "Basic eDp5")], KeyFault::Unknown),
            (&[("authorization", "Bearer")], KeyFault::Unknown),
            (&[("authorization", "Bearer ")], KeyFault::Unknown),
            (&[("x-api-key", &longer)], KeyFault::Unknown),
            (&[("x-api-key", &key[..35])], KeyFault::Unknown),
            (&[("x-api-key", "")], KeyFault::Unknown),
            (&[("x-api-key", key), ("x-api-key", "other")], KeyFault::Several),
            (&[("x-api-key", key), ("authorization", "Bearer other")], KeyFault::Several),
        ] {
            assert_eq!(of(pairs), Err(Refusal::Key(fault)), "{pairs:?}");
        }
    }

    #[test]
    fn a_role_may_do_what_those_before_it_may() {
        let mut keys = Keys::default();
        let secrets = Role::ALL.map(|role| (role, keys.add(role.name(), role, None, None, NOW).unwrap().0));
        let gate = Gate::new(Arc::new(keys), true);
        for (role, secret) in &secrets {
            for needed in Role::ALL {
                let admitted = gate.admit(&headers(&[("x-api-key", secret.reveal())]), needed).map(drop);
                let refusal = Refusal::Role { name: role.to_string(), found: *role, needed };
                assert_eq!(admitted, if *role >= needed { Ok(()) } else { Err(refusal) });
            }
        }
        assert_eq!((gate.needed(Needs::Figures), gate.needed(Needs::Nothing)), (None, None));
        assert_eq!(gate.needed(Needs::Role(Role::Read)), Some(Role::Read));
        assert_eq!(Gate::new(Arc::new(Keys::default()), false).needed(Needs::Figures), Some(Role::Read));
    }

    #[test]
    fn a_key_ends_and_has_a_rate() {
        let mut keys = Keys::default();
        let (ended, _) = keys.add("old", Role::Admin, Some("1s"), None, NOW).unwrap();
        let (few, _) = keys.add("few", Role::Read, None, "2/h".parse().ok(), NOW).unwrap();
        let gate = Gate::new(Arc::new(keys), false);
        let ask = |key: &str| gate.admit(&headers(&[("x-api-key", key)]), Role::Read);
        let at = "1970-01-01T00:00:01Z".parse().unwrap();
        assert_eq!(ask(ended.reveal()).map(drop), Err(Refusal::Key(KeyFault::Ended { name: "old".to_owned(), at })));
        assert!(ask(few.reveal()).is_ok() && ask(few.reveal()).is_ok());
        assert!(matches!(ask(few.reveal()), Err(Refusal::Rate { name, .. }) if name == "few"));
    }
}
