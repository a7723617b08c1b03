//! The scoring pool: a bounded queue in front of a given number of threads. A request never waits to enter the queue.
//!
//! ```text
//! caller ──try_send──> [ bounded queue ] ──> N scoring threads ──oneshot──> caller
//!            └ would be late: refused at once  └ waited too long: dropped, unscored
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use crate::backlog::Backlog;
use crate::clock::Clock;
use crate::observer::Observer;

/// Why work did not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScoringError {
    /// What waits already would make it late, or the queue is full.
    #[error("too many requests are waiting, try again in {seconds} s")]
    Full {
        /// When what waits is done, in whole seconds, at least 1.
        seconds: u64,
    },
    /// The work waited in the queue longer than is allowed.
    #[error("the request waited too long to be worth answering, try again in 1 s")]
    TooLate,
    /// The work panicked; the thread lives on.
    #[error("the request failed for a reason of our own")]
    Panicked,
}

/// What a scoring thread decides about a task it takes.
#[derive(Clone, Copy)]
enum Verdict {
    Run,
    TooLate,
}

struct Task {
    queued: Instant,
    work: Box<dyn FnOnce(Verdict) + Send>,
}

/// The entrance to the queue. Dropping it lets the threads finish what is queued and end.
#[derive(Debug)]
pub struct ScoringPool {
    queue: Sender<Task>,
    backlog: Arc<Backlog>,
    observer: Arc<dyn Observer>,
    clock: Clock,
}

/// The scoring threads, to be joined after the [`ScoringPool`] is gone.
#[derive(Debug)]
pub struct ScoringThreads(Vec<JoinHandle<()>>);

impl ScoringPool {
    /// Starts `threads` scoring threads behind a queue of `queue` places. What would wait longer than `wait` is refused; what
    /// has waited longer is dropped once the queue has not been empty for 50 times as long, and before that, what waited longer
    /// than that time.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        threads: usize,
        queue: usize,
        wait: Duration,
        observer: Arc<dyn Observer>,
        clock: Clock,
    ) -> std::io::Result<(Self, ScoringThreads)> {
        let (sender, receiver) = bounded::<Task>(queue.max(1));
        let backlog = Arc::new(Backlog::new(wait, threads, clock.now()));
        let threads = (0..threads.max(1)).map(|number| {
            let (receiver, observer, clock) = (receiver.clone(), Arc::clone(&observer), clock.clone());
            let backlog = Arc::clone(&backlog);
            let work = move || score(&receiver, &backlog, observer.as_ref(), &clock);
            std::thread::Builder::new().name(format!("score-{number}")).spawn(work)
        });
        let threads = threads.collect::<std::io::Result<_>>()?;
        Ok((Self { queue: sender, backlog, observer, clock }, ScoringThreads(threads)))
    }

    /// Refuses at once where [`run`](Self::run) would, before anything is spent on the request.
    ///
    /// # Errors
    /// [`ScoringError::Full`]
    pub fn admit(&self) -> Result<(), ScoringError> {
        match self.backlog.too_long(self.queue.len()) {
            Some(foreseen) => Err(self.full(foreseen)),
            None if self.queue.is_full() => Err(self.full(Duration::ZERO)),
            None => Ok(()),
        }
    }

    fn full(&self, foreseen: Duration) -> ScoringError {
        self.observer.scoring_refused();
        ScoringError::Full { seconds: foreseen.as_secs_f64().ceil().max(1.0) as u64 }
    }

    /// Has `work` done by a scoring thread.
    ///
    /// # Errors
    /// [`ScoringError`]: full, too late, or the work panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ScoringError> {
        self.admit()?;
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |verdict: Verdict| {
            // The client may have left meanwhile.
            if answer.is_closed() {
                return;
            }
            let outcome = match verdict {
                Verdict::Run => catch_unwind(AssertUnwindSafe(work)).map_err(|_| ScoringError::Panicked),
                Verdict::TooLate => Err(ScoringError::TooLate),
            };
            let _ = answer.send(outcome);
        });
        let queued = self.clock.now();
        if self.queue.is_empty() {
            self.backlog.queue_is_empty(queued);
        }
        match self.queue.try_send(Task { queued, work }) {
            Ok(()) => answered.await.unwrap_or(Err(ScoringError::Panicked)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(self.full(Duration::ZERO)),
        }
    }
}

impl ScoringThreads {
    /// Waits until every thread has ended.
    pub fn join(self) {
        for thread in self.0 {
            // The loop catches panics of its tasks; there is nothing else to report.
            let _ = thread.join();
        }
    }
}

fn score(queue: &Receiver<Task>, backlog: &Backlog, observer: &dyn Observer, clock: &Clock) {
    while let Ok(task) = queue.recv() {
        let begun = clock.now();
        let waited = begun.saturating_duration_since(task.queued);
        if waited > backlog.longest(begun) {
            observer.scoring_dropped();
            (task.work)(Verdict::TooLate);
        } else {
            (task.work)(Verdict::Run);
            let ran = clock.now().saturating_duration_since(begun);
            backlog.ran(ran);
            observer.scored(waited, ran);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;

    /// How long what is expected may take.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// One thread, two places, a wait of 20 ms by a clock that only the test moves.
    struct Pool {
        pool: Arc<ScoringPool>,
        threads: ScoringThreads,
        milliseconds: Arc<AtomicU64>,
    }

    fn start() -> Pool {
        let (milliseconds, begin) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let clock = {
            let milliseconds = Arc::clone(&milliseconds);
            Clock::new(move || begin + Duration::from_millis(milliseconds.load(Ordering::Relaxed)))
        };
        let (pool, threads) = ScoringPool::start(1, 2, Duration::from_millis(20), Arc::new(()), clock).unwrap();
        Pool { pool: Arc::new(pool), threads, milliseconds }
    }

    /// Occupies the only thread until the sender is dropped.
    async fn occupy(pool: &Arc<ScoringPool>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), ScoringError>>) {
        let (release, released) = mpsc::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let pool = Arc::clone(pool);
        let task = tokio::spawn(async move {
            pool.run(move || {
                let _ = begun.send(());
                let _ = released.recv();
            })
            .await
        });
        begins.await.unwrap();
        (release, task)
    }

    /// Queues a task that answers with `answer`.
    async fn queue(pool: &Arc<ScoringPool>, answer: u32) -> tokio::task::JoinHandle<Result<u32, ScoringError>> {
        let (waiting, pool) = (pool.queue.len() + 1, Arc::clone(pool));
        let task = {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.run(move || answer).await })
        };
        tokio::time::timeout(PATIENCE, async {
            while pool.queue.len() < waiting {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        task
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_task_and_no_other() {
        let Pool { pool, threads, .. } = start();
        let panicked: Result<(), _> = pool.run(|| panic!("on purpose")).await;
        assert_eq!(panicked, Err(ScoringError::Panicked));
        assert_eq!(pool.run(|| 2 + 2).await, Ok(4));
        drop(pool);
        threads.join();
    }

    #[tokio::test]
    async fn one_task_more_than_the_queue_holds_is_refused_while_the_others_still_wait() {
        let Pool { pool, .. } = start();
        let (release, running) = occupy(&pool).await;
        let waiting = [queue(&pool, 0).await, queue(&pool, 1).await];
        // The thread is still occupied: were the refusal to wait for it, it would never come.
        assert_eq!(
            tokio::time::timeout(PATIENCE, pool.run(|| 9)).await.unwrap(),
            Err(ScoringError::Full { seconds: 1 })
        );
        drop(release);
        assert_eq!(running.await.unwrap(), Ok(()));
        for (number, task) in (0..).zip(waiting) {
            assert_eq!(task.await.unwrap(), Ok(number));
        }
    }

    #[tokio::test]
    async fn what_waited_behind_a_pause_is_answered_for_a_second() {
        for (waited, outcome) in [(21, Ok(7)), (1000, Ok(7)), (1001, Err(ScoringError::TooLate))] {
            let Pool { pool, milliseconds, .. } = start();
            // The queue was empty a long time ago, but nothing has waited in it since.
            milliseconds.store(5000, Ordering::Relaxed);
            let (release, _running) = occupy(&pool).await;
            let task = queue(&pool, 7).await;
            milliseconds.fetch_add(waited, Ordering::Relaxed);
            drop(release);
            assert_eq!(task.await.unwrap(), outcome, "{waited} ms");
        }
    }

    #[tokio::test]
    async fn what_waited_too_long_in_a_queue_that_stands_is_dropped_unscored_and_what_is_at_the_limit_is_not() {
        for (waited, outcome) in [(20, Ok(7)), (21, Err(ScoringError::TooLate))] {
            let Pool { pool, milliseconds, .. } = start();
            let (release, _running) = occupy(&pool).await;
            let first = queue(&pool, 6).await;
            milliseconds.store(1001 - waited, Ordering::Relaxed);
            let task = queue(&pool, 7).await;
            milliseconds.store(1001, Ordering::Relaxed);
            drop(release);
            assert_eq!(first.await.unwrap(), Err(ScoringError::TooLate));
            assert_eq!(task.await.unwrap(), outcome, "{waited} ms");
        }
    }

    #[tokio::test]
    async fn what_would_be_late_is_refused_with_the_time_that_what_waits_takes() {
        let Pool { pool, milliseconds, .. } = start();
        // Runs of 1.5 s by the clock, and one that waits behind another of the kind.
        for _ in 0..100 {
            let time = Arc::clone(&milliseconds);
            pool.run(move || time.fetch_add(1500, Ordering::Relaxed)).await.unwrap();
        }
        let (release, running) = occupy(&pool).await;
        let waiting = queue(&pool, 0).await;
        let refused = ScoringError::Full { seconds: 2 };
        assert_eq!(pool.admit(), Err(refused));
        assert_eq!(pool.run(|| 9).await, Err(refused));
        assert_eq!(refused.to_string(), "too many requests are waiting, try again in 2 s");
        drop(release);
        running.await.unwrap().unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(0));
    }

    #[tokio::test]
    async fn a_full_queue_admits_nothing_and_takes_nothing() {
        let Pool { pool, .. } = start();
        let (release, running) = occupy(&pool).await;
        assert_eq!(pool.admit(), Ok(()));
        let waiting = [queue(&pool, 0).await, queue(&pool, 1).await];
        assert_eq!(pool.admit(), Err(ScoringError::Full { seconds: 1 }));
        drop(release);
        running.await.unwrap().unwrap();
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert_eq!(pool.admit(), Ok(()));
    }
}
