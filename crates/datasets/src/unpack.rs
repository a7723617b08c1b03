//! Takes out of a MovieLens archive what foretaste reads.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use foretaste_files::PrivateFolder;
use zip::ZipArchive;

use crate::ObtainError;

/// Files worth their space, by the last part of their name; tags, links and genome scores are left behind.
const WANTED: &[&str] = &[
    "ratings.csv",
    "ratings.dat",
    "u.data", // ratings of latest to 32M, of 1M and 10M, of 100K
    "movies.csv",
    "movies.dat",
    "u.item",
    "u.genre", // titles likewise
    "README",
    "README.txt",
    "README.html", // conditions of use
];

/// More than the largest ratings file of the table.
const MOST_BYTES: u64 = 4 << 30;

/// Unpacks the wanted files side by side into a new folder of that name.
///
/// # Errors
/// When the archive is damaged, holds no ratings, or a file in it is larger than any of MovieLens.
pub(super) fn unpack(zip: &Path, into: &PrivateFolder, folder: &str) -> Result<(), ObtainError> {
    let file = File::open(zip).map_err(|source| refused("read the downloaded archive", zip, source))?;
    let damaged = |source| ObtainError::Damaged { source };
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let folder = into.create_folder(folder).map_err(|source| refused("make a folder in", into.path(), source))?;
    let mut has_ratings = false;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        // Only the last part is used, and only if it is in the list: no entry can name a place outside `folder`.
        let Some(name) = wanted(&String::from_utf8_lossy(entry.name_raw())) else { continue };
        let path = folder.path().join(name);
        let mut out = folder.create_file(name).map_err(|source| refused("write", &path, source))?;
        let length =
            io::copy(&mut entry.take(MOST_BYTES), &mut out).map_err(|source| refused("unpack", &path, source))?;
        if length == MOST_BYTES {
            return Err(ObtainError::Content {
                why: format!("{name} in the archive is larger than any file of MovieLens"),
            });
        }
        has_ratings |= WANTED[..3].contains(&name);
    }
    if has_ratings {
        return Ok(());
    }
    Err(ObtainError::Content { why: format!("the archive holds none of {}", WANTED[..3].join(", ")) })
}

fn refused(action: &'static str, path: &Path, source: io::Error) -> ObtainError {
    ObtainError::Io { action, path: path.to_owned(), source }
}

fn wanted(entry: &str) -> Option<&'static str> {
    let last = entry.rsplit('/').next()?;
    WANTED.iter().find(|name| **name == last).copied()
}
