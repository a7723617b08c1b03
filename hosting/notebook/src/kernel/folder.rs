//! A kernel's own folder, with its connection file and its sockets: for its owner alone, and gone when the kernel is.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use foretaste_files::PrivateFolder;
use tempfile::{Builder, TempDir};

/// How their names begin.
const PREFIX: &str = "foretaste-kernel-";
/// The file that tells a kernel where to listen, and the key that signs every message.
const CONNECTION: &str = "connection.json";
/// A folder that is younger may be on its way to being held.
const YOUNG: Duration = Duration::from_mins(1);

/// A folder that is removed when this is dropped, or swept by the next process that makes one.
#[derive(Debug)]
pub(super) struct KernelFolder {
    _held: File,
    private: PrivateFolder,
    _folder: TempDir,
}

impl KernelFolder {
    /// A new folder, among the system's temporary files.
    pub(super) fn create() -> io::Result<Self> {
        static SWEPT: Once = Once::new();
        let place = std::env::temp_dir();
        SWEPT.call_once(|| sweep(&place));
        Self::create_in(&place)
    }

    fn create_in(place: &Path) -> io::Result<Self> {
        let mode = Permissions::from_mode(0o700);
        let folder = Builder::new().prefix(PREFIX).permissions(mode).tempdir_in(place)?;
        let private = PrivateFolder::open(folder.path())?;
        let held = private.hold()?.ok_or_else(|| io::Error::other("another process holds the kernel's new folder"))?;
        Ok(Self { _held: held, private, _folder: folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.private.path()
    }

    /// Writes the connection file; returns its path.
    pub(super) fn connect(&self, connection: &[u8]) -> io::Result<std::path::PathBuf> {
        self.private.write(CONNECTION, connection)?;
        Ok(self.path().join(CONNECTION))
    }
}

/// Removes what processes that were killed have left, as far as that is possible.
fn sweep(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_none_or(|age| age < YOUNG) {
            continue;
        }
        // Another user's folder, or a link, is not opened.
        let Ok(folder) = PrivateFolder::open(&entry.path()) else { continue };
        if let Ok(Some(_held)) = folder.hold() {
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    /// Makes a folder look as old as those that killed processes left.
    fn age(folder: &Path) {
        File::open(folder).unwrap().set_modified(SystemTime::now() - YOUNG * 2).unwrap();
    }

    #[test]
    fn a_folder_goes_with_its_kernel() {
        let place = tempfile::tempdir().unwrap();
        let folder = KernelFolder::create_in(place.path()).unwrap();
        let file = folder.connect(b"{}").unwrap();
        assert_eq!(std::fs::read(file).unwrap(), b"{}");
        drop(folder);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let held = KernelFolder::create_in(place.path()).unwrap();
        age(held.path());
        let named = |name: &str| {
            let path = place.path().join(name);
            PrivateFolder::create(&path).unwrap().create_file("connection.json").unwrap();
            age(&path);
            path
        };
        let left = named("foretaste-kernel-left");
        let young = named("foretaste-kernel-young");
        File::open(&young).unwrap().set_modified(SystemTime::now()).unwrap();
        let other = named("another-program");
        let link = place.path().join("foretaste-kernel-link");
        std::os::unix::fs::symlink(&other, &link).unwrap();
        sweep(place.path());
        assert!(!left.exists());
        for kept in [held.path(), &young, &other, &link] {
            assert!(kept.exists(), "{}", kept.display());
        }
    }
}
