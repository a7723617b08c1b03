//! The versions of the model: one serves, the last few are kept to roll back to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use foretaste::recommend::Recommender;

use crate::live::{Live, Since};
use crate::observer::Observer;
use crate::source::SourceState;

/// Versions kept, the one that serves included.
pub const KEPT: usize = 5;

/// A published model under its name: `v1` is the first of this process.
#[derive(Debug)]
pub struct Version {
    /// Counts up from 1.
    pub number: u64,
    /// `v` and the number.
    pub name: String,
    /// The model and its data.
    pub recommender: Recommender,
    /// The state of the source that the data was read in; `None` where the data was not read, or cannot be read twice.
    pub source: Option<SourceState>,
    live: Arc<Live>,
}

impl Version {
    fn new(number: u64, recommender: Recommender, source: Option<SourceState>, live: &Arc<Live>) -> Arc<Self> {
        Arc::new(Self { number, name: format!("v{number}"), recommender, source, live: Arc::clone(live) })
    }

    /// What a user did that this version does not hold; nothing without a store.
    #[must_use]
    pub fn since(&self, user: &str) -> Since {
        let held = self.source.as_ref().and_then(SourceState::sequence);
        held.map_or_else(Since::default, |held| self.live.since(user, held, self.recommender.dataset()))
    }
}

/// A version that was asked to serve, and does.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The version.
    pub version: Arc<Version>,
    /// The number of the version that served until then.
    pub before: u64,
}

impl Activated {
    /// Whether another version served until then.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.before != self.version.number
    }
}

/// All versions. Reads take no lock; publishing and rolling back take one.
#[derive(Debug)]
pub struct Versions {
    current: ArcSwap<Version>,
    kept: Mutex<Kept>,
    live: Arc<Live>,
    observer: Arc<dyn Observer>,
}

/// The versions there are, oldest first.
#[derive(Debug)]
struct Kept {
    versions: VecDeque<Arc<Version>>,
    /// The number of the newest there ever was: names are given once.
    newest: u64,
}

impl Versions {
    /// Versions of which the only one is `first`, which serves.
    #[must_use]
    pub fn new(first: Recommender, source: Option<SourceState>, live: Arc<Live>, observer: Arc<dyn Observer>) -> Self {
        let first = Version::new(1, first, source, &live);
        let kept = Mutex::new(Kept { versions: VecDeque::from([Arc::clone(&first)]), newest: first.number });
        let versions = Self { current: ArcSwap::new(Arc::clone(&first)), kept, live, observer };
        versions.serve(&first);
        versions
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, version: &Arc<Version>) {
        self.current.store(Arc::clone(version));
        self.observer.serves(version.number, version.recommender.provenance());
    }

    /// Forgets versions, the oldest first and never the one that serves, until the rest has a `size` of at most `room`.
    pub fn shrink(&self, room: u64, size: impl Fn(&VecDeque<Arc<Version>>) -> u64) {
        let versions = &mut self.kept().versions;
        let serving = self.current.load().number;
        while size(versions) > room {
            let Some(oldest) = versions.iter().position(|version| version.number != serving) else { return };
            versions.remove(oldest);
        }
    }

    /// The version that serves. Take it once a reply.
    #[must_use]
    pub fn current(&self) -> Guard<Arc<Version>> {
        self.current.load()
    }

    /// Gives `recommender` the next name, lets it serve, and forgets the oldest version beyond the kept ones.
    pub fn publish(&self, recommender: Recommender, source: Option<SourceState>) -> Arc<Version> {
        let mut kept = self.kept();
        kept.newest += 1;
        let version = Version::new(kept.newest, recommender, source, &self.live);
        kept.versions.push_back(Arc::clone(&version));
        while kept.versions.len() > KEPT {
            kept.versions.pop_front();
        }
        self.serve(&version);
        // What every version that may serve holds need not be remembered beside them.
        let held = kept.versions.iter().map(|kept| kept.source.as_ref().and_then(SourceState::sequence));
        if let Some(Some(held)) = held.min() {
            self.live.forget(held, version.recommender.dataset().interactions.feedback());
        }
        version
    }

    /// Lets a kept version serve; `None` when there is none of that name.
    #[must_use]
    pub fn activate(&self, name: &str) -> Option<Activated> {
        let kept = self.kept();
        let version = kept.versions.iter().find(|version| version.name == name)?;
        let before = self.current.load().number;
        if before != version.number {
            self.serve(version);
        }
        Some(Activated { version: Arc::clone(version), before })
    }

    /// The kept versions, oldest first, and the one that serves, as of one moment.
    #[must_use]
    pub fn list(&self) -> (Vec<Arc<Version>>, Arc<Version>) {
        let kept = self.kept();
        (kept.versions.iter().cloned().collect(), self.current.load_full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::ops::ControlFlow;

    use foretaste::dataset::Dataset;
    use foretaste::models::ModelParams;

    fn recommender() -> Recommender {
        let params = ModelParams::default().with(&["rank=2"]).unwrap();
        let data = Arc::new(Dataset::demo().unwrap());
        let mut progress = |_| ControlFlow::Continue(());
        Recommender::fit(data, &params, jiff::Timestamp::UNIX_EPOCH, &mut progress).unwrap().0
    }

    fn names(versions: &Versions) -> Vec<String> {
        versions.list().0.iter().map(|version| version.name.clone()).collect()
    }

    #[test]
    fn the_oldest_versions_give_way_but_never_the_one_that_serves_and_no_name_is_given_twice() {
        let versions = Versions::new(recommender(), None, Arc::default(), Arc::new(()));
        for _ in 0..3 {
            versions.publish(recommender(), None);
        }
        assert!(versions.activate("v2").unwrap().is_news());
        assert!(!versions.activate("v2").unwrap().is_news(), "it serves already");
        versions.shrink(3, |kept| kept.len() as u64);
        assert_eq!(names(&versions), ["v2", "v3", "v4"]);
        versions.shrink(0, |kept| kept.len() as u64);
        assert_eq!(names(&versions), ["v2"]);
        assert_eq!(versions.publish(recommender(), None).name, "v5");
        assert_eq!(names(&versions), ["v2", "v5"]);
    }
}
