//! Figures about the service: the tutorial's recomputations, and everything for Prometheus.

pub(crate) mod prometheus;
pub(crate) mod recomputes;
