//! How many bytes all clients together may make the process hold.

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// The most that a budget is, where memory is not short.
const MOST: usize = 64 << 20;
/// The part of a process's memory that is a budget.
const PART: u64 = 8;
/// Up to that, what a connection brings is in no budget: clients of small requests go on when large ones have taken it all.
pub(crate) const FREE: usize = 8 * 1024;

/// Bytes of bodies and answers that may be held at a time.
#[derive(Clone)]
pub struct Budget(Arc<Account>);

struct Account {
    most: usize,
    taken: AtomicUsize,
}

/// Bytes that were taken out of a budget, and go back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    /// A budget of that many bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Account { most, taken: AtomicUsize::new(0) }))
    }

    /// An eighth of the bytes that the process may have, and at most 64 MiB.
    #[must_use]
    pub fn within(memory: Option<u64>) -> Self {
        let part = memory.map_or(MOST, |bytes| usize::try_from(bytes / PART).unwrap_or(MOST));
        Self::new(part.min(MOST))
    }

    /// All of it, in bytes.
    #[must_use]
    pub fn most(&self) -> usize {
        self.0.most
    }

    /// Nothing of it, to begin with.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }

    /// The same reply, which holds its bytes until the client has taken them; `None` where there is no room for it.
    pub(crate) fn hold(&self, body: Body) -> Option<Body> {
        let bytes = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if bytes <= 2 * FREE {
            return Some(body);
        }
        let mut share = self.share();
        share.take(bytes).then(|| Body::new(Held { body, share: Some(share) }))
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Budget({} of {})", self.0.taken.load(Ordering::Relaxed), self.0.most)
    }
}

impl Share {
    /// Takes that many more, if they are there.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let Account { most, taken } = &*self.budget.0;
        let more = |taken: usize| taken.checked_add(bytes).filter(|sum| sum <= most);
        let is_there = taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        self.bytes += if is_there { bytes } else { 0 };
        is_there
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The bytes of a body, in the budget as long as they are held.
#[derive(Debug)]
pub struct HeldBytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) share: Share,
}

impl HeldBytes {
    /// The bytes, and what holds their part of the budget until it is dropped.
    #[must_use]
    pub fn split(self) -> (Vec<u8>, Share) {
        (self.bytes, self.share)
    }
}

impl Deref for HeldBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A reply in the budget.
struct Held {
    body: Body,
    /// Goes with the first bytes: they are dropped once the system has taken them, the body as soon as it gave them away.
    share: Option<Share>,
}

/// Bytes of a reply and their share.
struct Owned {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
        let owned = |bytes| match self.share.take() {
            Some(share) => Bytes::from_owner(Owned { bytes, _share: share }),
            None => bytes,
        };
        Poll::Ready(Some(Ok(frame.map_data(owned))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_goes_back_with_its_share() {
        let budget = Budget::new(100);
        let (mut a, mut b) = (budget.share(), budget.share());
        assert!(a.take(60) && b.take(40) && !a.take(1));
        drop(b);
        assert!(a.take(40) && !budget.share().take(1));
        drop(a);
        assert!(budget.share().take(100) && !budget.share().take(usize::MAX));
    }

    #[test]
    fn a_budget_is_an_eighth_of_the_memory() {
        let most = |memory| Budget::within(memory).most();
        assert_eq!((most(Some(256_000_000)), most(Some(1 << 40)), most(None)), (32_000_000, MOST, MOST));
    }

    #[test]
    fn a_large_reply_is_held_and_a_small_one_is_free() {
        let budget = Budget::new(100_000);
        let reply = |bytes: usize| budget.hold(Body::from(vec![0; bytes]));
        let first = reply(70_000).unwrap();
        assert!(reply(70_000).is_none() && reply(1000).is_some());
        drop(first);
        assert!(reply(70_000).is_some());
    }
}
