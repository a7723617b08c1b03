//! From a choice of kernel to one that answers.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jupyter_protocol::connection_info::Transport;
use jupyter_protocol::{ConnectionInfo, JupyterMessage, KernelInfoRequest};
use jupyter_zmq_client::{
    ClientControlConnection, ClientIoPubConnection, ClientShellConnection, RuntimeError,
    create_client_control_connection, create_client_iopub_connection, create_client_shell_connection_with_identity,
    peer_identity_for_session,
};
use tokio::net::{TcpStream, UnixStream};
use uuid::Uuid;

use super::folder::KernelFolder;
use super::message::receive;
use super::process::Process;
use super::{Kernel, KernelChoice, Lost, Origin, Run};

/// Between two looks whether the kernel listens yet.
const LOOK: Duration = Duration::from_millis(10);
/// How long a kernel may take to answer a question before it is asked again.
const ANSWER: Duration = Duration::from_millis(500);
/// How often a kernel is started when another program takes one of its ports.
const TRIES: usize = 3;
/// Bytes of a socket's path that every system takes, less the number behind it.
const LONGEST_PREFIX: usize = 90;

/// What it takes to start the kernels of a notebook.
#[derive(Debug, Clone)]
pub(crate) struct StartPlan {
    pub(crate) choice: KernelChoice,
    /// Where the kernel runs.
    pub(crate) folder: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    /// The program, and its arguments, that becomes the kernel and dies with us; empty when there is none.
    pub(crate) launcher: Vec<OsString>,
}

/// Why a kernel did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its program cannot be run.
    #[error("cannot run the kernel's program {program}")]
    Run {
        /// The program.
        program: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Its files or ports cannot be had.
    #[error("cannot prepare a kernel's connection")]
    Prepare(#[source] io::Error),
    /// It ended before it answered.
    #[error("the kernel `{command}` did not start: {how}; it printed:\n{output}")]
    Ended {
        /// Its command line.
        command: String,
        /// How it ended.
        how: String,
        /// The last lines that it printed.
        output: String,
    },
    /// It cannot be talked to.
    #[error("cannot connect to the kernel: {reason}")]
    Connect {
        /// What the sockets say.
        reason: String,
    },
}

impl From<RuntimeError> for StartError {
    fn from(error: RuntimeError) -> Self {
        Self::Connect { reason: error.to_string() }
    }
}

/// What a kernel printed, and what to do about the commonest reason why there is none.
fn with_way_out(output: String, program: &str) -> String {
    if output.contains("No module named ipykernel") {
        format!("{output}\n`{program} -m pip install ipykernel` installs it")
    } else {
        output
    }
}

impl StartPlan {
    /// Starts kernel `number` and returns when it answers, however long that takes.
    pub(crate) async fn start(&self, number: usize) -> Result<Kernel, StartError> {
        let mut tries = 1..=TRIES;
        loop {
            tries.next();
            match self.start_once(number).await {
                Err(StartError::Ended { output, .. })
                    if !tries.is_empty() && output.to_lowercase().contains("address already in use") =>
                {
                    tracing::debug!(kernel = number, "a port of the kernel was taken, starting it again");
                }
                outcome => return outcome,
            }
        }
    }

    async fn start_once(&self, number: usize) -> Result<Kernel, StartError> {
        let folder = KernelFolder::create().map_err(StartError::Prepare)?;
        let info = connection(folder.path(), self.choice.can_ipc()).map_err(StartError::Prepare)?;
        let text = serde_json::to_vec(&info).map_err(|error| StartError::Prepare(error.into()))?;
        let file = folder.connect(&text).map_err(StartError::Prepare)?;
        let kernel = self.choice.arguments(&file);
        let program = self.choice.argv.first().cloned().unwrap_or_default();
        let process = Process::start(self.command(kernel), number).await;
        let process = process.map_err(|source| StartError::Run { program: program.clone(), source })?;
        let ended = |lost: Lost, process: &Process| StartError::Ended {
            command: self.choice.argv.join(" "),
            how: lost.how,
            output: with_way_out(process.last_output(), &program),
        };
        tokio::select! {
            () = listens(&info) => {}
            status = process.ended() => {
                // What it printed last is read by another thread.
                tokio::time::sleep(LOOK * 5).await;
                return Err(ended(Lost::ended(&process, status), &process));
            }
        }
        let mut kernel = tokio::select! {
            kernel = connect(&info) => kernel?.with(process, self.choice.interrupt_by_message, folder),
            status = process.ended() => return Err(ended(Lost::ended(&process, status), &process)),
        };
        match kernel.answers().await {
            Ok(()) => Ok(kernel),
            Err(lost) => Err(ended(lost, &kernel.process)),
        }
    }

    fn command(&self, kernel: Vec<OsString>) -> Command {
        let words: Vec<OsString> = self.launcher.iter().cloned().chain(kernel).collect();
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(&self.folder);
        command.envs(&self.choice.environment);
        command.env("KERNEL_GATEWAY", "1").env_remove("KG_AUTH_TOKEN");
        // What a supervisor is told is not the kernel's to say.
        command.env_remove("NOTIFY_SOCKET");
        // Kernels that know it end when their parent does.
        command.env("JPY_PARENT_PID", std::process::id().to_string());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A way to talk to a kernel, and a key that signs every message.
///
/// Where it can, the kernel listens on sockets in `folder`, which is ours alone; a port on this machine is open to every
/// user of it, who could read all that a kernel publishes.
fn connection(folder: &Path, can_ipc: bool) -> io::Result<ConnectionInfo> {
    let prefix = folder.join("s").to_string_lossy().into_owned();
    let is_ipc = can_ipc && prefix.len() <= LONGEST_PREFIX;
    let [shell_port, iopub_port, stdin_port, control_port, hb_port] =
        if is_ipc { [1, 2, 3, 4, 5] } else { free_ports()? };
    Ok(ConnectionInfo {
        ip: if is_ipc { prefix } else { Ipv4Addr::LOCALHOST.to_string() },
        transport: if is_ipc { Transport::IPC } else { Transport::TCP },
        shell_port,
        iopub_port,
        stdin_port,
        control_port,
        hb_port,
        key: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
        signature_scheme: "hmac-sha256".to_owned(),
        kernel_name: None,
    })
}

/// Ports that are free now.
fn free_ports() -> io::Result<[u16; 5]> {
    // Two kernels that start at the same time must not be given the same port.
    static RECENT: Mutex<VecDeque<u16>> = Mutex::new(VecDeque::new());
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut listeners = Vec::new();
    let mut ports = [0; 5];
    for port in &mut ports {
        while *port == 0 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let free = listener.local_addr()?.port();
            listeners.push(listener);
            if !recent.contains(&free) {
                *port = free;
            }
        }
        recent.push_back(*port);
    }
    let surplus = recent.len().saturating_sub(500);
    recent.drain(..surplus);
    Ok(ports)
}

/// Returns when the kernel accepts connections.
async fn listens(info: &ConnectionInfo) {
    let path = info.shell_url();
    loop {
        let connected = match path.strip_prefix("ipc://") {
            Some(path) => UnixStream::connect(path).await.map(drop),
            None => TcpStream::connect((Ipv4Addr::LOCALHOST, info.shell_port)).await.map(drop),
        };
        if connected.is_ok() {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A kernel's sockets.
struct Sockets {
    shell: ClientShellConnection,
    iopub: ClientIoPubConnection,
    control: ClientControlConnection,
}

impl Sockets {
    fn with(self, process: Process, interrupt_by_message: bool, folder: KernelFolder) -> Kernel {
        let Self { shell, iopub, control } = self;
        let recent = VecDeque::new();
        Kernel { process, shell, iopub, control, interrupt_by_message, takes_requests: false, recent, _folder: folder }
    }
}

async fn connect(info: &ConnectionInfo) -> Result<Sockets, StartError> {
    let session = Uuid::new_v4().to_string();
    let identity = peer_identity_for_session(&session)?;
    Ok(Sockets {
        iopub: create_client_iopub_connection(info, "", &session).await?,
        shell: create_client_shell_connection_with_identity(info, &session, identity).await?,
        control: create_client_control_connection(info, &session).await?,
    })
}

impl Kernel {
    /// Returns when the kernel answers and what it publishes arrives here. What it publishes before we are known to it is
    /// lost, so it is asked until both are seen.
    async fn answers(&mut self) -> Result<(), Lost> {
        loop {
            let question = JupyterMessage::new(KernelInfoRequest {}, None);
            let mut run = Run::sent(question.header.msg_id.clone(), Origin::new(0, "start", &[]), usize::MAX);
            self.shell.send(question).await.map_err(|error| Lost { how: error.to_string() })?;
            let answered = tokio::time::timeout(ANSWER, async {
                let mut replied = false;
                while !(replied && run.is_published()) {
                    let message = tokio::select! {
                        message = receive(&mut self.iopub) => message,
                        message = receive(&mut self.shell) => message,
                        status = self.process.ended() => return Err(Lost::ended(&self.process, status)),
                    };
                    match message {
                        Ok(message) if message.kind == "kernel_info_reply" => replied = true,
                        Ok(message) if message.parent == run.id => run.take(&message),
                        Ok(_) => {}
                        Err(error) => {
                            tracing::debug!(%error, "a message of the kernel is lost");
                            tokio::time::sleep(LOOK).await;
                        }
                    }
                }
                Ok(())
            });
            if let Ok(outcome) = answered.await {
                return outcome;
            }
        }
    }
}
