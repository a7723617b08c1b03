//! The one door to scoring: a bounded queue, never waited for, served in slices by the run time's own threads.
//!
//! ```text
//! handler ──push──> [ queue of 16 ] ──> N scorers, tasks of the run time ──oneshot──> handler
//!            └ full: 503 at once           └ older than 50 ms: 503, unscored
//! ```
//!
//! A scorer works for at most one slice, then lets the sockets have their turn. So requests are read, and refused,
//! while scoring is the bottleneck: the queue that counts is this one, not one hidden in the sockets. An answer is
//! written by the thread that scored it; nothing sleeps and wakes in between.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use crate::metrics::prometheus::DoorMetrics;

/// How long a scorer works before the sockets have their turn; a job that takes longer is finished all the same.
const SLICE: Duration = Duration::from_millis(1);

/// Why work did not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DoorError {
    /// As many requests as are allowed are waiting already.
    #[error("too many requests are waiting, try again in 1 s")]
    Full,
    /// The work waited longer than is worth it.
    #[error("the request waited too long to be worth answering, try again in 1 s")]
    TooLate,
    /// The work panicked; the service lives on.
    #[error("the request failed for a reason of our own")]
    Panicked,
}

/// What a scorer decides about a job it takes.
#[derive(Clone, Copy)]
enum Turn {
    Run,
    TooLate,
}

struct Job {
    queued: Instant,
    work: Box<dyn FnOnce(Turn) + Send>,
}

/// The queue's entrance, and what its scorers share.
pub(crate) struct Door {
    queue: Mutex<VecDeque<Job>>,
    places: usize,
    wait: Duration,
    pushed: Notify,
    metrics: DoorMetrics,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("places", &self.places).field("wait", &self.wait).finish_non_exhaustive()
    }
}

impl Door {
    /// A queue of `places` whose jobs are dropped after `wait`. Nothing is scored before [`score`](Self::score) runs.
    pub(crate) fn new(places: usize, wait: Duration, metrics: DoorMetrics) -> Self {
        let places = places.max(1);
        Self { queue: Mutex::new(VecDeque::with_capacity(places)), places, wait, pushed: Notify::new(), metrics }
    }

    /// Has `work` done by a scorer.
    ///
    /// # Errors
    /// [`DoorError`]: full, too late, or the work panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, DoorError> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |turn: Turn| {
            // The client may have left meanwhile.
            if answer.is_closed() {
                return;
            }
            let outcome = match turn {
                Turn::Run => catch_unwind(AssertUnwindSafe(work)).map_err(|_| DoorError::Panicked),
                Turn::TooLate => Err(DoorError::TooLate),
            };
            let _ = answer.send(outcome);
        });
        self.push(Job { queued: Instant::now(), work })?;
        answered.await.unwrap_or(Err(DoorError::Panicked))
    }

    /// One scorer: works until it is dropped. Spawn as many as may compute at once.
    pub(crate) async fn score(self: Arc<Self>) {
        loop {
            let begun = Instant::now();
            while let Some(job) = self.pop() {
                self.work(job);
                if begun.elapsed() >= SLICE {
                    break;
                }
            }
            if self.queue().is_empty() {
                self.pushed.notified().await;
            } else {
                tokio::task::yield_now().await;
            }
        }
    }

    fn push(&self, job: Job) -> Result<(), DoorError> {
        let mut queue = self.queue();
        if queue.len() >= self.places {
            drop(queue);
            self.metrics.full.inc();
            return Err(DoorError::Full);
        }
        queue.push_back(job);
        drop(queue);
        self.pushed.notify_one();
        Ok(())
    }

    fn pop(&self) -> Option<Job> {
        self.queue().pop_front()
    }

    fn work(&self, job: Job) {
        let begun = Instant::now();
        let waited = begun.saturating_duration_since(job.queued);
        if waited > self.wait {
            self.metrics.too_late.inc();
            (job.work)(Turn::TooLate);
        } else {
            (job.work)(Turn::Run);
            self.metrics.scored(waited, begun.elapsed());
        }
    }

    /// No job runs under the lock, so a panic cannot poison it half-way.
    fn queue(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A door with one scorer.
    fn door(wait: Duration) -> Arc<Door> {
        let door = Arc::new(Door::new(2, wait, DoorMetrics::default()));
        tokio::spawn(Arc::clone(&door).score());
        door
    }

    /// Occupies the only scorer until the sender is dropped.
    async fn occupy(door: &Arc<Door>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), DoorError>>) {
        let (release, released) = mpsc::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let door = Arc::clone(door);
        let job = tokio::spawn(async move {
            door.run(move || {
                let _ = begun.send(());
                let _ = released.recv();
            })
            .await
        });
        begins.await.unwrap();
        (release, job)
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_job_and_no_other() {
        let door = door(Duration::from_secs(1));
        let panicked: Result<(), _> = door.run(|| panic!("on purpose")).await;
        assert_eq!(panicked, Err(DoorError::Panicked));
        assert_eq!(door.run(|| 2 + 2).await, Ok(4));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_job_more_than_the_queue_holds_is_refused_at_once() {
        let door = door(Duration::from_secs(1));
        let (release, running) = occupy(&door).await;
        let waiting: Vec<_> = (0..2)
            .map(|number| {
                let door = Arc::clone(&door);
                tokio::spawn(async move { door.run(move || number).await })
            })
            .collect();
        while door.queue().len() < 2 {
            tokio::task::yield_now().await;
        }
        let refused = Instant::now();
        assert_eq!(door.run(|| 9).await, Err(DoorError::Full));
        assert!(refused.elapsed() < Duration::from_millis(10));
        drop(release);
        assert_eq!(running.await.unwrap(), Ok(()));
        for (number, job) in waiting.into_iter().enumerate() {
            assert_eq!(job.await.unwrap(), Ok(number));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_job_that_waited_too_long_is_dropped_unscored() {
        let door = door(Duration::from_millis(5));
        let (release, _running) = occupy(&door).await;
        let late = {
            let door = Arc::clone(&door);
            tokio::spawn(async move { door.run(|| ()).await })
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(release);
        assert_eq!(late.await.unwrap(), Err(DoorError::TooLate));
    }

    /// With one thread for everything, sockets and timers must still be seen to while the queue is never empty.
    #[tokio::test]
    async fn other_tasks_run_while_the_queue_is_never_empty() {
        let door = Arc::new(Door::new(64, Duration::from_secs(60), DoorMetrics::default()));
        tokio::spawn(Arc::clone(&door).score());
        let busy = || async {
            loop {
                let _ = door.run(|| std::thread::sleep(Duration::from_micros(200))).await;
            }
        };
        let timer = tokio::time::sleep(Duration::from_millis(20));
        let begun = Instant::now();
        tokio::select! {
            () = timer => {}
            () = async { tokio::join!(busy(), busy(), busy(), busy()); } => {}
        }
        assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
    }
}
