//! Sparse matrices, the products a factorisation needs, and the truncated SVD.
//!
//! This crate holds numbers only: it has never heard of a user, a file or a log. Every answer depends on the
//! arguments alone; the number of threads in the surrounding rayon pool changes the time, never a bit.

mod csr;
mod panel;

pub use csr::{CsrError, CsrMatrix};
pub use panel::PanelMatrix;
mod svd;

pub use svd::{Svd, SvdError, SvdParams, SvdProgress, truncated_svd};
