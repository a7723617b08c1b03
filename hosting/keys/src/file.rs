//! The file that keeps the keys.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::{FileError, Keys};

/// The most bytes of a file: some 300,000 keys.
const MOST_BYTES: u64 = 64 << 20;

/// A file of keys, in JSON, which holds their hashes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// The file of that path, whether it is there or not.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is in it; `None` where there is no file. It may be a link, as orchestrators mount secrets, and be readable by
    /// others, who learn no key from it; but nobody else may write to it.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn read(&self) -> Result<Option<Keys>, FileError> {
        let failed = |source| FileError::Read { path: self.0.clone(), source };
        let mut file = match File::open(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let about = file.metadata().map_err(failed)?;
        if !about.is_file() {
            return Err(FileError::Content { path: self.0.clone(), reason: "it is no file".to_owned() });
        }
        let mode = about.permissions().mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(FileError::Writable { path: self.0.clone(), mode });
        }
        let mut text = Vec::new();
        Read::by_ref(&mut file).take(MOST_BYTES).read_to_end(&mut text).map_err(failed)?;
        let keys = serde_json::from_slice(&text)
            .map_err(|error| FileError::Content { path: self.0.clone(), reason: error.to_string() })?;
        Ok(Some(keys))
    }

    /// Changes what is in it, whole or not at all; other calls wait meanwhile. The file is its owner's alone.
    ///
    /// # Errors
    /// [`FileError`], and those of `change`, after which the file is as it was.
    pub fn change<T, E: From<FileError>>(&self, change: impl FnOnce(&mut Keys) -> Result<T, E>) -> Result<T, E> {
        let failed = |source| FileError::Write { path: self.0.clone(), source };
        // A link, such as to where the file is shared, stays one.
        let path = fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let held = lock(folder).map_err(failed)?;
        let mut keys = self.read()?.unwrap_or_default();
        let answer = change(&mut keys)?;
        let mut text = serde_json::to_vec_pretty(&keys).map_err(io::Error::from).map_err(failed)?;
        text.push(b'\n');
        foretaste_files::write_private(&path, |file| file.write_all(&text)).map_err(failed)?;
        drop(held);
        Ok(answer)
    }
}

/// Holds the folder, which is made if it is missing, until the file is closed.
fn lock(folder: &Path) -> io::Result<File> {
    if !folder.exists() {
        foretaste_files::PrivateFolder::create(folder)?;
    }
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyError, Role};
    use jiff::Timestamp;

    fn added(file: &KeyFile, name: &str) -> Result<(), FileError> {
        file.change(|keys| Ok(keys.add(name, Role::Read, None, None, Timestamp::now()).map(drop)?))
    }

    #[test]
    fn keys_are_kept_as_hashes_in_a_file_of_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("new/keys.json"));
        assert_eq!(file.read().unwrap(), None);
        let secret = file.change::<_, FileError>(|keys| {
            Ok(keys.add("shop", Role::Read, Some("1h"), "5/s".parse().ok(), Timestamp::now())?.0)
        });
        let (secret, text) = (secret.unwrap(), fs::read_to_string(file.path()).unwrap());
        assert!(!text.contains(secret.reveal()) && !text.contains(&secret.reveal()[4..]), "{text}");
        let keys = file.read().unwrap().unwrap();
        assert_eq!(keys.iter().map(|key| key.hash).collect::<Vec<_>>(), [secret.hash()]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(file.path()), mode(file.path().parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn changes_at_the_same_time_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.json"));
        std::thread::scope(|scope| {
            for nth in 0..8 {
                let file = &file;
                scope.spawn(move || added(file, &format!("n{nth}")).unwrap());
            }
        });
        assert_eq!(file.read().unwrap().unwrap().iter().count(), 8);
    }

    #[test]
    fn a_file_that_cannot_be_trusted_or_read_is_named_and_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.json"));
        for text in ["", "{", "[]", "{\"keys\": [{}]}", "{\"keys\": [], \"x\": 1}", "{\"keys\": [{\"name\": \"a\"}]}"] {
            fs::write(file.path(), text).unwrap();
            let error = added(&file, "a").unwrap_err();
            assert!(matches!(error, FileError::Content { .. }), "{text}: {error}");
            assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
        }
        fs::remove_file(file.path()).unwrap();
        added(&file, "a").unwrap();
        fs::set_permissions(file.path(), PermissionsExt::from_mode(0o664)).unwrap();
        assert!(matches!(file.read(), Err(FileError::Writable { mode: 0o664, .. })));
        fs::set_permissions(file.path(), PermissionsExt::from_mode(0o644)).unwrap();
        let before = fs::read(file.path()).unwrap();
        let refused: Result<(), FileError> = file.change(|keys| {
            keys.revoke("a", None)?;
            Err(KeyError::Name { found: "x".to_owned() }.into())
        });
        assert!(refused.is_err() && fs::read(file.path()).unwrap() == before);
    }
}
