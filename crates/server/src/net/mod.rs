//! Sockets: a listener, an accept loop with caps, and connections that a slow client cannot hold open.

pub(crate) mod accept;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod listener;
pub(crate) mod slots;
pub(crate) mod stream;
