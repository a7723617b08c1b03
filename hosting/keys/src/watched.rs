//! Keys of a file that is looked at again while they are in use.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{FileError, Key, KeyFile, KeyHash, KeyStore, Keys};

/// How long what was read counts before the file is looked at again.
const FRESH: Duration = Duration::from_secs(1);

/// The keys of a file: what is added or revoked counts within a second. A file that cannot be read any more leaves the
/// keys that were there, and is named in the log.
#[derive(Debug)]
pub struct WatchedFile {
    file: KeyFile,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    keys: Arc<Keys>,
    state: Option<State>,
    looked: Instant,
}

/// What differs when a file was written: its place, its size, its time.
type State = (u64, u64, u64, i64, i64);

impl WatchedFile {
    /// Reads the file. One that is not there holds no keys.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn open(file: KeyFile) -> Result<Self, FileError> {
        let state = state(&file);
        let keys = Arc::new(file.read()?.unwrap_or_default());
        Ok(Self { file, seen: Mutex::new(Seen { keys, state, looked: Instant::now() }) })
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &KeyFile {
        &self.file
    }

    /// The keys as they are now.
    pub fn keys(&self) -> Arc<Keys> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked.elapsed() >= FRESH {
            seen.looked = Instant::now();
            self.look(&mut seen);
        }
        Arc::clone(&seen.keys)
    }

    fn look(&self, seen: &mut Seen) {
        let now = state(&self.file);
        if now == seen.state {
            return;
        }
        // What is wrong with it is said once, not at each look.
        seen.state = now;
        match self.file.read() {
            Ok(Some(keys)) => {
                tracing::info!(keys = keys.iter().count(), "the keys were read again");
                seen.keys = Arc::new(keys);
            }
            Ok(None) => {
                tracing::error!(path = ?self.file.path(), "the file of keys is gone, those that were in it stay")
            }
            Err(error) => tracing::error!(%error, "the keys that were read before stay"),
        }
    }
}

fn state(file: &KeyFile) -> Option<State> {
    let about = fs::metadata(file.path()).ok()?;
    Some((about.dev(), about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
}

impl KeyStore for WatchedFile {
    fn find(&self, hash: &KeyHash) -> Option<Key> {
        self.keys().find(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, Secret};
    use jiff::Timestamp;

    fn add(file: &KeyFile, name: &str) -> Secret {
        let add = |keys: &mut Keys| Ok::<_, FileError>(keys.add(name, Role::Read, None, None, Timestamp::now())?.0);
        file.change(add).unwrap()
    }

    /// The same, as it is once it was looked at again.
    fn later(watched: &WatchedFile) -> Arc<Keys> {
        watched.seen.lock().unwrap().looked = Instant::now().checked_sub(FRESH).unwrap();
        watched.keys()
    }

    #[test]
    fn what_changes_in_the_file_counts_and_what_breaks_it_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::new(folder.path().join("keys.json"));
        let watched = WatchedFile::open(file.clone()).unwrap();
        assert!(watched.keys().is_empty());
        let (a, b) = (add(&file, "a"), add(&file, "b"));
        assert!(watched.find(&a.hash()).is_none(), "not before it is looked at again");
        assert!(later(&watched).find(&a.hash()).is_some() && watched.find(&b.hash()).is_some());
        file.change(|keys| keys.revoke("a", None).map(drop).map_err(FileError::from)).unwrap();
        assert!(later(&watched).find(&a.hash()).is_none() && watched.find(&b.hash()).is_some());
        fs::write(file.path(), "{").unwrap();
        assert!(later(&watched).find(&b.hash()).is_some(), "a broken file takes no key away");
        fs::remove_file(file.path()).unwrap();
        assert!(later(&watched).find(&b.hash()).is_some(), "nor does one that is gone");
        let c = add(&file, "c");
        assert!(later(&watched).find(&c.hash()).is_some() && watched.find(&b.hash()).is_none());
    }
}
