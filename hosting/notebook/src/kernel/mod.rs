//! A running kernel: started, ready, and executing code by the Jupyter protocol.

mod choice;
mod folder;
mod launcher;
mod message;
mod process;
mod run;
mod start;

use std::process::ExitStatus;
use std::time::Duration;

use jupyter_protocol::{ExecuteRequest, InterruptRequest, JupyterMessage};
use jupyter_zmq_client::{ClientControlConnection, ClientIoPubConnection, ClientShellConnection};
use serde_json::json;

pub use choice::ChoiceError;
pub(crate) use choice::{KernelChoice, kernel_of};
pub use launcher::launch;
pub(crate) use message::CellError;
pub(crate) use process::{ending, plain};
pub(crate) use run::{Output, Run};
pub use start::StartError;
pub(crate) use start::StartPlan;

use crate::notebook::language::REQUEST_KEY;
use folder::KernelFolder;
use message::receive;
use process::Process;

/// After a message that cannot be read; a broken socket must not keep a CPU busy.
const PAUSE: Duration = Duration::from_millis(2);

/// A kernel that is ready. Dropping it kills its process.
pub(crate) struct Kernel {
    process: Process,
    shell: ClientShellConnection,
    iopub: ClientIoPubConnection,
    control: ClientControlConnection,
    interrupt_by_message: bool,
    /// Whether it takes a request along with the code to run.
    pub(crate) takes_requests: bool,
    /// Holds the connection file, which the kernel may read again.
    _folder: KernelFolder,
}

/// What a kernel is to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code<'a> {
    statements: &'a str,
    /// The request that the statements are to find, of a kernel that takes it along.
    request: Option<&'a str>,
    /// Whether nothing of it is to be published.
    is_silent: bool,
}

impl<'a> Code<'a> {
    /// A cell, whose output and value matter.
    pub(crate) fn cell(statements: &'a str) -> Self {
        Self { statements, request: None, is_silent: false }
    }

    /// Statements that matter for their effect alone.
    pub(crate) fn silent(statements: &'a str) -> Self {
        Self { statements, request: None, is_silent: true }
    }

    /// The same code, for a request.
    pub(crate) fn on(self, request: &'a str) -> Self {
        Self { request: Some(request), ..self }
    }
}

/// The kernel's process has ended, or cannot be talked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{how}")]
pub(crate) struct Lost {
    pub(crate) how: String,
}

impl Lost {
    fn ended(status: ExitStatus) -> Self {
        Self { how: ending(status) }
    }
}

impl Kernel {
    /// Sends code, which then is the last of `runs`. It runs after what was sent before, whatever became of that.
    pub(crate) async fn send(&mut self, code: Code<'_>, runs: &mut Vec<Run>) -> Result<(), Lost> {
        let request = ExecuteRequest {
            code: code.statements.to_owned(),
            silent: code.is_silent,
            // A kernel would keep all that was ever run, and its values.
            store_history: false,
            allow_stdin: false,
            stop_on_error: false,
            user_expressions: None,
        };
        let mut message = JupyterMessage::new(request, None);
        if let Some(request) = code.request {
            message.metadata = json!({ REQUEST_KEY: request });
        }
        // Noted first: a message that was sent only in part is never done.
        runs.push(Run::sent(message.header.msg_id.clone()));
        tokio::select! {
            sent = self.shell.send(message) => sent.map_err(|error| Lost { how: error.to_string() }),
            status = self.process.ended() => Err(Lost::ended(status)),
        }
    }

    /// Returns when every run is done. Dropping the future loses nothing; another call goes on.
    pub(crate) async fn finish(&mut self, runs: &mut [Run]) -> Result<(), Lost> {
        while !runs.iter().all(Run::is_done) {
            let message = tokio::select! {
                message = receive(&mut self.iopub) => message,
                message = receive(&mut self.shell) => message,
                status = self.process.ended() => return Err(Lost::ended(status)),
            };
            match message {
                Ok(message) => {
                    if let Some(run) = runs.iter_mut().find(|run| run.id == message.parent) {
                        run.take(&message);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "a message of the kernel is lost");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Ok(())
    }

    /// Interrupts what runs; whether that helps is seen when the runs finish.
    pub(crate) async fn interrupt(&mut self) {
        if self.interrupt_by_message {
            if let Err(error) = self.control.send(JupyterMessage::new(InterruptRequest {}, None)).await {
                tracing::debug!(%error, "the interrupt was not sent");
            }
        } else {
            self.process.interrupt();
        }
    }

    /// Resolves when the process has ended.
    pub(crate) async fn lost(&self) -> Lost {
        Lost::ended(self.process.ended().await)
    }

    /// The last lines that the process printed itself.
    pub(crate) fn last_output(&self) -> String {
        self.process.last_output()
    }

    pub(crate) fn id(&self) -> i32 {
        self.process.id()
    }
}
