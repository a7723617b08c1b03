//! The model file: everything a recommender needs, in one checked file.
//!
//! The container is drawn in `foretaste_data::container`; the data's sections are listed in `data.rs`, each model's beside
//! the model. A file is written whole or not at all, and every byte of it is covered by a checksum: no truncation and no
//! flipped byte is read as a model. Section 1 is the JSON of [`Provenance`], which names the model.

mod data;
mod v1;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

pub use foretaste_data::container::ContainerError;
use foretaste_data::container::{MAGIC, Reader, Section, Writer};
use foretaste_models::ModelParams;

use crate::recommend::{Provenance, Recommender};

/// The version of the format that is written; every version up to it is read.
const VERSION: u32 = 2;

const PROVENANCE: Section = Section { kind: 1, name: "provenance" };

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
    /// The bytes are no model file, or the model does not fit into one.
    #[error(transparent)]
    Content(#[from] ContainerError),
}

/// Writes the model file, atomically, and returns its length in bytes.
///
/// # Errors
/// When the file cannot be written; `path` then holds what it held before.
pub fn write(path: &Path, recommender: &Recommender) -> Result<u64, ArtifactError> {
    let bytes = to_bytes(recommender)?;
    foretaste_files::write(path, |file| file.write_all(&bytes))
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
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == MAGIC
}

/// The bytes of the model file.
///
/// # Errors
/// When ids or titles take more than 4 GiB.
pub fn to_bytes(recommender: &Recommender) -> Result<Vec<u8>, ArtifactError> {
    let mut file = Writer::default();
    let provenance = serde_json::to_vec(recommender.provenance());
    file.bytes(PROVENANCE, provenance.map_err(|_| ContainerError::TooLarge { what: PROVENANCE.name })?);
    data::save(recommender.dataset(), &mut file)?;
    recommender.model().save(&mut file)?;
    Ok(file.finish(VERSION))
}

/// Reads the bytes of a model file. Allocates a small multiple of their length, never by a number that they state.
///
/// # Errors
/// As [`read`].
pub fn from_bytes(bytes: &[u8]) -> Result<Recommender, ArtifactError> {
    let known: Vec<&[Section]> =
        [&[PROVENANCE][..], data::SECTIONS].into_iter().chain(ModelParams::SECTIONS.iter().copied()).collect();
    let file = Reader::open(bytes, VERSION, &known)?;
    if file.version() == 1 {
        return Ok(v1::decode(&file)?);
    }
    let provenance: Provenance = serde_json::from_slice(file.bytes(PROVENANCE)?)
        .map_err(|_| PROVENANCE.corrupt("JSON without the fields that belong there"))?;
    let shape = provenance.shape();
    let dataset = data::load(&provenance.dataset, &shape, &file)?;
    if dataset.hash() != provenance.data_hash {
        return Err(data::VALUES.corrupt("other interactions than the provenance says").into());
    }
    let model = provenance.params.load(&shape, &file)?;
    Ok(Recommender::new(Arc::new(dataset), model, provenance))
}
