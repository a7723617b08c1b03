//! What the handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foretaste_net::{Budget, Limits, Slots};
use foretaste_service::{Service, Version};

use crate::error::ApiError;
use crate::metrics::prometheus::Metrics;
use crate::metrics::recomputes::Recomputes;

/// The state of the server, as handlers see it.
pub(crate) type Shared = Arc<App>;

/// Everything that outlives a request.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) service: Service,
    pub(crate) recomputes: Recomputes,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) slots: Arc<Slots>,
    /// What clients may make the process hold.
    pub(crate) budget: Budget,
    /// Whether a key is needed.
    pub(crate) asks_for_keys: bool,
    stopping: AtomicBool,
}

impl App {
    pub(crate) fn new(
        service: Service,
        metrics: Arc<Metrics>,
        limits: Arc<Limits>,
        budget: Budget,
        asks_for_keys: bool,
    ) -> Self {
        let slots = Slots::new(limits.connections, limits.connections_per_ip);
        let (recomputes, stopping) = (Recomputes::default(), AtomicBool::new(false));
        Self { service, recomputes, metrics, limits, slots, budget, asks_for_keys, stopping }
    }

    /// Has `work` done by a scoring thread, with the version that serves at that moment.
    ///
    /// # Errors
    /// The scoring pool is full or late, the work panicked, or what `work` says.
    pub(crate) async fn score<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Version) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.service.score(work).await
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
