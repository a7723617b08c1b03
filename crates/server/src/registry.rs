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
    kept: Mutex<Kept>,
    metrics: Arc<Metrics>,
}

/// The versions there are, oldest first.
#[derive(Debug)]
struct Kept {
    versions: VecDeque<Arc<Version>>,
    /// The number of the newest there ever was: names are given once.
    newest: u64,
}

impl Registry {
    /// A registry whose only version is `first`, and serves.
    pub(crate) fn new(first: Recommender, metrics: Arc<Metrics>) -> Self {
        let first = Version::new(1, first);
        let kept = Mutex::new(Kept { versions: VecDeque::from([Arc::clone(&first)]), newest: first.number });
        let registry = Self { current: ArcSwap::new(Arc::clone(&first)), kept, metrics };
        registry.serve(&first);
        registry
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
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
        let versions = &mut self.kept().versions;
        let serving = self.current.load().number;
        while versions.iter().map(|version| size(version)).sum::<u64>() > room {
            let Some(oldest) = versions.iter().position(|version| version.number != serving) else { return };
            versions.remove(oldest);
        }
    }

    /// The version that serves. Take it once a reply.
    pub(crate) fn current(&self) -> Guard<Arc<Version>> {
        self.current.load()
    }

    /// Gives `recommender` the next name, lets it serve, and forgets the oldest version beyond the kept ones.
    pub(crate) fn publish(&self, recommender: Recommender) -> Arc<Version> {
        let mut kept = self.kept();
        kept.newest += 1;
        let version = Version::new(kept.newest, recommender);
        kept.versions.push_back(Arc::clone(&version));
        while kept.versions.len() > KEPT {
            kept.versions.pop_front();
        }
        self.serve(&version);
        version
    }

    /// Lets a kept version serve; `None` when there is none of that name.
    pub(crate) fn activate(&self, name: &str) -> Option<Arc<Version>> {
        let kept = self.kept();
        let version = kept.versions.iter().find(|version| version.name == name)?;
        self.serve(version);
        Some(Arc::clone(version))
    }

    /// The kept versions, oldest first, and the one that serves, as of one moment.
    pub(crate) fn list(&self) -> (Vec<Arc<Version>>, Arc<Version>) {
        let kept = self.kept();
        (kept.versions.iter().cloned().collect(), self.current.load_full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::ops::ControlFlow;

    use foretaste::dataset::Dataset;
    use foretaste::models::FitParams;

    fn recommender() -> Recommender {
        let params = FitParams { rank: 2, ..FitParams::default() };
        let data = Arc::new(Dataset::demo().unwrap());
        let mut progress = |_| ControlFlow::Continue(());
        Recommender::fit(data, &params, jiff::Timestamp::UNIX_EPOCH, &mut progress).unwrap()
    }

    fn names(registry: &Registry) -> Vec<String> {
        registry.list().0.iter().map(|version| version.name.clone()).collect()
    }

    #[test]
    fn the_oldest_versions_give_way_but_never_the_one_that_serves_and_no_name_is_given_twice() {
        let registry = Registry::new(recommender(), Arc::new(Metrics::new()));
        for _ in 0..3 {
            registry.publish(recommender());
        }
        registry.activate("v2").unwrap();
        registry.shrink(3, |_| 1);
        assert_eq!(names(&registry), ["v2", "v3", "v4"]);
        registry.shrink(0, |_| 1);
        assert_eq!(names(&registry), ["v2"]);
        assert_eq!(registry.publish(recommender()).name, "v5");
        assert_eq!(names(&registry), ["v2", "v5"]);
    }
}
