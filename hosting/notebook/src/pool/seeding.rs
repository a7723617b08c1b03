//! Starts kernels and runs in them what must have run before the first request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::GatewayError;
use crate::kernel::{CellError, Code, Kernel, Lost, Origin, StartPlan, message_bytes, plain};
use crate::notebook::Notebook;

/// What cells that run first are run for, in the log.
const START: &str = "start";
/// Most bytes that one of them may print, which nothing needs.
const MOST_PRINTED: usize = 64 << 20;

/// Where kernels come from.
#[derive(Debug)]
pub(crate) struct KernelStarter {
    pub(crate) plan: StartPlan,
    pub(crate) notebook: Arc<Notebook>,
    /// For one kernel's start and all its cells.
    pub(crate) time_out: Duration,
    /// Bytes of a reply.
    pub(crate) output: usize,
}

impl KernelStarter {
    /// Kernel `number`, started and seeded.
    pub(crate) async fn kernel(&self, number: usize) -> Result<Kernel, GatewayError> {
        let stage = AtomicUsize::new(0);
        let seeded = tokio::time::timeout(self.time_out, async {
            let mut kernel = self.plan.start(number).await?;
            self.seed(&mut kernel, number, &stage).await?;
            Ok(kernel)
        });
        let too_slow = |_| GatewayError::TooSlow { cell: stage.load(Ordering::Relaxed), after: self.time_out };
        seeded.await.map_err(too_slow)?
    }

    async fn seed(&self, kernel: &mut Kernel, number: usize, stage: &AtomicUsize) -> Result<(), GatewayError> {
        if let Some(receiver) = self.notebook.language.receiver(message_bytes(self.output)) {
            let origin = Origin::new(number, START, &[]);
            // A kernel that is lost here shows it in what follows.
            kernel.takes_requests = matches!(failure(kernel, Code::silent(&receiver, &origin)).await, Ok(None));
        }
        for seed in &self.notebook.seeds {
            let cell = seed.cell;
            stage.store(cell, Ordering::Relaxed);
            let origin = Origin::new(number, START, &[cell]);
            let failed = failure(kernel, Code::cell(&seed.source, &origin, MOST_PRINTED)).await.map_err(|lost| {
                let (name, traceback) = ("the kernel was lost".to_owned(), kernel.last_output());
                GatewayError::Seed { cell, name, value: lost.how, traceback }
            })?;
            if let Some(error) = failed {
                let (name, value) = (plain(&error.name), plain(&error.value));
                let traceback = plain(&error.traceback.join("\n"));
                return Err(GatewayError::Seed { cell, name, value, traceback });
            }
        }
        Ok(())
    }
}

/// Runs code to its end; the error that it ended with, if it did.
async fn failure(kernel: &mut Kernel, code: Code<'_>) -> Result<Option<CellError>, Lost> {
    let mut runs = Vec::new();
    kernel.send(code, &mut runs).await?;
    kernel.finish(&mut runs).await?;
    Ok(runs.pop().and_then(|mut run| run.output.error.take()))
}
