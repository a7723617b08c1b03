//! The figures for a Prometheus scraper.

use std::sync::Mutex;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The text format that the figures are in.
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A count of replies by status.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StatusLabel {
    status: u16,
}

/// Every figure, and the registry that prints them.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Kernels that are ready or at work.
    pub(crate) alive: Gauge,
    /// Kernels that were lost.
    pub(crate) restarts: Counter,
    /// Requests that wait for a kernel.
    pub(crate) waiting: Gauge,
    /// Requests refused because the queue was full.
    pub(crate) refused: Counter,
    replies: Family<StatusLabel, Counter>,
    took: Histogram,
    registry: Mutex<Registry>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            alive: Gauge::default(),
            restarts: Counter::default(),
            waiting: Gauge::default(),
            refused: Counter::default(),
            replies: Family::default(),
            // 1 ms to 65 s.
            took: Histogram::new(exponential_buckets(1e-3, 2.0, 17)),
            registry: Mutex::new(Registry::with_prefix("foretaste_notebook")),
        };
        if let Ok(mut registry) = metrics.registry.lock() {
            registry.register("http_replies", "Replies by status", metrics.replies.clone());
            let seconds = Unit::Seconds;
            registry.register_with_unit(
                "endpoint",
                "Time from request to reply of an endpoint",
                seconds,
                metrics.took.clone(),
            );
            registry.register("kernels_alive", "Kernels that are ready or at work", metrics.alive.clone());
            registry.register("kernels_lost", "Kernels that were lost and replaced", metrics.restarts.clone());
            registry.register("waiting", "Requests that wait for a kernel", metrics.waiting.clone());
            registry.register("refused", "Requests refused because the queue was full", metrics.refused.clone());
        }
        metrics
    }

    /// Counts one reply; `took` when an endpoint gave it.
    pub(crate) fn replied(&self, status: u16, took: Option<Duration>) {
        self.replies.get_or_create(&StatusLabel { status }).inc();
        if let Some(took) = took {
            self.took.observe(took.as_secs_f64());
        }
    }

    /// The OpenMetrics 1.0 text.
    pub(crate) fn open_metrics(&self) -> String {
        let mut text = String::new();
        if let Ok(registry) = self.registry.lock() {
            // Writing to a string cannot fail.
            let _ = encode(&mut text, &registry);
        }
        text
    }
}
