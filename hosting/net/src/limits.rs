//! What one client, or all of them, may take.

use std::time::Duration;

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
    /// From the shutdown signal to the end of the last request. Default 10 s.
    pub drain: Duration,
    /// From the shutdown signal on, how long an open connection may still send a request; the answer closes it. Without
    /// that, a request that meets its connection's end is lost. Default 1 s.
    pub linger: Duration,
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
            drain: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            connections: 1024,
            connections_per_ip: 512,
            backlog: 1024,
            body_bytes: 1024 * 1024,
            uri_bytes: 8 * 1024,
            header_bytes: 32 * 1024,
        }
    }
}

/// A limit that is zero or larger than the machinery takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("limit `{name}` is {found}, allowed are {least} to {most}")]
pub struct LimitError {
    /// The field of [`Limits`].
    pub name: &'static str,
    /// What it is.
    pub found: usize,
    /// The smallest allowed.
    pub least: usize,
    /// The largest allowed.
    pub most: usize,
}

impl Limits {
    /// Whether the machinery can keep them.
    ///
    /// # Errors
    /// The first limit that is out of range.
    pub fn check(&self) -> Result<(), LimitError> {
        let rows = [
            ("connections", self.connections, 1, usize::MAX),
            ("connections_per_ip", self.connections_per_ip, 1, usize::MAX),
            ("uri_bytes", self.uri_bytes, 1, u16::MAX as usize),
            ("header_bytes", self.header_bytes, 1024, 256 * 1024),
        ];
        for (name, found, least, most) in rows {
            if !(least..=most).contains(&found) {
                return Err(LimitError { name, found, least, most });
            }
        }
        Ok(())
    }
}
