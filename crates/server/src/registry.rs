//! The versions of the model: one serves, the last few are kept to roll back to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use axum::http::HeaderValue;
use foretaste::recommend::Recommender;

use crate::metrics::prometheus::Metrics;

/// Versions kept, the one that serves included.
pub(crate) const KEPT: usize = 5;

/// A published model under its name: `v1` is the first of this process.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) name: String,
    /// The name, ready to be sent.
    pub(crate) header: HeaderValue,
    pub(crate) recommender: Recommender,
}

impl Version {
    fn new(number: u64, recommender: Recommender) -> Arc<Self> {
        let name = format!("v{number}");
        let header = HeaderValue::from_str(&name).unwrap_or_else(|_| HeaderValue::from_static("v"));
        Arc::new(Self { number, name, header, recommender })
    }
}

/// Reads take no lock; publishing and rolling back take one.
#[derive(Debug)]
pub(crate) struct Registry {
    current: ArcSwap<Version>,
    kept: Mutex<VecDeque<Arc<Version>>>,
    metrics: Arc<Metrics>,
}

impl Registry {
    /// A registry whose only version is `first`, and serves.
    pub(crate) fn new(first: Recommender, metrics: Arc<Metrics>) -> Self {
        let first = Version::new(1, first);
        let kept = Mutex::new(VecDeque::from([Arc::clone(&first)]));
        let registry = Self { current: ArcSwap::new(Arc::clone(&first)), kept, metrics };
        registry.serve(&first);
        registry
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Version>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, version: &Arc<Version>) {
        self.current.store(Arc::clone(version));
        self.metrics.model_number.set(version.number);
        let rank = version.recommender.provenance().params.rank;
        self.metrics.model_rank.set(i64::try_from(rank).unwrap_or(i64::MAX));
    }

    /// Forgets versions, the oldest first and never the one that serves, until the rest has a total `size` of at most `room`.
    pub(crate) fn shrink(&self, room: u64, size: impl Fn(&Version) -> u64) {
        let mut kept = self.kept();
        let serving = self.current.load().number;
        while kept.iter().map(|version| size(version)).sum::<u64>() > room {
            let Some(oldest) = kept.iter().position(|version| version.number != serving) else { return };
            kept.remove(oldest);
        }
    }

    /// The version that serves. Take it once a reply.
    pub(crate) fn current(&self) -> Guard<Arc<Version>> {
        self.current.load()
    }

    /// Gives `recommender` the next name, lets it serve, and forgets the oldest version beyond the kept ones.
    pub(crate) fn publish(&self, recommender: Recommender) -> Arc<Version> {
        let mut kept = self.kept();
        let number = kept.back().map_or(1, |newest| newest.number + 1);
        let version = Version::new(number, recommender);
        kept.push_back(Arc::clone(&version));
        while kept.len() > KEPT {
            kept.pop_front();
        }
        self.serve(&version);
        version
    }

    /// Lets a kept version serve; `None` when there is none of that name.
    pub(crate) fn activate(&self, name: &str) -> Option<Arc<Version>> {
        let kept = self.kept();
        let version = kept.iter().find(|version| version.name == name)?;
        self.serve(version);
        Some(Arc::clone(version))
    }

    /// The kept versions, oldest first, and the one that serves, as of one moment.
    pub(crate) fn list(&self) -> (Vec<Arc<Version>>, Arc<Version>) {
        let kept = self.kept();
        (kept.iter().cloned().collect(), self.current.load_full())
    }
}
