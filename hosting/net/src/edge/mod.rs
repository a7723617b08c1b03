//! What stands in front of everything that answers requests: bounds of the head, which pages and names may call, and with
//! which key, panics, request ids, headers.

mod access;
mod buckets;
mod cors;
mod gate;
mod request_id;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::Body;
use foretaste_keys::Role;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ALLOW, CONNECTION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};

use crate::body::{HeadError, check_head, discard_of};
use crate::{Answer, Budget, Limits};

pub use access::{Access, AccessError};
pub use buckets::Quota;
use gate::Caller;
pub use gate::KeyFault;
use request_id::RequestIds;

/// Characters of a path and query that the log has.
const LOGGED: usize = 200;
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A service behind an [`Edge`].
pub trait Face: Send + Sync + 'static {
    /// Answers a request that the edge lets through, under the id that the reply will have.
    fn answer(&self, request: Request<Incoming>, id: &HeaderValue) -> impl Future<Output = Response<Body>> + Send;

    /// What such a request needs where keys are asked for.
    fn needs(&self, method: &Method, path: &str) -> Needs;

    /// The reply to a refusal, in the service's own form, with its status.
    fn refuse(&self, refusal: &Refusal) -> Response<Body>;

    /// Is told the status of every reply.
    fn replied(&self, status: StatusCode) {
        let _ = status;
    }
}

impl<F: Face> Face for Arc<F> {
    fn answer(&self, request: Request<Incoming>, id: &HeaderValue) -> impl Future<Output = Response<Body>> + Send {
        F::answer(self, request, id)
    }

    fn needs(&self, method: &Method, path: &str) -> Needs {
        F::needs(self, method, path)
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        F::refuse(self, refusal)
    }

    fn replied(&self, status: StatusCode) {
        F::replied(self, status);
    }
}

/// What a request needs where keys are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is open to all.
    Nothing,
    /// A key that may read, unless the figures are open.
    Figures,
    /// A key of that role.
    Role(Role),
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
    /// It brings no key, or none that counts.
    Key(KeyFault),
    /// Its key is not enough.
    Role {
        /// The key's name.
        name: String,
        /// The key's role.
        found: Role,
        /// The role that it would need.
        needed: Role,
    },
    /// Its key was used too often.
    Rate {
        /// The key's name.
        name: String,
        /// What is left to it.
        quota: Quota,
    },
    /// Clients have not taken what they asked for.
    NoRoom {
        /// Bytes that may be held for all of them.
        most: usize,
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
            Self::Head(HeadError::Expectation) => StatusCode::EXPECTATION_FAILED,
            Self::Host { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin { .. } | Self::Role { .. } => StatusCode::FORBIDDEN,
            Self::Key(KeyFault::Several) => StatusCode::BAD_REQUEST,
            Self::Key(_) => StatusCode::UNAUTHORIZED,
            Self::Rate { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoRoom { .. } => StatusCode::SERVICE_UNAVAILABLE,
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
            Self::Key(fault) => fault.fmt(f),
            Self::Role { name, found, needed } => {
                write!(f, "the key of `{name}` has role {found}, this needs role {needed}")
            }
            Self::Rate { name, quota } => {
                write!(f, "the key of `{name}` may make {} requests, try again in {} s", quota.rate(), quota.next_in)
            }
            Self::NoRoom { most } => {
                write!(
                    f,
                    "the replies that wait for their clients have the {most} bytes that may be held, try again in 1 s"
                )
            }
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
    /// Whether each request is a line of the log.
    is_logged: bool,
    budget: Budget,
}

impl<F: Face> Edge<F> {
    /// An edge in front of `face`; large replies are in the budget until their clients have taken them.
    pub fn new(face: F, limits: Arc<Limits>, access: Access, budget: Budget) -> Self {
        Self { face, limits, access, ids: RequestIds::new(), is_logged: false, budget }
    }

    /// The same, with a line of the log for each request if `is_logged`.
    #[must_use]
    pub fn logged(self, is_logged: bool) -> Self {
        Self { is_logged, ..self }
    }

    /// The service behind it.
    pub fn face(&self) -> &F {
        &self.face
    }

    fn refused(&self, request: &Request<Incoming>) -> Option<Refusal> {
        // What a notebook answers at the path of a probe is no probe.
        let is_open = || self.face.needs(request.method(), request.uri().path()) == Needs::Nothing;
        check_head(request, &self.limits)
            .map_err(Refusal::Head)
            .and_then(|()| self.access.check(request, &is_open))
            .err()
    }

    /// Lets a request in, by its key where one is needed.
    fn admit(&self, request: &Request<Incoming>) -> Result<Option<Caller>, Refusal> {
        let Some(gate) = self.access.gate() else { return Ok(None) };
        let needs = match *request.method() {
            Method::OPTIONS => Needs::Role(Role::Read),
            ref method => self.face.needs(method, request.uri().path()),
        };
        gate.needed(needs).map(|needed| gate.admit(request.headers(), needed)).transpose()
    }

    /// The reply if there is room for it, else a refusal.
    fn held(&self, response: Response<Body>) -> Response<Body> {
        let (head, body) = response.into_parts();
        match self.budget.hold(body) {
            Some(body) => Response::from_parts(head, body),
            None => self.face.refuse(&Refusal::NoRoom { most: self.budget.most() }),
        }
    }

    async fn respond(
        &self,
        mut request: Request<Incoming>,
        id: &HeaderValue,
        origin: Option<&HeaderValue>,
    ) -> Response<Body> {
        if let Some(refusal) = self.refused(&request) {
            if refusal.status() == StatusCode::PAYLOAD_TOO_LARGE {
                discard_of(&mut request, &self.limits).await;
            }
            return close(self.face.refuse(&refusal));
        }
        if let Some(reply) = cors::preflight(&request, origin) {
            return reply;
        }
        let is_options = request.method() == Method::OPTIONS;
        match self.admit(&request) {
            Ok(caller) => {
                let response = contained(self.face.answer(request, id)).await;
                let mut response = response.unwrap_or_else(|| self.face.refuse(&Refusal::Panicked));
                if is_options {
                    response = options(response);
                }
                if let Some(caller) = caller {
                    caller.quota.inspect(|quota| quota.tell(response.headers_mut()));
                    response.extensions_mut().insert(KeyName(caller.name));
                }
                response
            }
            Err(refusal) => {
                let mut response = self.face.refuse(&refusal);
                tell(&refusal, response.headers_mut());
                let is_read = request.body().is_end_stream() || discard_of(&mut request, &self.limits).await;
                if is_read { response } else { close(response) }
            }
        }
    }
}

impl<F: Face> Answer for Edge<F> {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let begun = Instant::now();
        let id = self.ids.of(&request);
        let asked = self.is_logged.then(|| Asked::of(&request));
        let origin = self.access.allowed_origin(request.headers()).cloned();
        let response = self.respond(request, &id, origin.as_ref()).await;
        let mut response = self.held(response);
        if self.access.has_origins() {
            // A page may read why it was refused, too.
            cors::share(response.headers_mut(), origin.as_ref());
        }
        self.face.replied(response.status());
        if let Some(asked) = asked {
            asked.log(&response, &id, begun.elapsed());
        }
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// An extension of a response: the name of the key that it was given for.
#[derive(Debug, Clone)]
struct KeyName(String);

/// What the log says of a request.
struct Asked {
    method: Method,
    target: String,
}

impl Asked {
    fn of<B>(request: &Request<B>) -> Self {
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        Self { method: request.method().clone(), target: target.chars().take(LOGGED).collect() }
    }

    fn log(self, response: &Response<Body>, id: &HeaderValue, took: Duration) {
        let Self { method, target } = self;
        let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let key = response.extensions().get().map(|KeyName(name)| name.as_str());
        // What a client chose is written with its quotes and control characters escaped.
        tracing::info!(
            request_id = ?id, ?method, ?target, status = response.status().as_u16(), duration_us, key, "request"
        );
    }
}

/// What the headers of a reply say of a refusal by key.
fn tell(refusal: &Refusal, headers: &mut HeaderMap) {
    match refusal {
        Refusal::Key(KeyFault::Missing) => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"foretaste\""));
        }
        Refusal::Key(KeyFault::Unknown | KeyFault::Ended { .. }) => {
            let invalid = HeaderValue::from_static("Bearer realm=\"foretaste\", error=\"invalid_token\"");
            headers.insert(WWW_AUTHENTICATE, invalid);
        }
        Refusal::Rate { quota, .. } => {
            quota.tell(headers);
            headers.insert(RETRY_AFTER, HeaderValue::from(quota.next_in));
        }
        _ => {}
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
