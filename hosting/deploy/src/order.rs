//! What the supervisor is asked to run.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::spec::{Cpu, Memory};

/// One deployment, complete: nothing that it needs is looked up later, so that it can be repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// What was deployed, for people.
    pub source: String,
    /// A program and its arguments. It gets the listening socket as standard input, and says that it is ready as
    /// [`worker::ready`](crate::worker::ready) does.
    pub command: Vec<String>,
    /// The folder it runs in.
    pub directory: PathBuf,
    /// The whole environment, but for what the supervisor adds.
    pub environment: BTreeMap<String, String>,
    /// CPUs for each replica.
    pub cpu: Cpu,
    /// Memory for each replica.
    pub memory: Memory,
    /// Where to listen, on 127.0.0.1; `None` keeps the service's address or takes a free port.
    pub port: Option<u16>,
    /// Processes that answer side by side.
    pub replicas: u32,
    /// Whether it speaks TLS.
    #[serde(default)]
    pub tls: bool,
    /// How long a replica may take until it is ready.
    pub patience: Duration,
}

/// An order that this machine cannot carry out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// More CPUs than there are.
    #[error("cpu is {asked}, this machine has {there} to give; state that or less, or pass it with --cpu")]
    Cpu {
        /// What is asked.
        asked: Cpu,
        /// What there is.
        there: usize,
    },
    /// More memory than there is.
    #[error("memory is {asked}, this machine has {there} MB; state less, or pass it with --memory")]
    Memory {
        /// What is asked.
        asked: Memory,
        /// What there is, in millions of bytes.
        there: u64,
    },
}

impl Order {
    /// Whether a machine with these CPUs and bytes can carry it out.
    ///
    /// # Errors
    /// A single replica asks for more than there is.
    pub fn fits(&self, cpus: usize, bytes: Option<u64>) -> Result<(), OrderError> {
        if self.cpu.get() > cpus as f64 {
            return Err(OrderError::Cpu { asked: self.cpu, there: cpus });
        }
        match bytes {
            Some(bytes) if self.memory.bytes() > bytes => {
                Err(OrderError::Memory { asked: self.memory, there: bytes / 1_000_000 })
            }
            _ => Ok(()),
        }
    }

    /// The address asked for, or with port 0 any.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port.unwrap_or(0))
    }
}
