//! Sparse matrices, the products a factorisation needs, and the truncated SVD.
//!
//! This crate holds numbers only: it has never heard of a user, a file or a log. Every answer depends on the
//! arguments alone; the number of threads in the surrounding rayon pool changes the time, never a bit.

mod awake;
mod basis;
mod block;
mod cholesky;
mod csr;
mod dense;
mod eigen;
mod gram;
mod lanes;
mod mirror;
mod operator;
mod panel;
mod product;
mod random;
mod ridge;
mod rows;
mod scalar;
mod scatter;
mod screen;
mod softmax;
mod sparse;
mod spgemm;
mod spmm;
mod svd;

pub use block::{Block, multiply_blocks};
pub use cholesky::{Cholesky, CholeskyError};
pub use csr::{CsrError, CsrMatrix};
pub use dense::Dense;
pub use gram::gram;
pub use operator::LinearOperator;
pub use panel::PanelMatrix;
pub use random::normal;
pub use ridge::{NoAxes, RidgeSolver, RidgeSteps, column_squares, to_principal_axes};
pub use scalar::Real;
pub use screen::Screen;
pub use softmax::Softmax;
pub use sparse::SparseOperator;
pub use spgemm::{ColumnProducts, column_products, largest};
pub use svd::{
    Solver, Svd, SvdError, SvdMemory, SvdParams, SvdProgress, svd_memory, truncated_svd, truncated_svd_sparse,
};
