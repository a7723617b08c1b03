//! A request's size: what its head alone rules out, and its body within bounds of bytes and time.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body_util::BodyExt;
use hyper::header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use hyper::{Request, Version};

use crate::Limits;
use crate::budget::{Budget, FREE, HeldBytes};

/// The slowest body that is waited for beyond the time that every body has, bytes a second.
const RATE: u32 = 64 << 10;
/// Bodies' worth of bytes that are taken in unread after a body proved too large.
const DISCARDED: usize = 16;

/// What is wrong with a request before its body is read (RFC 9112, sections 3.2 and 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Path and query are longer than allowed.
    #[error("the path has {found} bytes, allowed are {most}")]
    UriTooLong {
        /// Bytes there are.
        found: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// The body is announced to be longer than allowed.
    #[error("the body has {found} bytes, allowed are {most}")]
    BodyTooLarge {
        /// Bytes announced.
        found: u64,
        /// Bytes allowed.
        most: usize,
    },
    /// The client expects something that is not done here.
    #[error("the header `expect` is not `100-continue`, which is all that can be expected")]
    Expectation,
    /// The header that says where the request goes or ends is not there once, as it must be.
    #[error("the header `{header}` {fault}")]
    Ambiguous {
        /// Its name.
        header: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
}

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum BodyError {
    /// It is longer than allowed; the rest is unread.
    #[error("the body has more than the {most} bytes allowed")]
    TooLarge {
        /// Bytes allowed.
        most: usize,
    },
    /// It takes longer than allowed.
    #[error("the body took longer than the {seconds} s allowed")]
    TooSlow {
        /// Seconds allowed.
        seconds: f64,
    },
    /// All clients together have sent as much as may be held.
    #[error("the bodies of all requests have the {most} bytes that may be held, try again in 1 s")]
    NoRoom {
        /// Bytes allowed.
        most: usize,
    },
    /// The connection broke, or the framing did.
    #[error("the body ended early or is not framed as HTTP says")]
    Broken,
}

/// Whether the head alone rules the request out.
///
/// # Errors
/// [`HeadError`]
pub fn check_head<B>(request: &Request<B>, limits: &Limits) -> Result<(), HeadError> {
    let found = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if found > limits.uri_bytes {
        return Err(HeadError::UriTooLong { found, most: limits.uri_bytes });
    }
    let ambiguous = |header, fault| Err(HeadError::Ambiguous { header, fault });
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_11 => return ambiguous("host", "is missing"),
        (_, Some(_)) => return ambiguous("host", "is there more than once"),
        _ => {}
    }
    let mut codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    if codings.next().is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
        || codings.next().is_some()
    {
        return ambiguous("transfer-encoding", "is not `chunked`, once");
    }
    let mut expected = request.headers().get_all(EXPECT).iter();
    if expected.any(|expected| !expected.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(HeadError::Expectation);
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(found) if found > limits.body_bytes as u64 => {
            Err(HeadError::BodyTooLarge { found, most: limits.body_bytes })
        }
        _ => Ok(()),
    }
}

/// The whole body, in the budget of all clients as it arrives; a small one is free.
///
/// # Errors
/// [`BodyError`]
pub async fn read<B: hyper::body::Body<Data = Bytes> + Unpin>(
    body: &mut B,
    limits: &Limits,
    budget: &Budget,
) -> Result<HeldBytes, BodyError> {
    let (begun, most) = (Instant::now(), limits.body_bytes);
    let (mut bytes, mut share) = (Vec::new(), budget.share());
    loop {
        // A large body may take longer, as long as it goes on.
        let allowed = limits.body + Duration::from_secs(bytes.len() as u64) / RATE;
        let slow = BodyError::TooSlow { seconds: (allowed.as_secs_f64() * 10.0).round() / 10.0 };
        let left = allowed.checked_sub(begun.elapsed()).ok_or(slow)?;
        // One that has stopped coming holds its part of the budget no longer than a small one.
        let frame = tokio::time::timeout(left.min(limits.body), body.frame()).await.map_err(|_| slow)?;
        let Some(frame) = frame else { return Ok(HeldBytes { bytes, share }) };
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if data.len() > most - bytes.len() {
            return Err(BodyError::TooLarge { most });
        }
        let (held, sum) = (bytes.len().max(FREE), bytes.len() + data.len());
        if !share.take(sum.saturating_sub(held)) {
            return Err(BodyError::NoRoom { most: budget.most() });
        }
        // A quarter more: twice as much, which a vector would take by itself, is out of the budget.
        if sum > bytes.capacity() {
            bytes.reserve_exact(data.len().max(bytes.len() / 4));
        }
        bytes.extend_from_slice(&data);
    }
}

/// As [`discard`], for a request that is answered whatever its body says. Nothing is taken in where the client waits for
/// permission to send its body: it needs nothing but the answer.
pub async fn discard_of<B: hyper::body::Body<Data = Bytes> + Unpin>(request: &mut Request<B>, limits: &Limits) -> bool {
    !request.headers().contains_key(EXPECT) && discard(request.body_mut(), limits).await
}

/// Takes in the rest of a body, within bounds of its own: a client that is still sending would lose the answer to a reset.
/// Whether that was all of it.
pub async fn discard<B: hyper::body::Body<Data = Bytes> + Unpin>(body: &mut B, limits: &Limits) -> bool {
    let mut left = limits.body_bytes.saturating_mul(DISCARDED);
    let taking = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return false;
            }
        }
        true
    };
    // Either way the answer follows.
    tokio::time::timeout(limits.body, taking).await.unwrap_or(false)
}
