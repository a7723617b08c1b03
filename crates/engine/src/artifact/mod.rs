//! The model file: everything a recommender needs, in one checked file.
//!
//! The container is drawn in `container.rs`, the sections are listed in `layout.rs`. A file is written whole or not at
//! all, and every byte of it is covered by a checksum: no truncation and no flipped byte is read as a model.

mod container;
mod decode;
mod encode;
mod layout;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::recommend::Recommender;

/// Why a model file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The operating system said no.
    #[error("cannot {action} the file")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The file does not begin as a model file does.
    #[error("this is not a foretaste model file: it does not begin with `foretast`")]
    NotAModel,
    /// The format is newer than this program, or nonsense.
    #[error("the file has format version {found}, this foretaste reads 1 to {newest}")]
    Version {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        newest: u32,
    },
    /// The file is shorter or longer than it says itself.
    #[error("the file has {found} bytes, expected {expected}")]
    Truncated {
        /// Length of the file.
        found: u64,
        /// Length by its own header.
        expected: u64,
    },
    /// Bytes have changed since the file was written.
    #[error("the checksum of the {what} does not match: the file is damaged")]
    Checksum {
        /// The part of the file.
        what: &'static str,
    },
    /// The checksums hold, but the content breaks a rule of the format.
    #[error("the {what} hold {why}")]
    Corrupt {
        /// The part of the file.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A part has the wrong number of entries.
    #[error("the {what} have {found} entries, expected {expected}")]
    Count {
        /// The part of the file.
        what: &'static str,
        /// Number of entries found.
        found: usize,
        /// Number of entries that belong there.
        expected: usize,
    },
    /// The model does not fit into the format.
    #[error("the {what} are too large for a model file: the format allows 4 GiB of text a table")]
    TooLarge {
        /// The part of the model.
        what: &'static str,
    },
}

/// Writes the model file, atomically, and returns its length in bytes.
///
/// # Errors
/// When the file cannot be written; `path` then holds what it held before.
pub fn write(path: &Path, recommender: &Recommender) -> Result<u64, ArtifactError> {
    let bytes = to_bytes(recommender)?;
    foretaste_atomic::write(path, |file| file.write_all(&bytes))
        .map_err(|source| ArtifactError::Io { action: "write", source })?;
    Ok(bytes.len() as u64)
}

/// Reads a model file, in one read.
///
/// # Errors
/// When the file cannot be read, or is not a complete and undamaged model file of a version that is known.
pub fn read(path: &Path) -> Result<Recommender, ArtifactError> {
    let bytes = std::fs::read(path).map_err(|source| ArtifactError::Io { action: "read", source })?;
    from_bytes(&bytes)
}

/// Whether a file begins as a model file does; false where it cannot be read.
#[must_use]
pub fn is_model_file(path: &Path) -> bool {
    let mut start = [0; 8];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == container::MAGIC
}

/// The bytes of the model file.
///
/// # Errors
/// When ids or titles take more than 4 GiB.
pub fn to_bytes(recommender: &Recommender) -> Result<Vec<u8>, ArtifactError> {
    encode::encode(recommender)
}

/// Reads the bytes of a model file. Allocates a small multiple of their length, never by a number that they state.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(bytes: &[u8]) -> Result<Recommender, ArtifactError> {
    decode::decode(bytes)
}
