//! What the handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foretaste::models::FitParams;
use foretaste_net::{Limits, Slots};

use crate::door::Door;
use crate::error::ApiError;
use crate::fits::Fits;
use crate::metrics::prometheus::Metrics;
use crate::metrics::recomputes::Recomputes;
use crate::registry::{Registry, Version};

/// The state of the service, as handlers see it.
pub(crate) type Shared = Arc<App>;

/// Everything that outlives a request.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) registry: Arc<Registry>,
    pub(crate) door: Door,
    pub(crate) fits: Fits,
    pub(crate) recomputes: Recomputes,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) slots: Arc<Slots>,
    stopping: AtomicBool,
}

impl App {
    pub(crate) fn new(
        registry: Arc<Registry>,
        door: Door,
        fits: Fits,
        metrics: Arc<Metrics>,
        limits: Arc<Limits>,
    ) -> Self {
        let slots = Slots::new(limits.connections, limits.connections_per_ip);
        let (recomputes, stopping) = (Recomputes::default(), AtomicBool::new(false));
        Self { registry, door, fits, recomputes, metrics, limits, slots, stopping }
    }

    /// Has `work` done by a scoring thread, with the version that serves at that moment.
    ///
    /// # Errors
    /// The door is full or late, the work panicked, or what `work` says.
    pub(crate) async fn score<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Version) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let registry = Arc::clone(&self.registry);
        self.door.run(move || work(&registry.current())).await?
    }

    /// The parameters of the version that serves, from which a refit departs.
    pub(crate) fn fit_defaults(&self) -> FitParams {
        self.registry.current().recommender.provenance().params.clone()
    }

    /// From now on the service is not ready.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether new work should be sent here.
    pub(crate) fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Acquire)
    }
}
