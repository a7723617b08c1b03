//! Writing a file so that a reader sees the old one or the new one, never a part.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Lets `fill` write a temporary file in the same folder, syncs it, renames it over `path` and syncs the folder.
///
/// On an error the temporary file is removed and `path` is as it was, or already the complete new file when only the
/// folder's own sync failed.
///
/// # Errors
/// Those of `fill`, and those of the file system.
pub fn write<T, E: From<io::Error>>(path: &Path, fill: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (temporary, mut file) = create_beside(path)?;
    let written = fill(&mut file).and_then(|answer| Ok(file.sync_all().map(|()| answer)?));
    drop(file);
    match written.and_then(|answer| Ok(fs::rename(&temporary, path).map(|()| answer)?)) {
        Ok(answer) => {
            File::open(folder)?.sync_all()?;
            Ok(answer)
        }
        Err(error) => {
            // The first error is the one to report; a left-over temporary file does no harm.
            let _ = fs::remove_file(&temporary);
            Err(error)
        }
    }
}

fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    for attempt in 0..100 {
        let mut temporary = name.to_owned();
        temporary.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let temporary = path.with_file_name(temporary);
        match File::create_new(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "100 temporary files stand in the way"))
}
