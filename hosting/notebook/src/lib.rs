//! Serves the annotated cells of a Jupyter notebook as HTTP endpoints, on real kernels.
//!
//! ```text
//! file ─> Notebook (routes, seeds)          socket ─> net ─> http ─> pool (bounded queue) ─> kernel (Jupyter protocol)
//! ```

mod error;
mod gateway;
mod http;
mod kernel;
mod metrics;
mod notebook;
mod pool;

pub use error::GatewayError;
pub use gateway::{Gateway, GatewayConfig};
pub use kernel::{ChoiceError, StartError, launch};
pub use notebook::{Notebook, NotebookError, PatternError, Route, Verb};
