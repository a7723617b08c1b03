//! How many requests are left to a key: a bucket of tokens for each name, which fills up as time passes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use foretaste_keys::Rate;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::Refusal;

/// What is allowed, and what is left ("RateLimit header fields for HTTP", IETF draft 10, Polli, Martinez, Miller, 2025).
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A bucket for each name of a key.
#[derive(Debug, Default)]
pub(super) struct Buckets(Mutex<HashMap<String, Bucket>>);

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

/// What is allowed to a key, and what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    rate: Rate,
    left: u32,
    /// Until all of it is there again.
    full_in: u64,
    /// Until a request is allowed.
    pub(super) next_in: u64,
}

impl Buckets {
    /// Takes a token out of the bucket of `name`. A full bucket holds all requests of the rate.
    ///
    /// # Errors
    /// [`Refusal::Rate`]: it is empty.
    pub(super) fn take(&self, name: &str, rate: Rate) -> Result<Quota, Refusal> {
        self.take_at(name, rate, Instant::now())
    }

    fn take_at(&self, name: &str, rate: Rate, now: Instant) -> Result<Quota, Refusal> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(name.to_owned()).or_insert_with(|| Bucket::full(rate, now));
        bucket.fill(now);
        // Another key of the name, or another rate of it: what was used stays used.
        bucket.rate = rate;
        bucket.tokens = bucket.tokens.min(f64::from(rate.requests));
        let is_allowed = bucket.tokens >= 1.0;
        if is_allowed {
            bucket.tokens -= 1.0;
        }
        let quota = bucket.quota();
        if is_allowed { Ok(quota) } else { Err(Refusal::Rate { name: name.to_owned(), quota }) }
    }
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: f64::from(rate.requests), filled: now }
    }

    fn a_second(&self) -> f64 {
        f64::from(self.rate.requests) / f64::from(self.rate.seconds)
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * self.a_second()).min(f64::from(self.rate.requests));
        self.filled = now;
    }

    fn quota(&self) -> Quota {
        let until = |tokens: f64| ((tokens - self.tokens).max(0.0) / self.a_second()).ceil() as u64;
        let full_in = until(f64::from(self.rate.requests));
        Quota { rate: self.rate, left: self.tokens as u32, full_in, next_in: until(1.0).max(1) }
    }
}

impl Quota {
    /// The rate that all of it comes from.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Tells the client.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let Rate { requests, seconds } = self.rate;
        let policy = HeaderValue::from_str(&format!("\"key\";q={requests};w={seconds}"));
        let left = HeaderValue::from_str(&format!("\"key\";r={};t={}", self.left, self.full_in));
        if let (Ok(policy), Ok(left)) = (policy, left) {
            headers.insert(POLICY, policy);
            headers.insert(LIMIT, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_holds_the_requests_of_its_rate_and_fills_up_evenly() {
        let (buckets, begun) = (Buckets::default(), Instant::now());
        let rate: Rate = "6/min".parse().unwrap();
        let take = |seconds: f64| buckets.take_at("a", rate, begun + Duration::from_secs_f64(seconds));
        let lefts: Vec<u32> = (0..6).map(|_| take(0.0).unwrap().left).collect();
        assert_eq!(lefts, [5, 4, 3, 2, 1, 0]);
        let Err(Refusal::Rate { quota, .. }) = take(1.0) else { panic!("a seventh was allowed") };
        assert_eq!((quota.left, quota.next_in, quota.full_in), (0, 9, 59));
        assert!(take(9.9).is_err());
        assert_eq!(take(10.0).map(|quota| quota.left), Ok(0));
        assert_eq!(take(1000.0).map(|quota| quota.left), Ok(5), "no more than full");
        assert_eq!(buckets.take_at("b", rate, begun).map(|quota| quota.left), Ok(5), "each name has its own");
        let more: Rate = "8/min".parse().unwrap();
        let again = |rate| buckets.take_at("a", rate, begun + Duration::from_secs(1000)).map(|quota| quota.left);
        assert_eq!(
            (again(more), again(rate), again(more)),
            (Ok(4), Ok(3), Ok(2)),
            "two keys of a name share what is left"
        );
        let mut headers = HeaderMap::new();
        quota.tell(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=6;w=60");
        assert_eq!(headers["ratelimit"], "\"key\";r=0;t=59");
    }
}
