//! The kernels of a gateway, and the bounded queue of requests that wait for one.

mod runner;
mod seeding;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

pub(crate) use runner::{Bounds, Runner};
pub(crate) use seeding::KernelStarter;

use crate::kernel::Output;
use crate::metrics::Metrics;

/// What a request wants from a kernel, in the order in which it runs.
#[derive(Debug)]
pub(crate) struct Work {
    /// The request's id, for the log.
    pub(crate) id: String,
    /// The cells that run, for the log.
    pub(crate) cells: Vec<usize>,
    /// The text of `REQUEST`.
    pub(crate) request: String,
    /// The endpoint.
    pub(crate) source: String,
    /// What describes the response, run only when the endpoint succeeded.
    pub(crate) info: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) output: Output,
    pub(crate) info: Option<Output>,
}

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undone {
    #[error("{waiting} requests wait for a kernel already, try again in 1 s")]
    Full { waiting: usize },
    #[error("no kernel was free within {} s, try again in 1 s", .0.as_secs_f64())]
    Waited(Duration),
    #[error("the cell ran longer than the {} s allowed", .0.as_secs_f64())]
    TimedOut(Duration),
    #[error("kernel {kernel} was lost while it ran the request: {how}; a new one is being started")]
    Lost { kernel: usize, how: String },
}

/// Work on its way to a kernel.
#[derive(Debug)]
struct Job {
    work: Work,
    /// Set by the first of two: the kernel that takes the work, or the client that stops waiting.
    claimed: Arc<AtomicBool>,
    reply: oneshot::Sender<Result<Done, Undone>>,
}

/// Where requests meet kernels: a bounded queue before those that are idle, the longest idle first.
#[derive(Debug)]
pub(crate) struct Pool {
    state: Mutex<State>,
    queue: usize,
    /// The longest wait for a kernel.
    patience: Duration,
    alive: AtomicUsize,
    metrics: Arc<Metrics>,
}

/// Either no job waits or no kernel is idle.
#[derive(Debug, Default)]
struct State {
    idle: VecDeque<usize>,
    waiting: VecDeque<Job>,
    /// The channel to each kernel, by its number less one; it holds one job, sent while the state is locked.
    channels: Vec<mpsc::Sender<Job>>,
}

impl Pool {
    pub(crate) fn new(queue: usize, patience: Duration, metrics: Arc<Metrics>) -> Self {
        Self { state: Mutex::default(), queue, patience, alive: AtomicUsize::new(0), metrics }
    }

    /// Has `work` done by the next free kernel. Dropping the future does not stop what has begun.
    pub(crate) async fn run(&self, work: Work) -> Result<Done, Undone> {
        let claimed = Arc::new(AtomicBool::new(false));
        let (reply, mut answer) = oneshot::channel();
        self.submit(Job { work, claimed: Arc::clone(&claimed), reply })?;
        let answered = match tokio::time::timeout(self.patience, &mut answer).await {
            Ok(answered) => answered,
            // A kernel that has begun keeps to a time of its own.
            Err(_) if claimed.swap(true, Ordering::AcqRel) => answer.await,
            Err(_) => return Err(Undone::Waited(self.patience)),
        };
        answered.unwrap_or_else(|_| Err(Undone::Lost { kernel: 0, how: "the gateway is ending".to_owned() }))
    }

    /// Kernels that are ready or at work.
    pub(crate) fn alive(&self) -> usize {
        self.alive.load(Ordering::Acquire)
    }

    fn submit(&self, job: Job) -> Result<(), Undone> {
        let mut state = self.state();
        if state.idle.is_empty() && state.waiting.len() >= self.queue {
            // Clients that left make room.
            state.waiting.retain(|job| !job.reply.is_closed());
            let waiting = state.waiting.len();
            if waiting >= self.queue {
                self.metrics.refused.inc();
                return Err(Undone::Full { waiting });
            }
        }
        state.hand_out(job, false);
        self.note(&state);
        Ok(())
    }

    /// Registers one more kernel, which is not idle yet: its number, from 1, and the jobs that come to it.
    fn open(&self) -> (usize, mpsc::Receiver<Job>) {
        let (channel, jobs) = mpsc::channel(1);
        let mut state = self.state();
        state.channels.push(channel);
        (state.channels.len(), jobs)
    }

    /// The kernel is free: gives it the job that waits longest, or notes that it is idle.
    fn next(&self, number: usize) -> Option<Job> {
        let mut state = self.state();
        let job = loop {
            match state.waiting.pop_front() {
                Some(job) if job.reply.is_closed() => {}
                other => break other,
            }
        };
        if job.is_none() {
            state.idle.push_back(number);
        }
        self.note(&state);
        job
    }

    /// The kernel is gone; what was sent to it in the last moment goes to another.
    fn leave(&self, number: usize, jobs: &mut mpsc::Receiver<Job>) {
        let mut state = self.state();
        state.idle.retain(|&idle| idle != number);
        // Nothing is sent to a kernel that is not idle.
        while let Ok(job) = jobs.try_recv() {
            state.hand_out(job, true);
        }
        self.note(&state);
    }

    fn note(&self, state: &State) {
        self.metrics.waiting.set(i64::try_from(state.waiting.len()).unwrap_or(i64::MAX));
    }

    fn now_alive(&self, alive: bool) {
        if alive {
            self.alive.fetch_add(1, Ordering::AcqRel);
            self.metrics.alive.inc();
        } else {
            self.alive.fetch_sub(1, Ordering::AcqRel);
            self.metrics.alive.dec();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hand_out(&mut self, mut job: Job, first: bool) {
        while let Some(channel) = self.idle.pop_front().and_then(|number| self.channels.get(number - 1)) {
            match channel.try_send(job) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(back) | mpsc::error::TrySendError::Closed(back)) => job = back,
            }
        }
        if first { self.waiting.push_front(job) } else { self.waiting.push_back(job) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(queue: usize) -> Arc<Pool> {
        Arc::new(Pool::new(queue, Duration::from_millis(50), Arc::new(Metrics::new())))
    }

    fn work(source: &str) -> Work {
        Work { id: String::new(), cells: vec![1], request: String::new(), source: source.to_owned(), info: None }
    }

    fn job(name: &str) -> (Job, oneshot::Receiver<Result<Done, Undone>>) {
        let (reply, answer) = oneshot::channel();
        let work = work(name);
        (Job { work, claimed: Arc::default(), reply }, answer)
    }

    fn source(job: Option<Job>) -> Option<String> {
        job.map(|job| job.work.source)
    }

    #[tokio::test]
    async fn idle_kernels_take_turns_and_waiting_requests_keep_their_order() {
        let pool = pool(2);
        let (one, mut first) = pool.open();
        let (two, mut second) = pool.open();
        assert!(pool.next(one).is_none() && pool.next(two).is_none());
        let mut answers = Vec::new();
        for name in ["a", "b", "c", "d"] {
            let (job, answer) = job(name);
            pool.submit(job).unwrap();
            answers.push(answer);
        }
        assert_eq!(source(first.try_recv().ok()).as_deref(), Some("a"));
        assert_eq!(source(second.try_recv().ok()).as_deref(), Some("b"));
        assert_eq!(pool.submit(job("e").0), Err(Undone::Full { waiting: 2 }));
        drop(answers.remove(2));
        let (job, _answer) = job("f");
        pool.submit(job).unwrap();
        assert_eq!(source(pool.next(two)).as_deref(), Some("d"), "a client that left is passed over");
        assert_eq!(source(pool.next(one)).as_deref(), Some("f"));
    }

    #[tokio::test]
    async fn what_was_sent_to_a_kernel_that_is_gone_goes_first_to_another() {
        let pool = pool(1);
        let (one, mut jobs) = pool.open();
        let (two, _other) = pool.open();
        assert!(pool.next(one).is_none());
        let ((a, _keep_a), (b, _keep_b)) = (job("a"), job("b"));
        pool.submit(a).unwrap();
        pool.submit(b).unwrap();
        pool.leave(one, &mut jobs);
        assert_eq!(source(pool.next(two)).as_deref(), Some("a"));
        assert_eq!(source(pool.next(two)).as_deref(), Some("b"));
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let pool = pool(1);
        assert_eq!(pool.run(work("")).await.unwrap_err(), Undone::Waited(Duration::from_millis(50)));
    }
}
