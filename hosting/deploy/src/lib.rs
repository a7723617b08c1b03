//! Services on this machine: what they may use, who keeps them running, and the same elsewhere.
//!
//! ```text
//! YAML ─> Specification ─> Plan ─> client ──socket──> supervisor ─> launch (limits, exec) ─> worker
//!                                                        ^ ^ └─ record (survives all of them)    │
//!                                                        │ └─────── "ready", then "alive" ───────┤
//!                                                        └── started anew when it is gone ───────┘
//! ```
//!
//! The supervisor owns the listening socket and gives it to every worker as its standard input: a worker accepts
//! connections itself, no proxy is between. What a worker is, is not known here: a command that takes the socket and says
//! when it is ready.

pub mod client;
pub mod emit;
mod home;
pub mod launch;
mod limits;
pub mod log;
mod order;
pub mod plan;
mod process;
mod record;
pub mod spec;
mod supervisor;
pub mod worker;

pub use home::{Home, HomeError, ServiceHome};
pub use limits::Enforcement;
pub use order::{Order, OrderError};
pub use process::Identity;
pub use record::{Record, Revision, State, WorkerRecord};
pub use supervisor::{SuperviseError, supervise};
