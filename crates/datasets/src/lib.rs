//! Published data sets: their names, their checksums, and a cache of what was downloaded.

mod builtin;
mod cache;
mod download;
mod error;
mod unpack;

use std::path::PathBuf;

pub use builtin::{Archive, DEMO, SOURCE, find, names, nearest};
pub use error::ObtainError;

/// What happens while an archive is obtained.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The download begins.
    Started {
        /// From where.
        url: &'a str,
    },
    /// More of the archive has come.
    Received {
        /// Bytes so far.
        bytes: u64,
        /// Bytes that the source announced, if it did.
        announced: Option<u64>,
    },
    /// The files are in place.
    Kept {
        /// Bytes downloaded.
        bytes: u64,
        /// The folder that holds them.
        folder: &'a std::path::Path,
    },
}

/// A folder on this disk with the published data: from the cache, or downloaded into it from `mirror` or GroupLens.
///
/// # Errors
/// When the download fails or is not what was published, or the cache folder cannot be written.
pub fn obtain(
    archive: &Archive,
    mirror: Option<&str>,
    events: &mut dyn FnMut(Event<'_>),
) -> Result<PathBuf, ObtainError> {
    let cache = cache::folder()?;
    let folder = cache.join(archive.name);
    if folder.is_dir() {
        return Ok(folder);
    }
    cache::remove_leftovers(&cache);
    download::download(archive, mirror, &cache, &folder, events)?;
    Ok(folder)
}
