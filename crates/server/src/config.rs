//! What the service may be told: addresses, threads, limits.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Everything [`Server::bind`](crate::Server::bind) needs besides the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where the API listens. Default `127.0.0.1:8080`; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// A second listener for health, readiness and metrics only, which a full main listener cannot starve. Default none.
    pub admin: Option<SocketAddr>,
    /// Threads that read and write sockets, and as many that score. Default: the processors this process may use.
    pub threads: usize,
    /// Requests that may wait for a scoring thread; one more is answered 503 at once. Default 16.
    pub queue: usize,
    /// Time-outs, caps and sizes.
    pub limits: Limits,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            queue: 16,
            limits: Limits::default(),
        }
    }
}

/// Bounds on what one client, or all of them, may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte of a request (or from connecting) to the end of its headers. Default 5 s.
    pub header: Duration,
    /// For the whole body of a request. Default 5 s.
    pub body: Duration,
    /// Between two requests on one connection. Default 30 s.
    pub idle: Duration,
    /// For a response that the client does not read, besides one second for each [`WRITE_RATE`] bytes. Default 5 s.
    pub write: Duration,
    /// Longest wait for a scoring thread before a request is dropped with 503. Default 50 ms.
    pub wait: Duration,
    /// From the shutdown signal to the end of the last request. Default 10 s.
    pub drain: Duration,
    /// Open connections in total. Default 1,024.
    pub connections: usize,
    /// Open connections from one address. Default 512.
    pub connections_per_ip: usize,
    /// Connections that may wait to be accepted. Default 1,024.
    pub backlog: i32,
    /// Bytes of a request body. Default 1 MiB.
    pub body_bytes: usize,
    /// Bytes of a request's path and query. Default 8 KiB.
    pub uri_bytes: usize,
    /// Bytes of a request's head, first line included. Default 32 KiB.
    pub header_bytes: usize,
}

/// The slowest reader that is waited for, bytes a second.
pub const WRITE_RATE: u32 = 16 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            body: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(5),
            wait: Duration::from_millis(50),
            drain: Duration::from_secs(10),
            connections: 1024,
            connections_per_ip: 512,
            backlog: 1024,
            body_bytes: 1024 * 1024,
            uri_bytes: 8 * 1024,
            header_bytes: 32 * 1024,
        }
    }
}
