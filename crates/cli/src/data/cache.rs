//! Where downloads are kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use directories::ProjectDirs;

/// Overrides the user's cache folder.
const VARIABLE: &str = "FORETASTE_CACHE";
/// How unfinished downloads begin; a folder of that name is never data.
pub(super) const PARTIAL: &str = ".partial-";
/// After this long nobody is still downloading.
const ABANDONED: Duration = Duration::from_hours(24);

/// The cache folder, made if need be.
pub(super) fn folder() -> Result<PathBuf> {
    let chosen = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = chosen
        .or_else(|| ProjectDirs::from("", "", "foretaste").map(|folders| folders.cache_dir().to_owned()))
        .with_context(|| format!("this user has no home folder to keep downloads in; name one with {VARIABLE}"))?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the cache folder {}", folder.display()))?;
    Ok(folder)
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
