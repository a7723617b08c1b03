//! Files that are written whole or not at all, or line by line, and folders, files and sockets for their owner alone.
//!
//! It stands below everything else because models, generated data, downloads, kernels and the records of services need it,
//! in crates that must not know each other.

mod journal;
mod private;
mod whole;

pub use journal::Journal;
pub use private::{NotPrivate, PrivateFolder, write_private};
pub use whole::write;
