//! A name for each request before its cells run, so that the log can tell what belongs to it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response};
use foretaste_net::Answer;
use hyper::body::Incoming;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a client.
const MAX_BYTES: usize = 64;

/// The id of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestId {
    pub(super) text: String,
    /// Whether the client gave it, so that its cells may see it.
    is_the_clients: bool,
}

/// Names requests that come without an id, before `inner` answers them.
#[derive(Debug)]
pub(crate) struct Identified<A> {
    inner: Arc<A>,
    prefix: u64,
    next: AtomicU64,
}

impl<A> Identified<A> {
    pub(crate) fn new(inner: Arc<A>) -> Self {
        // Only has to differ from the last start's.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let prefix = u64::from(since.subsec_micros()) | since.as_secs() << 20 & 0xffff_ffff;
        Self { inner, prefix, next: AtomicU64::new(1) }
    }

    fn name<B>(&self, request: &mut Request<B>) {
        let given = request.headers().get(X_REQUEST_ID).filter(|id| is_sane(id.as_bytes()));
        let given = given.and_then(|id| id.to_str().ok()).map(str::to_owned);
        let is_the_clients = given.is_some();
        let text = given.unwrap_or_else(|| {
            format!("{:08x}-{:08x}", self.prefix & 0xffff_ffff, self.next.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff)
        });
        if let Ok(value) = HeaderValue::from_str(&text) {
            request.headers_mut().insert(X_REQUEST_ID, value);
        }
        request.extensions_mut().insert(RequestId { text, is_the_clients });
    }
}

impl<A: Answer> Answer for Identified<A> {
    fn answer(&self, mut request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send {
        self.name(&mut request);
        self.inner.answer(request)
    }
}

impl RequestId {
    /// Takes the id off a request; its cells see the headers that the client sent.
    pub(super) fn take<B>(request: &mut Request<B>) -> Self {
        let id = request.extensions_mut().remove::<Self>();
        let id = id.unwrap_or_else(|| Self { text: "none".to_owned(), is_the_clients: true });
        if !id.is_the_clients {
            request.headers_mut().remove(X_REQUEST_ID);
        }
        id
    }
}

/// What the edge would take over too.
fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_an_id_of_which_cells_see_only_the_clients() {
        let names = Identified { inner: Arc::new(()), prefix: 0xabc, next: AtomicU64::new(31) };
        for (given, named, seen) in [
            (Some("a-1"), "a-1", Some("a-1")),
            (None, "00000abc-0000001f", None),
            (Some("a b"), "00000abc-00000020", None),
        ] {
            let mut request = Request::builder();
            if let Some(given) = given {
                request = request.header(X_REQUEST_ID, given);
            }
            let mut request = request.body(()).unwrap();
            names.name(&mut request);
            assert_eq!(request.headers()[X_REQUEST_ID], named);
            assert_eq!(RequestId::take(&mut request).text, named);
            assert_eq!(request.headers().get(X_REQUEST_ID).map(|id| id.to_str().unwrap()), seen);
        }
    }
}
