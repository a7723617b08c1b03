//! A name for each request, the client's own where it is sane.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::Request;
use hyper::header::HeaderValue;

use super::X_REQUEST_ID;

/// The longest id that is taken over from a client.
const MAX_BYTES: usize = 64;

/// Hands out ids: those of one process share a prefix and count up.
#[derive(Debug)]
pub(super) struct RequestIds {
    prefix: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        // Only has to differ from the last start's.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let prefix = u64::from(since.subsec_micros()) | since.as_secs() << 20 & 0xffff_ffff;
        Self { prefix, next: AtomicU64::new(1) }
    }

    /// The id that the client gave, or the next of ours.
    pub(super) fn of<B>(&self, request: &Request<B>) -> HeaderValue {
        match request.headers().get(X_REQUEST_ID) {
            Some(id) if is_sane(id.as_bytes()) => id.clone(),
            _ => self.next(),
        }
    }

    fn next(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut id = [b'-'; 17];
        hex(&mut id[..8], self.prefix);
        hex(&mut id[9..], number);
        HeaderValue::from_bytes(&id).unwrap_or_else(|_| HeaderValue::from_static("none"))
    }
}

/// The lowest digits of `number`, as many as `out` holds.
fn hex(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_id(id: &[u8]) -> Request<()> {
        Request::builder().header(X_REQUEST_ID, HeaderValue::from_bytes(id).unwrap()).body(()).unwrap()
    }

    #[test]
    fn a_sane_id_is_kept_and_another_replaced() {
        let ids = RequestIds::new();
        assert_eq!(ids.of(&with_id(b"a-B_9.x:1")), "a-B_9.x:1");
        for bad in [&b""[..], b"a b", b"<script>", &[b'a'; 65], "é".as_bytes()] {
            assert_ne!(ids.of(&with_id(bad)).as_bytes(), bad);
        }
    }

    #[test]
    fn ids_of_our_own_count_up() {
        let ids = RequestIds { prefix: 0xabc, next: AtomicU64::new(0x1f) };
        assert_eq!(ids.next(), "00000abc-0000001f");
        assert_eq!(ids.next(), "00000abc-00000020");
    }
}
