//! A running kernel: started, ready, and executing code by the Jupyter protocol.

mod choice;
mod folder;
mod launcher;
mod memory_limit;
mod message;
mod process;
mod run;
mod start;
mod strays;
mod transcript;

use std::collections::VecDeque;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{ExecuteRequest, InterruptRequest, JupyterMessage};
use jupyter_zmq_client::{ClientControlConnection, ClientIoPubConnection, ClientShellConnection, RuntimeError};
use serde_json::Map;

pub use choice::ChoiceError;
pub(crate) use choice::{KernelChoice, kernel_of};
pub use launcher::launch;
pub(crate) use message::CellError;
pub(crate) use process::{one_line, plain};
pub(crate) use run::{Output, Run, message_bytes};
pub use start::StartError;
pub(crate) use start::StartPlan;
pub(crate) use transcript::Origin;

use crate::notebook::language::REQUEST_KEY;
use folder::KernelFolder;
use message::{Incoming, receive};
use process::Process;

/// After a message that cannot be read; a broken socket must not keep a CPU busy.
const PAUSE: Duration = Duration::from_millis(2);
/// Runs that are remembered, so that what their threads show later can be named.
const RUNS_REMEMBERED: usize = 256;

/// A kernel that is ready. Dropping it kills its process.
pub(crate) struct Kernel {
    /// Holds the connection file, which the kernel may read again. It goes first: the end of what the kernel has started may
    /// take longer than this process has.
    _folder: KernelFolder,
    process: Process,
    shell: ClientShellConnection,
    iopub: ClientIoPubConnection,
    control: ClientControlConnection,
    interrupt_by_message: bool,
    /// Whether it takes a request along with the code to run.
    pub(crate) takes_requests: bool,
    /// The last runs, by the ids of their messages.
    recent: VecDeque<(String, Arc<Origin>)>,
}

/// What a kernel is to run.
#[derive(Debug)]
pub(crate) struct Code<'a> {
    statements: &'a str,
    origin: &'a Arc<Origin>,
    /// The request that the statements are to find, of a kernel that takes it along.
    request: Option<String>,
    /// Most bytes of what it gives.
    most: usize,
    /// Whether nothing of it is to be published.
    is_silent: bool,
}

impl<'a> Code<'a> {
    /// A cell, whose output and value matter; of both, at most so many bytes.
    pub(crate) fn cell(statements: &'a str, origin: &'a Arc<Origin>, most: usize) -> Self {
        Self { statements, origin, request: None, most, is_silent: false }
    }

    /// Statements that matter for their effect alone.
    pub(crate) fn silent(statements: &'a str, origin: &'a Arc<Origin>) -> Self {
        Self { statements, origin, request: None, most: 1 << 20, is_silent: true }
    }

    /// The same code, for a request.
    pub(crate) fn on(self, request: String) -> Self {
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
    fn ended(process: &Process, status: ExitStatus) -> Self {
        Self { how: process.ending(status) }
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        self.process.kill();
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
            message.metadata = Map::from_iter([(REQUEST_KEY.to_owned(), request.into())]).into();
        }
        // Noted first: a message that was sent only in part is never done.
        let id = message.header.msg_id.clone();
        if self.recent.len() == RUNS_REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((id.clone(), Arc::clone(code.origin)));
        runs.push(Run::sent(id, Arc::clone(code.origin), code.most));
        tokio::select! {
            sent = self.shell.send(message) => sent.map_err(|error| Lost { how: error.to_string() }),
            status = self.process.ended() => Err(Lost::ended(&self.process, status)),
        }
    }

    /// Returns when every run is done. Dropping the future loses nothing; another call goes on.
    pub(crate) async fn finish(&mut self, runs: &mut [Run]) -> Result<(), Lost> {
        while !runs.iter().all(Run::is_done) {
            let message = tokio::select! {
                message = receive(&mut self.iopub) => message,
                message = receive(&mut self.shell) => message,
                status = self.process.ended() => return Err(Lost::ended(&self.process, status)),
            };
            match message {
                Ok(message) => match runs.iter_mut().find(|run| run.id == message.parent) {
                    Some(run) => run.take(&message),
                    None => self.late(&message),
                },
                Err(error) => lost_message(&error).await,
            }
        }
        Ok(())
    }

    /// Logs what threads show while no request is answered; returns when the process has ended.
    pub(crate) async fn idle(&mut self) -> Lost {
        loop {
            let message = tokio::select! {
                biased;
                status = self.process.ended() => return Lost::ended(&self.process, status),
                message = receive(&mut self.iopub) => message,
            };
            match message {
                Ok(message) => self.late(&message),
                Err(error) => lost_message(&error).await,
            }
        }
    }

    /// What belongs to no run that is being waited for.
    fn late(&self, message: &Incoming) {
        if let Some((_, origin)) = self.recent.iter().find(|(id, _)| *id == message.parent) {
            message.log_late(origin);
        }
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
        Lost::ended(&self.process, self.process.ended().await)
    }

    /// The last lines that the process printed itself.
    pub(crate) fn last_output(&self) -> String {
        self.process.last_output()
    }

    pub(crate) fn id(&self) -> i32 {
        self.process.id()
    }
}

async fn lost_message(error: &RuntimeError) {
    tracing::debug!(%error, "a message of the kernel is lost");
    tokio::time::sleep(PAUSE).await;
}
