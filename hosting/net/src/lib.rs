//! Sockets: a listener, an accept loop with caps, connections that a slow client cannot hold open, and an end that loses
//! no request. What is answered is an [`Answer`]'s business.

mod accept;
pub mod body;
mod budget;
mod clock;
mod connection;
mod edge;
mod limits;
mod listener;
mod serve;
mod slots;
mod stream;
mod tls;

use std::future::Future;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::{Request, Response};

pub use budget::{Budget, HeldBytes, Share};
pub use edge::{Access, AccessError, Edge, Face, KeyFault, Needs, Quota, Refusal, close};
pub use limits::{LimitError, Limits, WRITE_RATE};
pub use listener::{Listener, inherited, listen};
pub use serve::serve;
pub use slots::{Slot, Slots};
pub use tls::{Tls, TlsError};

/// What answers the requests of all connections.
pub trait Answer: Send + Sync + 'static {
    /// Answers one request; whatever happens, there is an answer.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}
