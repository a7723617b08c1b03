//! The whole running system: versions, scoring pool, fit queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use foretaste::interactions::Feedback;
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use foretaste_store::{Appended, Event, NewEvent, Store, StoreError};
use rayon::ThreadPool;

use crate::clock::Clock;
use crate::fits::{FitData, FitQueue};
use crate::live::{Live, left_out};
use crate::observer::Observer;
use crate::schedule::{Schedule, Scheduled};
use crate::scoring_pool::{ScoringError, ScoringPool, ScoringThreads};
use crate::source::{Origin, SourceState};
use crate::versions::{Version, Versions};
use crate::writes::{WriteError, Writes};

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
    /// When to fit anew without being asked; see [`Service::refit_if_due`].
    pub schedule: Schedule,
}

/// Remembers the events of a store that a model lacks, which holds those up to a sequence number.
fn remember(store: &dyn Store, held: u64, feedback: Feedback, live: &Live) -> Result<(), StoreError> {
    let mut add = |event: Event| live.add(event.sequence, &event.event);
    store.of_kinds(&left_out(feedback), held, &mut add)?;
    store.since(held, &mut add)
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
    /// Where events are written; `None` without a store.
    pub writes: Option<Writes>,
    scheduled: Scheduled,
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
        let Origin { source, state, store } = origin;
        let live = Arc::new(Live::default());
        if let Some(store) = &store {
            let held = state.as_ref().and_then(SourceState::sequence).unwrap_or(0);
            remember(&**store, held, first.dataset().interactions.feedback(), &live).map_err(std::io::Error::other)?;
        }
        let versions = Arc::new(Versions::new(first, state, Arc::clone(&live), Arc::clone(&observer)));
        let ServiceConfig { threads, queue, wait, memory, schedule } = *config;
        let (scoring, scorers) = ScoringPool::start(threads, queue, wait, Arc::clone(&observer), Clock::default())?;
        let fits = FitQueue::start(Arc::clone(&versions), observer, source, train, memory)?;
        let writes = store.map(|store| Writes::start(store, live)).transpose()?;
        Ok((Self { versions, scoring, fits, writes, scheduled: Scheduled::new(schedule) }, scorers))
    }

    /// Writes events, all or none; they are durable, and count in the next list, when it returns.
    ///
    /// # Errors
    /// There is no store, or as [`Writes::append`].
    pub async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>, WriteError> {
        self.writes.as_ref().ok_or(WriteError::NoStore)?.append(events).await
    }

    /// Fits anew where the schedule says so and the data have changed; to be called now and then.
    pub fn refit_if_due(&self) {
        let (serving, age, held) = {
            let serving = self.versions.current();
            let age = jiff::Timestamp::now().duration_since(serving.recommender.provenance().fitted_at);
            let held = serving.source.as_ref().and_then(SourceState::sequence);
            // A clock that was set back has no negative age.
            (serving.number, Duration::try_from(age).unwrap_or(Duration::ZERO), held)
        };
        let events = self.writes.as_ref().zip(held).map_or(0, |(writes, held)| writes.sequence().saturating_sub(held));
        let now = Instant::now();
        if !self.scheduled.is_due(now, serving, age, events) {
            return;
        }
        match self.fits.reload() {
            Ok(Some(job)) => tracing::info!(job = job.id, events, "the schedule asks for a fit"),
            // Nothing has changed.
            Ok(None) => return,
            Err(error) => tracing::warn!(%error, "the schedule asked for a fit, which was refused"),
        }
        self.scheduled.followed(now, serving);
    }

    /// The data that a fit takes where nothing else is said: what the store holds by now, or what was loaded.
    #[must_use]
    pub fn data(&self) -> FitData {
        if self.writes.is_some() { FitData::Source } else { FitData::Loaded }
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
