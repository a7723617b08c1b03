//! The scoring pool: a bounded queue in front of a given number of threads. A request never waits to enter the queue.
//!
//! ```text
//! caller ──try_send──> [ bounded queue ] ──> N scoring threads ──oneshot──> caller
//!            └ full: refused at once           └ waited too long: dropped, unscored
//! ```
//!
//! How long is too long follows Ben Maurer, "Fail at Scale" (ACM Queue 13(8), 2015), section "Controlled Delay": a queue that
//! was empty a moment ago is a burst or a pause of the machine, and what waits in it is answered; a queue that stands is an
//! overload, and what waited longer than the limit is dropped, so that the rest is answered in time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::observer::Observer;

/// How many times the longest wait a queue must have stood for an overload, and the longest wait before that; the source's
/// 100 ms to 5 ms.
const STANDS: u32 = 20;

/// Why work did not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScoringError {
    /// The queue is full.
    #[error("too many requests are waiting, try again in 1 s")]
    Full,
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
    patience: Arc<Patience>,
    observer: Arc<dyn Observer>,
    clock: Clock,
}

/// The scoring threads, to be joined after the [`ScoringPool`] is gone.
#[derive(Debug)]
pub struct ScoringThreads(Vec<JoinHandle<()>>);

impl ScoringPool {
    /// Starts `threads` scoring threads behind a queue of `queue` places. What waited longer than `wait` is dropped once the
    /// queue has not been empty for 20 times as long; before that, what waited longer than that time.
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
        let patience = Arc::new(Patience { wait, begin: clock.now(), empty: AtomicU64::new(0) });
        let threads = (0..threads.max(1)).map(|number| {
            let (receiver, observer, clock) = (receiver.clone(), Arc::clone(&observer), clock.clone());
            let patience = Arc::clone(&patience);
            let work = move || score(&receiver, &patience, observer.as_ref(), &clock);
            std::thread::Builder::new().name(format!("score-{number}")).spawn(work)
        });
        let threads = threads.collect::<std::io::Result<_>>()?;
        Ok((Self { queue: sender, patience, observer, clock }, ScoringThreads(threads)))
    }

    /// Refuses at once where [`run`](Self::run) would, before anything is spent on the request.
    ///
    /// # Errors
    /// [`ScoringError::Full`]
    pub fn admit(&self) -> Result<(), ScoringError> {
        if self.queue.is_full() {
            self.observer.scoring_refused();
            return Err(ScoringError::Full);
        }
        Ok(())
    }

    /// Has `work` done by a scoring thread.
    ///
    /// # Errors
    /// [`ScoringError`]: full, too late, or the work panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ScoringError> {
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
            self.patience.queue_is_empty(queued);
        }
        match self.queue.try_send(Task { queued, work }) {
            Ok(()) => answered.await.unwrap_or(Err(ScoringError::Panicked)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.observer.scoring_refused();
                Err(ScoringError::Full)
            }
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

/// How long a request may have waited.
#[derive(Debug)]
struct Patience {
    wait: Duration,
    begin: Instant,
    /// When a request last met an empty queue, in nanoseconds since the beginning.
    empty: AtomicU64,
}

impl Patience {
    fn queue_is_empty(&self, now: Instant) {
        self.empty.store(self.since_begin(now), Ordering::Relaxed);
    }

    /// The longest wait, now.
    fn longest(&self, now: Instant) -> Duration {
        let long = self.wait * STANDS;
        let stands = self.since_begin(now).saturating_sub(self.empty.load(Ordering::Relaxed));
        if Duration::from_nanos(stands) > long { self.wait } else { long }
    }

    fn since_begin(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.begin).as_nanos()).unwrap_or(u64::MAX)
    }
}

fn score(queue: &Receiver<Task>, patience: &Patience, observer: &dyn Observer, clock: &Clock) {
    while let Ok(task) = queue.recv() {
        let begun = clock.now();
        let waited = begun.saturating_duration_since(task.queued);
        if waited > patience.longest(begun) {
            observer.scoring_dropped();
            (task.work)(Verdict::TooLate);
        } else {
            (task.work)(Verdict::Run);
            observer.scored(waited, clock.now().saturating_duration_since(begun));
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

    /// One thread, two places, a wait of 50 ms by a clock that only the test moves.
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
        let (pool, threads) = ScoringPool::start(1, 2, Duration::from_millis(50), Arc::new(()), clock).unwrap();
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
        assert_eq!(tokio::time::timeout(PATIENCE, pool.run(|| 9)).await.unwrap(), Err(ScoringError::Full));
        drop(release);
        assert_eq!(running.await.unwrap(), Ok(()));
        for (number, task) in (0..).zip(waiting) {
            assert_eq!(task.await.unwrap(), Ok(number));
        }
    }

    #[tokio::test]
    async fn what_waited_behind_a_pause_is_answered_for_a_second() {
        for (waited, outcome) in [(51, Ok(7)), (1000, Ok(7)), (1001, Err(ScoringError::TooLate))] {
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
        for (waited, outcome) in [(50, Ok(7)), (51, Err(ScoringError::TooLate))] {
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
    async fn a_full_queue_admits_nothing_and_takes_nothing() {
        let Pool { pool, .. } = start();
        let (release, running) = occupy(&pool).await;
        assert_eq!(pool.admit(), Ok(()));
        let waiting = [queue(&pool, 0).await, queue(&pool, 1).await];
        assert_eq!(pool.admit(), Err(ScoringError::Full));
        drop(release);
        running.await.unwrap().unwrap();
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert_eq!(pool.admit(), Ok(()));
    }
}
