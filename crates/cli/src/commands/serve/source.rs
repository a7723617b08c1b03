//! DATA as a source that a running service can read again.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use foretaste::artifact;
use foretaste::dataset::Dataset;
use foretaste_service::{Origin, Source, SourceData, SourceError, SourceState};

use crate::args::{DataArgs, ReadArgs};
use crate::data::{Place, resolve};

/// What DATA names, and its state before it is read for the first time. What cannot be read twice is kept in memory: a
/// pipe, the generated demo, published data, which do not change.
pub(super) fn origin(data: &DataArgs) -> Origin {
    let file = match resolve(&data.data) {
        Ok(Place::Ratings(path)) if Dataset::rereadable(&data.read.files(&path)) => {
            File { path, read: Some(data.read.clone()) }
        }
        Ok(Place::Model(path)) => File { path, read: None },
        // What is wrong with DATA is said when it is read.
        Ok(Place::Ratings(_) | Place::Demo | Place::BuiltIn(_)) | Err(_) => return Origin::memory(),
    };
    Origin::of(Arc::new(file)).unwrap_or_else(|_| Origin::memory())
}

/// A file or folder.
#[derive(Debug)]
struct File {
    path: PathBuf,
    /// How to read interactions; `None` for a model file.
    read: Option<ReadArgs>,
}

impl File {
    fn cannot(&self, error: impl Into<anyhow::Error>) -> SourceError {
        SourceError(format!("cannot use {}: {:#}", self.path.display(), error.into()))
    }
}

impl Source for File {
    fn state(&self) -> Result<Option<SourceState>, SourceError> {
        let paths = match &self.read {
            Some(read) => {
                let tables = read.tables();
                read.files(&self.path).into_iter().chain(tables.items).chain(tables.users).collect()
            }
            None => vec![self.path.as_path()],
        };
        SourceState::of(&paths).map_err(|error| self.cannot(error))
    }

    fn read(&self, _: Option<&SourceState>, is_cancelled: &dyn Fn() -> bool) -> Result<SourceData, SourceError> {
        let Some(read) = &self.read else {
            let model = artifact::read(&self.path).map_err(|error| self.cannot(error))?;
            return Ok(SourceData::Model(Box::new(model)));
        };
        let dataset = Dataset::load_with(&read.files(&self.path), &read.tables(), &read.options(), &mut |_| {
            if is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        Ok(SourceData::Interactions(Box::new(dataset.map_err(|error| self.cannot(error))?)))
    }
}
