//! Where the data comes from, and whether it has changed since it was read.

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use foretaste::dataset::Dataset;
use foretaste::recommend::Recommender;
use foretaste_store::Store;

/// Most files that a state is made of; a folder with more is compared by the first of them in the order of names.
const MOST_FILES: usize = 10_000;

/// Data that can be read again while the service runs.
pub trait Source: fmt::Debug + Send + Sync {
    /// The state of the source now, found out without reading it; `None` for what cannot be read twice, such as a pipe.
    ///
    /// # Errors
    /// The source is gone or cannot be looked at.
    fn state(&self) -> Result<Option<SourceState>, SourceError>;

    /// Reads the source from its beginning, as it was in a state where it can tell, in the thread pool this is called in.
    /// `is_cancelled` is asked now and then.
    ///
    /// # Errors
    /// The source cannot be read, or the reading was cancelled.
    fn read(&self, state: Option<&SourceState>, is_cancelled: &dyn Fn() -> bool) -> Result<SourceData, SourceError>;
}

/// What a source holds.
#[derive(Debug)]
pub enum SourceData {
    /// Interactions, to fit a model to.
    Interactions(Box<Dataset>),
    /// A fitted model with its interactions.
    Model(Box<Recommender>),
}

/// Why a source cannot be read, as a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Size, time of change and inode of every file of a source, or how far a store was written. Equal states mean that nothing
/// was written in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState(State);

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Files(Vec<FileState>),
    /// The sequence number of the last event.
    Events(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FileState {
    path: PathBuf,
    bytes: u64,
    changed: Option<SystemTime>,
    device: u64,
    inode: u64,
}

impl SourceState {
    /// The state of some files, and of all files in some folders and the folders in them. `None` when a path is neither
    /// a file nor a folder: a pipe cannot be read twice. O(files).
    ///
    /// # Errors
    /// A path does not exist or cannot be looked at.
    pub fn of(paths: &[&Path]) -> io::Result<Option<Self>> {
        let mut files = Vec::new();
        for path in paths {
            let metadata = std::fs::metadata(path)?;
            if metadata.is_dir() {
                add_folder(path, &mut files)?;
            } else if metadata.is_file() {
                files.push(FileState::of(path, &metadata));
            } else {
                return Ok(None);
            }
        }
        Ok(Some(Self(State::Files(files))))
    }

    /// The state of a store whose last event has that sequence number.
    #[must_use]
    pub fn events(sequence: u64) -> Self {
        Self(State::Events(sequence))
    }

    /// The sequence number of the last event, of a store.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        match self.0 {
            State::Events(sequence) => Some(sequence),
            State::Files(_) => None,
        }
    }
}

impl FileState {
    fn of(path: &Path, metadata: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            bytes: metadata.len(),
            changed: metadata.modified().ok(),
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

fn add_folder(folder: &Path, files: &mut Vec<FileState>) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        if files.len() >= MOST_FILES {
            return Ok(());
        }
        // A link to nowhere, or a file that was removed meanwhile, is no part of the data.
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.is_file() {
            files.push(FileState::of(&path, &metadata));
        } else if metadata.is_dir() && !path.is_symlink() {
            add_folder(&path, files)?;
        }
    }
    Ok(())
}

/// A source, and the state in which the first model's data was read from it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The source.
    pub source: Arc<dyn Source>,
    /// Its state right before it was read.
    pub state: Option<SourceState>,
    /// Where events are written, if it is a store.
    pub store: Option<Arc<dyn Store>>,
}

impl Origin {
    /// Data that is in memory only.
    #[must_use]
    pub fn memory() -> Self {
        Self { source: Arc::new(InMemory), state: None, store: None }
    }

    /// A source whose state is taken now; read it after this.
    ///
    /// # Errors
    /// As [`Source::state`].
    pub fn of(source: Arc<dyn Source>) -> Result<Self, SourceError> {
        let state = source.state()?;
        Ok(Self { source, state, store: None })
    }
}

/// Data that cannot be read again.
#[derive(Debug)]
struct InMemory;

impl Source for InMemory {
    fn state(&self) -> Result<Option<SourceState>, SourceError> {
        Ok(None)
    }

    fn read(&self, _: Option<&SourceState>, _: &dyn Fn() -> bool) -> Result<SourceData, SourceError> {
        Err(SourceError("the data is in memory only and cannot be read again".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(path: &Path) -> Option<SourceState> {
        SourceState::of(&[path]).unwrap()
    }

    #[test]
    fn a_change_of_size_of_time_or_of_inode_changes_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ratings.csv");
        std::fs::write(&file, "abc").unwrap();
        let time = std::fs::metadata(&file).unwrap().modified().unwrap();
        let keep_time =
            |path: &Path| std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        let before = state(&file);
        assert!(before.is_some());
        assert_eq!(state(&file), before);
        std::fs::write(&file, "abcd").unwrap();
        keep_time(&file);
        assert_ne!(state(&file), before, "the size differs");
        std::fs::write(&file, "abc").unwrap();
        keep_time(&file);
        assert_eq!(state(&file), before);
        let later = time + std::time::Duration::from_secs(1);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        assert_ne!(state(&file), before, "the time differs");
        let other = folder.path().join("other");
        std::fs::write(&other, "abc").unwrap();
        keep_time(&other);
        std::fs::rename(&other, &file).unwrap();
        assert_ne!(state(&file), before, "the inode differs");
    }

    #[test]
    fn a_folder_changes_with_any_file_in_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("parts")).unwrap();
        std::fs::write(folder.path().join("parts/1.csv"), "a").unwrap();
        let before = state(folder.path());
        std::fs::write(folder.path().join("parts/2.csv"), "").unwrap();
        assert_ne!(state(folder.path()), before);
    }

    #[test]
    fn a_device_cannot_be_read_twice_and_what_is_gone_is_an_error() {
        assert_eq!(state(Path::new("/dev/null")), None);
        assert!(SourceState::of(&[Path::new("/nowhere/at/all")]).is_err());
    }
}
