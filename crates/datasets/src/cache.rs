//! Where downloads are kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use directories::ProjectDirs;
use foretaste_files::PrivateFolder;

use crate::ObtainError;

/// Overrides the user's cache folder.
const VARIABLE: &str = "FORETASTE_CACHE";
/// How unfinished downloads begin; a folder of that name is never data.
pub(super) const PARTIAL: &str = ".partial-";
/// A download does not take longer than this.
const ABANDONED: Duration = Duration::from_hours(24);

/// The cache folder, made if need be.
pub(super) fn folder() -> Result<PathBuf, ObtainError> {
    let chosen = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = chosen
        .or_else(|| ProjectDirs::from("", "", "foretaste").map(|folders| folders.cache_dir().to_owned()))
        .ok_or(ObtainError::NoHome { variable: VARIABLE })?;
    match PrivateFolder::create_readable(&folder) {
        Ok(_) => Ok(folder),
        Err(source) => Err(ObtainError::Io { action: "use the cache folder", path: folder, source }),
    }
}

/// Removes what killed downloads left behind. Best effort: a leftover only takes space.
pub(super) fn remove_leftovers(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let is_partial = entry.file_name().to_string_lossy().starts_with(PARTIAL);
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if is_partial && age.is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
