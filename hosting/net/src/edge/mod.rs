//! What stands in front of everything that answers requests: bounds of the head, which pages and names may call, panics,
//! request ids, headers.

mod access;
mod cors;
mod request_id;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};

use crate::body::{HeadError, check_head, discard_of};
use crate::{Answer, Limits};

pub use access::{Access, AccessError};
use request_id::RequestIds;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A service behind an [`Edge`].
pub trait Face: Send + Sync + 'static {
    /// Answers a request that the edge lets through.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;

    /// The reply to a refusal, in the service's own form, with its status.
    fn refuse(&self, refusal: &Refusal) -> Response<Body>;

    /// Is told the status of every reply.
    fn replied(&self, status: StatusCode) {
        let _ = status;
    }
}

/// Why the edge answers by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The head alone rules it out.
    Head(HeadError),
    /// The request is meant for another host.
    Host {
        /// The host that it names.
        found: String,
    },
    /// A page of another origin asks for a change.
    Origin {
        /// The page's origin, where the browser says it.
        found: Option<String>,
    },
    /// What answers has panicked.
    Panicked,
}

impl Refusal {
    /// The status of its reply.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Head(HeadError::UriTooLong { .. }) => StatusCode::URI_TOO_LONG,
            Self::Head(HeadError::BodyTooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Head(HeadError::Ambiguous { .. }) => StatusCode::BAD_REQUEST,
            Self::Host { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin { .. } => StatusCode::FORBIDDEN,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(error) => error.fmt(f),
            Self::Host { found } if found.is_empty() => f.write_str("the request names no host"),
            Self::Host { found } => {
                write!(f, "host `{found}` is not this service; `--host {found}` would allow it")
            }
            Self::Origin { found: Some(origin) } => {
                write!(f, "a page of {origin} may not change anything; `--cors-origin {origin}` would allow it")
            }
            Self::Origin { found: None } => f.write_str("a page of another site may not change anything"),
            Self::Panicked => f.write_str("the request failed for a reason of our own"),
        }
    }
}

/// Lets the requests through to a [`Face`] that may come to it.
#[derive(Debug)]
pub struct Edge<F> {
    face: F,
    limits: Arc<Limits>,
    access: Access,
    ids: RequestIds,
}

impl<F: Face> Edge<F> {
    /// An edge in front of `face`.
    pub fn new(face: F, limits: Arc<Limits>, access: Access) -> Self {
        Self { face, limits, access, ids: RequestIds::new() }
    }

    /// The service behind it.
    pub fn face(&self) -> &F {
        &self.face
    }

    fn refused(&self, request: &Request<Incoming>) -> Option<Refusal> {
        check_head(request, &self.limits).map_err(Refusal::Head).and_then(|()| self.access.check(request)).err()
    }

    async fn respond(&self, mut request: Request<Incoming>) -> Response<Body> {
        if let Some(refusal) = self.refused(&request) {
            if refusal.status() == StatusCode::PAYLOAD_TOO_LARGE {
                discard_of(&mut request, &self.limits).await;
            }
            return close(self.face.refuse(&refusal));
        }
        let origin = self.access.allowed_origin(request.headers()).cloned();
        if let Some(reply) = cors::preflight(&request, origin.as_ref()) {
            return reply;
        }
        let is_options = request.method() == Method::OPTIONS;
        let response = contained(self.face.answer(request)).await;
        let mut response = response.unwrap_or_else(|| self.face.refuse(&Refusal::Panicked));
        if is_options {
            response = options(response);
        }
        if self.access.has_origins() {
            cors::share(response.headers_mut(), origin.as_ref());
        }
        response
    }
}

impl<F: Face> Answer for Edge<F> {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let begun = Instant::now();
        let (id, method) = (self.ids.of(&request), request.method().clone());
        let mut response = self.respond(request).await;
        let status = response.status();
        self.face.replied(status);
        let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(request_id = ?id, %method, status = status.as_u16(), duration_us, "request");
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Runs what answers to its end; `None` when it panicked.
async fn contained(call: impl Future<Output = Response<Body>>) -> Option<Response<Body>> {
    let mut call = pin!(call);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
        Err(_) => {
            tracing::error!("what answers a request panicked");
            Poll::Ready(None)
        }
    })
    .await
}

/// What OPTIONS is answered: the methods, where the service names them because this one is not among them.
fn options(response: Response<Body>) -> Response<Body> {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let methods = response.headers().get_all(ALLOW).iter().filter_map(|value| value.to_str().ok());
    let methods: Vec<&str> = methods.chain(["OPTIONS"]).collect();
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(methods) = HeaderValue::from_str(&methods.join(", ")) {
        reply.headers_mut().insert(ALLOW, methods);
    }
    reply
}

/// The rest of the request will not be read, so that the connection cannot go on.
pub fn close(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
