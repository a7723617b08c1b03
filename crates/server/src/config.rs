//! What the service may be told: addresses, threads, limits.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use foretaste_net::{Access, Budget, Limits, Tls};
use foretaste_service::Schedule;

/// Everything [`Server::bind`](crate::Server::bind) needs besides the model.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where the API listens. Default `127.0.0.1:8080`; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// A second listener for health, readiness and metrics only, which a full main listener cannot starve. Default none.
    pub admin: Option<SocketAddr>,
    /// Threads that read and write sockets, and as many that score. Default: the processors this process may use.
    pub threads: usize,
    /// Bytes that ratings, models and a fit may hold. A fit that would need more is refused. Default: no bound.
    pub memory: Option<u64>,
    /// The longest that a request may wait for a scoring thread; one that would wait longer, by the mean time of those before,
    /// is answered 503 at once. Default 20 ms.
    pub wait: Duration,
    /// Requests that may wait for a scoring thread, whatever they cost. Default 4,096.
    pub queue: usize,
    /// By which names, by pages of which origins, and with which keys it may be called. Default: without a key, on a loopback address by names of the
    /// loopback, and to change something by its own pages.
    pub access: Access,
    /// Whether each request is a line of the log. Default no.
    pub access_log: bool,
    /// The certificate with which both listeners speak TLS. Default none: they speak plain HTTP.
    pub tls: Option<Arc<Tls>>,
    /// Bytes of bodies and replies that all clients may make it hold. Default 64 MiB.
    pub budget: Budget,
    /// When to fit anew without being asked. Default: never.
    pub schedule: Schedule,
    /// Time-outs, caps and sizes.
    pub limits: Limits,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory: None,
            wait: Duration::from_millis(20),
            queue: 4096,
            access: Access::default(),
            access_log: false,
            tls: None,
            budget: Budget::within(None),
            schedule: Schedule::default(),
            limits: Limits::default(),
        }
    }
}
