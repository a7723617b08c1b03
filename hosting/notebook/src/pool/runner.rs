//! Keeps one kernel at work: hands it requests, interrupts it, replaces it when it is lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{Done, Job, KernelStarter, Pool, Undone, Work};
use crate::kernel::{Code, Kernel, Lost, Origin, Output, Run, one_line};
use crate::notebook::language::Language;

/// How long a kernel may take to end when a cell has asked for that.
const ENDING: Duration = Duration::from_secs(5);
/// How long a cell may take to stop when it is interrupted.
const INTERRUPT: Duration = Duration::from_secs(2);
/// Before a second try to start a kernel; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A kernel that is lost earlier counts as one that cannot live; after some of those in a row there are pauses.
const SHORT_LIFE: Duration = Duration::from_secs(10);
const SHORT_LIVES: u32 = 3;

/// The runner of one kernel.
pub(crate) struct Runner {
    number: usize,
    pool: Arc<Pool>,
    jobs: mpsc::Receiver<Job>,
    starter: Arc<KernelStarter>,
    bounds: Bounds,
}

/// What one request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// From its start on the kernel.
    pub(crate) time_out: Duration,
    /// Bytes of all that its cells give.
    pub(crate) output: usize,
}

impl Runner {
    pub(crate) fn new(pool: &Arc<Pool>, starter: &Arc<KernelStarter>, bounds: Bounds) -> Self {
        let (number, jobs) = pool.open();
        Self { number, pool: Arc::clone(pool), jobs, starter: Arc::clone(starter), bounds }
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Works with `kernel`, and with those that replace it, until dropped.
    pub(crate) async fn work(mut self, mut kernel: Kernel) {
        let mut short_lives = 0;
        loop {
            let ready = Instant::now();
            self.pool.now_alive(true);
            let lost = self.serve(&mut kernel).await;
            self.pool.now_alive(false);
            self.pool.leave(self.number, &mut self.jobs);
            tracing::warn!(kernel = self.number, process = kernel.id(), reason = lost.how, "a kernel was lost");
            drop(kernel);
            self.pool.metrics.restarts.inc();
            // One that is lost again and again must not keep a CPU busy with starting it.
            short_lives = if ready.elapsed() < SHORT_LIFE { short_lives + 1 } else { 0 };
            if short_lives > SHORT_LIVES {
                let doubled = FIRST_PAUSE.saturating_mul(1 << (short_lives - SHORT_LIVES).min(10));
                tokio::time::sleep(doubled.min(LONGEST_PAUSE)).await;
            }
            kernel = self.replacement().await;
        }
    }

    async fn serve(&mut self, kernel: &mut Kernel) -> Lost {
        loop {
            // A kernel that ended after its last answer must not be given another request.
            tokio::select! {
                biased;
                lost = kernel.lost() => return lost,
                () = std::future::ready(()) => {}
            }
            let job = match self.pool.next(self.number) {
                Some(job) => job,
                None => tokio::select! {
                    biased;
                    lost = kernel.idle() => return lost,
                    Some(job) = self.jobs.recv() => job,
                },
            };
            if let Err(lost) = self.answer(kernel, job).await {
                return lost;
            }
        }
    }

    /// Does one job; an error means that the kernel is of no use any more.
    async fn answer(&self, kernel: &mut Kernel, job: Job) -> Result<(), Lost> {
        if job.claimed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let (language, mut runs) = (&self.starter.notebook.language, Vec::with_capacity(2));
        let origin = Origin::new(self.number, &job.work.id, &job.work.cells);
        let Bounds { time_out, output } = self.bounds;
        let exchange = exchange(kernel, language, job.work, (&origin, output), &mut runs);
        let outcome = tokio::time::timeout(time_out, exchange).await;
        // The client may have left.
        match outcome {
            Ok(Ok(done)) => {
                let ends = done.output.ends_kernel || done.info.as_ref().is_some_and(|info| info.ends_kernel);
                let _ = job.reply.send(Ok(done));
                if !ends {
                    return Ok(());
                }
                // It still answers for a moment; another request must not meet its end.
                let _ = tokio::time::timeout(ENDING, kernel.idle()).await;
                Err(Lost { how: format!("request {} asked it to end", origin.request) })
            }
            Ok(Err(lost)) => {
                let _ = job.reply.send(Err(Undone::Lost { kernel: self.number, how: lost.how.clone() }));
                Err(lost)
            }
            Err(_) => {
                let _ = job.reply.send(Err(Undone::TimedOut(time_out)));
                kernel.interrupt().await;
                let stopped = tokio::time::timeout(INTERRUPT, kernel.finish(&mut runs)).await;
                stopped.unwrap_or_else(|_| Err(Lost { how: "its cell did not stop when interrupted".to_owned() }))
            }
        }
    }

    async fn replacement(&self) -> Kernel {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            match self.starter.kernel(self.number).await {
                Ok(kernel) => {
                    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(kernel = self.number, process = kernel.id(), duration_ms, "a new kernel is ready");
                    return kernel;
                }
                Err(error) => {
                    for line in error.to_string().lines().map(one_line) {
                        tracing::error!(kernel = self.number, "a kernel cannot be replaced yet: {line}");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// Assigns the request, runs the endpoint and, if it succeeded, what describes the response; together they give at most
/// `most` bytes.
async fn exchange(
    kernel: &mut Kernel,
    language: &Language,
    work: Work,
    (origin, most): (&Arc<Origin>, usize),
    runs: &mut Vec<Run>,
) -> Result<Done, Lost> {
    let cell = Code::cell(&work.source, origin, most);
    if kernel.takes_requests {
        kernel.send(cell.on(work.request), runs).await?;
    } else {
        // Sent together: the kernel need not wait for us between them.
        kernel.send(Code::silent(&language.assignment(&work.request), origin), runs).await?;
        kernel.send(cell, runs).await?;
    }
    kernel.finish(runs).await?;
    let mut output = output_of(runs).unwrap_or_default();
    if let Some(error) = output_of(runs).and_then(|output| output.error) {
        output.error = Some(error);
    }
    let info = match &work.info {
        Some(source) if output.error.is_none() => {
            kernel.send(Code::cell(source, origin, output.left), runs).await?;
            kernel.finish(runs).await?;
            output_of(runs)
        }
        _ => None,
    };
    Ok(Done { output, info })
}

/// What the last of `runs` gave.
fn output_of(runs: &mut Vec<Run>) -> Option<Output> {
    runs.pop().map(|mut run| std::mem::take(&mut run.output))
}
