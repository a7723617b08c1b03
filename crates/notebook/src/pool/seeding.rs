//! Starts kernels and runs in them what must have run before the first request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::GatewayError;
use crate::kernel::{Code, Kernel, StartPlan, plain};
use crate::notebook::Notebook;

/// Where kernels come from.
#[derive(Debug)]
pub(crate) struct Nursery {
    pub(crate) plan: StartPlan,
    pub(crate) notebook: Arc<Notebook>,
    /// For one kernel's start and all its cells.
    pub(crate) time_out: Duration,
}

impl Nursery {
    /// Kernel `number`, started and seeded.
    pub(crate) async fn kernel(&self, number: usize) -> Result<Kernel, GatewayError> {
        let stage = AtomicUsize::new(0);
        let seeded = tokio::time::timeout(self.time_out, async {
            let mut kernel = self.plan.start(number).await?;
            self.seed(&mut kernel, &stage).await?;
            Ok(kernel)
        });
        let too_slow = |_| GatewayError::TooSlow { cell: stage.load(Ordering::Relaxed), after: self.time_out };
        seeded.await.map_err(too_slow)?
    }

    async fn seed(&self, kernel: &mut Kernel, stage: &AtomicUsize) -> Result<(), GatewayError> {
        for seed in &self.notebook.seeds {
            let cell = seed.cell;
            stage.store(cell, Ordering::Relaxed);
            let mut runs = Vec::new();
            let ran = match kernel.send(Code::cell(&seed.source), &mut runs).await {
                Ok(()) => kernel.finish(&mut runs).await,
                lost => lost,
            };
            if let Err(lost) = ran {
                let (name, traceback) = ("the kernel was lost".to_owned(), kernel.last_output());
                return Err(GatewayError::Seed { cell, name, value: lost.how, traceback });
            }
            if let Some(error) = runs.pop().and_then(|run| run.output.error) {
                let (name, value) = (plain(&error.name), plain(&error.value));
                let traceback = plain(&error.traceback.join("\n"));
                return Err(GatewayError::Seed { cell, name, value, traceback });
            }
        }
        Ok(())
    }
}
