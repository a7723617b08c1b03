//! A store as a source of data: read again, it is what it was at a sequence number.

use std::sync::Arc;

use foretaste_store::Store;

use crate::source::{Origin, Source, SourceData, SourceError, SourceState};

/// The events of a store.
#[derive(Debug)]
struct Stored(Arc<dyn Store>);

impl Source for Stored {
    fn state(&self) -> Result<Option<SourceState>, SourceError> {
        Ok(Some(SourceState::events(self.0.sequence())))
    }

    fn read(&self, state: Option<&SourceState>, is_cancelled: &dyn Fn() -> bool) -> Result<SourceData, SourceError> {
        let until = state.and_then(SourceState::sequence).unwrap_or_else(|| self.0.sequence());
        let data = self.0.snapshot(until, is_cancelled).map_err(|error| SourceError(error.to_string()))?;
        Ok(SourceData::Interactions(Box::new(data)))
    }
}

impl Origin {
    /// A store whose events up to a sequence number the first model was fitted to.
    #[must_use]
    pub fn stored(store: Arc<dyn Store>, sequence: u64) -> Self {
        let (source, state) = (Arc::new(Stored(Arc::clone(&store))), Some(SourceState::events(sequence)));
        Self { source, state, store: Some(store) }
    }
}
