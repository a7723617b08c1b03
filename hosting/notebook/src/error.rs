//! Why a notebook is not served.

use std::io;
use std::time::Duration;

use foretaste_net::LimitError;

use crate::kernel::{ChoiceError, StartError};

/// Why a gateway did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// There is no kernel for the notebook.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// A kernel did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A cell that runs at the start failed.
    #[error("cell {cell} failed at the start: {name}: {value}{}\n{traceback}", hint(name, value))]
    Seed {
        /// The cell's number, from 1.
        cell: usize,
        /// The exception's name.
        name: String,
        /// What it says.
        value: String,
        /// The traceback, without colours.
        traceback: String,
    },
    /// A kernel, or a cell that runs at the start, took too long.
    #[error("{} after {} s, which is all that a start may take", stage(*cell), after.as_secs_f64())]
    TooSlow {
        /// The cell that ran, from 1; 0 when the kernel did not answer yet.
        cell: usize,
        /// The time allowed.
        after: Duration,
    },
    /// A number is zero or larger than the machinery takes.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Threads or sockets cannot be had.
    #[error("cannot run the gateway")]
    System(#[source] io::Error),
}

fn stage(cell: usize) -> String {
    if cell == 0 { "the kernel did not answer".to_owned() } else { format!("cell {cell} still ran") }
}

/// What to do about an error that comes of a cell that was meant to be an endpoint.
fn hint(name: &str, value: &str) -> &'static str {
    if name == "NameError" && value.contains("'REQUEST'") {
        "; only a cell that begins with a line such as `# GET /path` has a request"
    } else {
        ""
    }
}
