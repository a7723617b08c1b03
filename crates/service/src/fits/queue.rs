//! The queue that fits are asked for in.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::{FitData, FitJobError, FitRequest, Job};
use crate::memory::MemoryRule;
use crate::observer::Observer;
use crate::source::Source;
use crate::versions::{Version, Versions};

/// Jobs that may wait behind the one that runs.
const WAITING: usize = 1;
/// Jobs remembered; the oldest go first.
pub const HISTORY: usize = 100;

/// The queue of fits, and the thread behind it.
#[derive(Debug)]
pub struct FitQueue {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the queue and its thread share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) versions: Arc<Versions>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) source: Arc<dyn Source>,
    pub(super) memory: MemoryRule,
    pub(super) cancelled: AtomicBool,
    jobs: Mutex<Jobs>,
    asked: Condvar,
}

#[derive(Debug, Default)]
struct Jobs {
    running: Option<Arc<Job>>,
    waiting: VecDeque<Arc<Job>>,
    remembered: VecDeque<Arc<Job>>,
    closed: bool,
}

impl FitQueue {
    /// Starts the thread; fits run on `train`, within `memory` bytes.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        versions: Arc<Versions>,
        observer: Arc<dyn Observer>,
        source: Arc<dyn Source>,
        train: ThreadPool,
        memory: Option<u64>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            versions,
            observer,
            source,
            memory: MemoryRule(memory),
            cancelled: AtomicBool::new(false),
            jobs: Mutex::default(),
            asked: Condvar::new(),
        });
        let thread = {
            let shared = Arc::clone(&shared);
            // The loop is a task of the pool, so that no fit waits for one thread to wake another.
            std::thread::Builder::new().name("fit".to_owned()).spawn(move || train.install(|| shared.work()))?
        };
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// A job that does what is asked: an equal one that runs or waits already, or a new one. It looks at the source, which
    /// may block.
    ///
    /// # Errors
    /// A parameter is out of range or the fit needs more memory than there is, another fit waits already, or the service is shutting
    /// down.
    pub fn submit(&self, request: FitRequest) -> Result<Arc<Job>, FitJobError> {
        let serving = self.shared.versions.current();
        let reads = request.data != FitData::Loaded && self.shared.has_changed(&serving);
        // What other data allows shows when it is read.
        if reads {
            request.params.check_for_any_data()?;
        } else {
            request.params.check(&serving.recommender.provenance().shape())?;
            self.shared.memory.beside_fit(serving.recommender.dataset(), &request.params, &serving)?;
        }
        drop(serving);
        let mut jobs = self.shared.jobs();
        if jobs.closed {
            return Err(FitJobError::ShuttingDown);
        }
        if let Some(job) = jobs.running.iter().chain(&jobs.waiting).find(|job| self.shared.does(job, &request)) {
            return Ok(Arc::clone(job));
        }
        // Where none runs, the first to wait is about to.
        let places = WAITING + usize::from(jobs.running.is_none());
        if let Some(last) = jobs.waiting.back().filter(|_| jobs.waiting.len() >= places) {
            return Err(FitJobError::QueueFull { waiting: last.request.params.summary() });
        }
        let number = jobs.remembered.back().map_or(1, |newest| newest.number + 1);
        let job = Arc::new(Job::new(number, request));
        jobs.waiting.push_back(Arc::clone(&job));
        jobs.remembered.push_back(Arc::clone(&job));
        while jobs.remembered.len() > HISTORY {
            jobs.remembered.pop_front();
        }
        self.shared.asked.notify_one();
        Ok(job)
    }

    /// Reads the source again and fits it with the parameters of the version that serves. `None` when the source has not
    /// changed, so that there is nothing to do.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn reload(&self) -> Result<Option<Arc<Job>>, FitJobError> {
        let params = {
            let serving = self.shared.versions.current();
            if serving.source.is_some() && !self.shared.has_changed(&serving) {
                return Ok(None);
            }
            serving.recommender.provenance().params.clone()
        };
        self.submit(FitRequest { params, data: FitData::Reload }).map(Some)
    }

    /// The job of that id, while it is remembered.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<Arc<Job>> {
        self.shared.jobs().remembered.iter().find(|job| job.id == id).cloned()
    }

    /// The last [`HISTORY`] jobs, newest first.
    #[must_use]
    pub fn jobs(&self) -> Vec<Arc<Job>> {
        self.shared.jobs().remembered.iter().rev().cloned().collect()
    }

    /// Takes no more jobs, cancels what runs and waits, and gives the thread up to `patience` to end.
    pub fn stop(&self, patience: Duration) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
        self.shared.jobs().closed = true;
        self.shared.asked.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        let until = Instant::now() + patience;
        while !thread.is_finished() {
            if Instant::now() >= until {
                tracing::warn!("a fit did not stop in time and is left behind");
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = thread.join();
    }
}

impl Shared {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the source is in another state than the one that a version's data was read in. A source that cannot be
    /// looked at counts as changed: the job that reads it says what is wrong.
    fn has_changed(&self, version: &Version) -> bool {
        version.source.is_some() && self.source.state().ok().flatten() != version.source
    }

    /// Whether a job does what is asked, with the source as it is now.
    fn does(&self, job: &Job, asked: &FitRequest) -> bool {
        let now = || self.source.state().ok().flatten();
        job.request == *asked && (asked.data == FitData::Loaded || job.works_with(now))
    }

    /// Waits for a job and marks it as the running one; `None` at the end.
    pub(super) fn next(&self) -> Option<Arc<Job>> {
        let mut jobs = self.jobs();
        loop {
            if jobs.closed {
                return None;
            }
            if let Some(job) = jobs.waiting.pop_front() {
                jobs.running = Some(Arc::clone(&job));
                return Some(job);
            }
            jobs = self.asked.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No job runs. A client that hears of the end afterwards and asks again gets a new job.
    pub(super) fn rest(&self) {
        self.jobs().running = None;
    }

    /// The jobs that will not run.
    pub(super) fn left(&self) -> VecDeque<Arc<Job>> {
        std::mem::take(&mut self.jobs().waiting)
    }
}
