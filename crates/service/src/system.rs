//! The whole running system: versions, scoring pool, fit queue.

use std::sync::Arc;
use std::time::Duration;

use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use rayon::ThreadPool;

use crate::clock::Clock;
use crate::fits::FitQueue;
use crate::observer::Observer;
use crate::scoring_pool::{ScoringError, ScoringPool, ScoringThreads};
use crate::source::Origin;
use crate::versions::{Version, Versions};

/// Threads, queue and memory of a [`Service`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceConfig {
    /// Threads that score.
    pub threads: usize,
    /// Requests that may wait for a scoring thread, whatever they cost; one more is refused at once.
    pub queue: usize,
    /// The longest that a request may wait for a scoring thread; one that would wait longer is refused at once.
    pub wait: Duration,
    /// Bytes that interactions, models and a fit may hold; `None` is no bound.
    pub memory: Option<u64>,
}

/// The running system.
#[derive(Debug)]
pub struct Service {
    /// The versions of the model.
    pub versions: Arc<Versions>,
    /// Where requests are scored.
    pub scoring: ScoringPool,
    /// Where models are fitted.
    pub fits: FitQueue,
}

impl Service {
    /// Starts the threads. `first`, whose data was read from `origin`, serves as `v1`; refits run on `train`.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        config: &ServiceConfig,
        first: Recommender,
        origin: Origin,
        train: ThreadPool,
        observer: Arc<dyn Observer>,
    ) -> std::io::Result<(Self, ScoringThreads)> {
        let Origin { source, state } = origin;
        let versions = Arc::new(Versions::new(first, state, Arc::clone(&observer)));
        let ServiceConfig { threads, queue, wait, memory } = *config;
        let (scoring, scorers) = ScoringPool::start(threads, queue, wait, Arc::clone(&observer), Clock::default())?;
        let fits = FitQueue::start(Arc::clone(&versions), observer, source, train, memory)?;
        Ok((Self { versions, scoring, fits }, scorers))
    }

    /// Has `work` done by a scoring thread, with the version that serves at that moment.
    ///
    /// # Errors
    /// The pool is full or late, the work panicked, or what `work` says.
    pub async fn score<T: Send + 'static, E: From<ScoringError> + Send + 'static>(
        &self,
        work: impl FnOnce(&Version) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let versions = Arc::clone(&self.versions);
        self.scoring.run(move || work(&versions.current())).await?
    }

    /// The parameters of the version that serves, from which a refit departs.
    #[must_use]
    pub fn params(&self) -> ModelParams {
        self.versions.current().recommender.provenance().params.clone()
    }
}
