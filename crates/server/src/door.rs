//! The one door to the scoring threads: bounded, never waiting to get in, and safe from panics.
//!
//! ```text
//! handler ──try_send──> [ queue of 16 ] ──> N scoring threads ──oneshot──> handler
//!            └ full: 503 at once              └ older than 50 ms: 503, unscored
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use crate::metrics::prometheus::DoorMetrics;

/// Why work did not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DoorError {
    /// As many requests as are allowed are waiting already.
    #[error("too many requests are waiting, try again in 1 s")]
    Full,
    /// The work waited longer than is worth it.
    #[error("the request waited too long to be worth answering, try again in 1 s")]
    TooLate,
    /// The work panicked; the thread lives on.
    #[error("the request failed for a reason of our own")]
    Panicked,
}

/// What a scoring thread decides about a job it takes.
#[derive(Clone, Copy)]
enum Turn {
    Run,
    TooLate,
}

struct Job {
    queued: Instant,
    work: Box<dyn FnOnce(Turn) + Send>,
}

/// The queue's entrance. Dropping it lets the threads finish what is queued and end.
#[derive(Debug)]
pub(crate) struct Door {
    queue: Sender<Job>,
    metrics: DoorMetrics,
}

/// The scoring threads, to be joined after the [`Door`] is gone.
#[derive(Debug)]
pub(crate) struct Scorers(Vec<JoinHandle<()>>);

impl Door {
    /// Starts `threads` scoring threads behind a queue of `queue` places whose jobs are dropped after `wait`.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub(crate) fn open(
        threads: usize,
        queue: usize,
        wait: Duration,
        metrics: DoorMetrics,
    ) -> std::io::Result<(Self, Scorers)> {
        let (sender, receiver) = bounded::<Job>(queue.max(1));
        let scorers = (0..threads.max(1)).map(|number| {
            let (receiver, metrics) = (receiver.clone(), metrics.clone());
            std::thread::Builder::new().name(format!("score-{number}")).spawn(move || score(&receiver, wait, &metrics))
        });
        let scorers = scorers.collect::<std::io::Result<_>>()?;
        Ok((Self { queue: sender, metrics }, Scorers(scorers)))
    }

    /// Has `work` done by a scoring thread.
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
        match self.queue.try_send(Job { queued: Instant::now(), work }) {
            Ok(()) => answered.await.unwrap_or(Err(DoorError::Panicked)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.metrics.full.inc();
                Err(DoorError::Full)
            }
        }
    }
}

impl Scorers {
    /// Waits until every thread has ended.
    pub(crate) fn join(self) {
        for thread in self.0 {
            // The loop catches panics of its jobs; there is nothing else to report.
            let _ = thread.join();
        }
    }
}

fn score(queue: &Receiver<Job>, wait: Duration, metrics: &DoorMetrics) {
    while let Ok(job) = queue.recv() {
        let begun = Instant::now();
        let waited = begun.saturating_duration_since(job.queued);
        if waited > wait {
            metrics.too_late.inc();
            (job.work)(Turn::TooLate);
        } else {
            (job.work)(Turn::Run);
            metrics.scored(waited, begun.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc;

    fn door(wait: Duration) -> (Arc<Door>, Scorers) {
        let (door, scorers) = Door::open(1, 2, wait, DoorMetrics::default()).unwrap();
        (Arc::new(door), scorers)
    }

    /// Occupies the only thread until the sender is dropped.
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
        let (door, scorers) = door(Duration::from_secs(1));
        let panicked: Result<(), _> = door.run(|| panic!("on purpose")).await;
        assert_eq!(panicked, Err(DoorError::Panicked));
        assert_eq!(door.run(|| 2 + 2).await, Ok(4));
        drop(door);
        scorers.join();
    }

    #[tokio::test]
    async fn one_job_more_than_the_queue_holds_is_refused_at_once() {
        let (door, _scorers) = door(Duration::from_secs(1));
        let (release, running) = occupy(&door).await;
        let waiting: Vec<_> = (0..2)
            .map(|number| {
                let door = Arc::clone(&door);
                tokio::spawn(async move { door.run(move || number).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let refused = Instant::now();
        assert_eq!(door.run(|| 9).await, Err(DoorError::Full));
        assert!(refused.elapsed() < Duration::from_millis(10));
        drop(release);
        assert_eq!(running.await.unwrap(), Ok(()));
        for (number, job) in waiting.into_iter().enumerate() {
            assert_eq!(job.await.unwrap(), Ok(number));
        }
    }

    #[tokio::test]
    async fn a_job_that_waited_too_long_is_dropped_unscored() {
        let (door, _scorers) = door(Duration::from_millis(5));
        let (release, _running) = occupy(&door).await;
        let late = {
            let door = Arc::clone(&door);
            tokio::spawn(async move { door.run(|| ()).await })
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(release);
        assert_eq!(late.await.unwrap(), Err(DoorError::TooLate));
    }
}
