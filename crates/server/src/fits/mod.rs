//! Fits in the background: one runs, one may wait, equal ones are one.

mod job;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretaste::models::{FitParams, fit_bytes, model_bytes};
use foretaste::recommend::Recommender;
use jiff::Timestamp;
use rayon::ThreadPool;

use crate::error::{ApiError, Fault};
use crate::metrics::prometheus::Metrics;
use crate::registry::{Registry, Version};
pub(crate) use job::{Fitted, Job, JobState};

/// Jobs that may wait behind the one that runs.
const WAITING: usize = 1;
/// Jobs remembered; the oldest finished ones go first.
const HISTORY: usize = 100;

/// The desk where fits are asked for, and the thread behind it.
#[derive(Debug)]
pub(crate) struct Fits {
    desk: Arc<Desk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Desk {
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    book: Mutex<Book>,
    asked: Condvar,
    cancelled: AtomicBool,
    /// Bytes that ratings, models and a fit may hold.
    memory: Option<u64>,
}

#[derive(Debug, Default)]
struct Book {
    running: Option<Arc<Job>>,
    waiting: VecDeque<Arc<Job>>,
    jobs: VecDeque<Arc<Job>>,
    closed: bool,
}

impl Fits {
    /// Starts the thread; fits run on `train`, within `memory` bytes.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub(crate) fn start(
        registry: Arc<Registry>,
        metrics: Arc<Metrics>,
        train: ThreadPool,
        memory: Option<u64>,
    ) -> std::io::Result<Self> {
        let desk = Arc::new(Desk {
            registry,
            metrics,
            book: Mutex::default(),
            asked: Condvar::new(),
            cancelled: AtomicBool::new(false),
            memory,
        });
        let thread = {
            let desk = Arc::clone(&desk);
            std::thread::Builder::new().name("fit".to_owned()).spawn(move || desk.work(&train))?
        };
        Ok(Self { desk, thread: Mutex::new(Some(thread)) })
    }

    /// A job that fits with `params`: the one that runs or waits already, or a new one.
    ///
    /// # Errors
    /// The rank is out of range or needs more memory than there is, another fit waits already, or the service is shutting down.
    pub(crate) fn submit(&self, params: FitParams) -> Result<Arc<Job>, ApiError> {
        let (found, most) = (params.rank, self.desk.registry.current().recommender.max_rank());
        if !(1..=most).contains(&found) {
            return Err(Fault::InvalidRank.because(format!("rank {found} was asked for, allowed are 1 to {most}")));
        }
        self.desk.room_beside(&params)?;
        let mut book = self.desk.book();
        if book.closed {
            return Err(Fault::ShuttingDown.because("the service is shutting down"));
        }
        if let Some(job) = book.running.iter().chain(&book.waiting).find(|job| job.params == params) {
            return Ok(Arc::clone(job));
        }
        // Where none runs, the first to wait is about to.
        let places = WAITING + usize::from(book.running.is_none());
        if let Some(last) = book.waiting.back().filter(|_| book.waiting.len() >= places) {
            let rank = last.params.rank;
            return Err(Fault::FitQueueFull.because(format!("a fit with rank {rank} waits already, one may")));
        }
        let number = book.jobs.back().map_or(1, |newest| newest.number + 1);
        let job = Arc::new(Job::new(number, params));
        book.waiting.push_back(Arc::clone(&job));
        book.jobs.push_back(Arc::clone(&job));
        while book.jobs.len() > HISTORY {
            book.jobs.pop_front();
        }
        self.desk.asked.notify_one();
        Ok(job)
    }

    /// The job of that id, while it is remembered.
    pub(crate) fn job(&self, id: &str) -> Option<Arc<Job>> {
        self.desk.book().jobs.iter().find(|job| job.id == id).cloned()
    }

    /// The jobs remembered, newest first.
    pub(crate) fn jobs(&self) -> Vec<Arc<Job>> {
        self.desk.book().jobs.iter().rev().cloned().collect()
    }

    /// Takes no more jobs, cancels what runs and waits, and gives the thread up to `patience` to end.
    pub(crate) fn stop(&self, patience: Duration) {
        self.desk.cancelled.store(true, Ordering::Relaxed);
        self.desk.book().closed = true;
        self.desk.asked.notify_one();
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

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes that a fit leaves for versions; an error when that is too little for the one that serves.
    fn room_beside(&self, params: &FitParams) -> Result<u64, ApiError> {
        let Some(allowed) = self.memory else { return Ok(u64::MAX) };
        let current = self.registry.current();
        let fit = fit_bytes(current.recommender.dataset().interactions.matrix(), params);
        let needed = fit + held_by(&current);
        if needed <= allowed {
            return Ok(allowed - fit);
        }
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        Err(Fault::NotEnoughMemory.because(format!(
            "a fit of rank {} needs {} MB beside the model that serves, allowed are {}",
            params.rank,
            megabytes(needed),
            allowed / 1_000_000
        )))
    }

    fn work(&self, train: &ThreadPool) {
        while let Some(job) = self.next() {
            let started = Instant::now();
            job.started();
            let outcome = self.fit(&job, train).map(|(version, factorisation)| Fitted {
                version: version.name.clone(),
                took: started.elapsed(),
                factorisation,
            });
            match &outcome {
                Ok(Fitted { version, took, .. }) => {
                    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(job = job.id, rank = job.params.rank, model = version, duration_ms, "fitted");
                }
                Err(error) => {
                    self.metrics.fits_failed.inc();
                    tracing::error!(job = job.id, rank = job.params.rank, error = %error.message, "fit failed");
                }
            }
            // First, so that who hears of the end and asks again gets a new job.
            self.book().running = None;
            job.finished(outcome);
        }
        let left = std::mem::take(&mut self.book().waiting);
        for job in left {
            job.finished(Err(Fault::ShuttingDown.because("the service is shutting down")));
        }
    }

    /// Waits for a job and marks it as the running one; `None` at the end.
    fn next(&self) -> Option<Arc<Job>> {
        let mut book = self.book();
        loop {
            if book.closed {
                return None;
            }
            if let Some(job) = book.waiting.pop_front() {
                book.running = Some(Arc::clone(&job));
                return Some(job);
            }
            book = self.asked.wait(book).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Fits and publishes; also says how long the factorisation took. Whatever goes wrong, the version that serves stays.
    fn fit(&self, job: &Job, train: &ThreadPool) -> Result<(Arc<Version>, Duration), ApiError> {
        // Older versions give way where they must.
        self.registry.shrink(self.room_beside(&job.params)?, held_by);
        let data = Arc::clone(self.registry.current().recommender.dataset());
        let (mut begun, mut factorisation) = (None, Duration::ZERO);
        let fitted = catch_unwind(AssertUnwindSafe(|| {
            train.install(|| {
                Recommender::fit(data, &job.params, Timestamp::now(), &mut |progress| {
                    job.progressed(progress.done);
                    // Of these calls the first and the last enclose the factorisation.
                    factorisation = begun.get_or_insert_with(Instant::now).elapsed();
                    if self.cancelled.load(Ordering::Relaxed) {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
            })
        }));
        let fitted = match fitted {
            Ok(Ok(fitted)) => fitted,
            Ok(Err(error)) => return Err(ApiError::from(&error)),
            Err(_) => return Err(Fault::FitFailed.because("the fit failed for a reason of our own")),
        };
        let residual = fitted.provenance().residual;
        if !residual.is_finite() {
            return Err(Fault::FitFailed.because(format!("the residual is {residual}, expected a finite number")));
        }
        Ok((self.registry.publish(fitted), factorisation))
    }
}

/// Bytes of a version's model.
fn held_by(version: &Version) -> u64 {
    let ratings = version.recommender.dataset().interactions.matrix();
    model_bytes(ratings.nrows(), ratings.ncols(), version.recommender.provenance().params.rank)
}
