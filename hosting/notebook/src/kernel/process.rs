//! A kernel's process: started, watched, signalled, and never left behind.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use super::{memory_limit, strays};

/// Lines of the kernel's own output that an error may quote.
const LINES_KEPT: usize = 30;
/// Bytes of one line that are read at once; the rest of a longer one follows as another line.
const LINE_BYTES: u64 = 4096;

/// A running process and all it started, in a process group of its own. Dropping it kills the group, and what left it.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    /// Tells what it started.
    mark: String,
    /// When it was started.
    since: Option<u64>,
    /// How often the memory limit had been hit when it started.
    limit_hits: Option<u64>,
    /// Whether the process id is still ours: it is as long as the process was not waited for.
    alive: Arc<Mutex<bool>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    output: Arc<Mutex<VecDeque<String>>>,
}

impl Process {
    /// Starts `command`; what it prints goes to the log as that of kernel `number`.
    pub(crate) async fn start(mut command: Command, number: usize) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        // A signal that a terminal sends to us must not reach the kernel before the requests are done.
        command.process_group(0);
        let mark = Uuid::new_v4().simple().to_string();
        command.env(strays::VARIABLE, &mark);
        let (tell, started) = oneshot::channel();
        // The system ties a child's life to the thread that started it: one thread for each, as long as the child lives.
        thread::Builder::new()
            .name(format!("kernel-{number}"))
            .spawn(move || live(command, reader, (number, mark), tell))?;
        started.await.map_err(|_| io::Error::other("the thread of the kernel ended"))?
    }

    pub(crate) fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Resolves when the process has ended.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = ended.wait_for(Option::is_some).await;
        // The watching thread tells before it ends.
        status.ok().and_then(|status| *status).unwrap_or_default()
    }

    /// How it ended, for people.
    pub(crate) fn ending(&self, status: ExitStatus) -> String {
        ending(status, memory_limit::kills() > self.limit_hits)
    }

    /// Sends the interrupt signal to the kernel and what it started.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Kills the kernel and what it started; returns at once.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let alive = lock(&self.alive);
        if *alive {
            // It fails only when the process has ended, which is noticed elsewhere.
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// The last lines that the process printed itself, outside of the protocol.
    pub(crate) fn last_output(&self) -> String {
        lock(&self.output).iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        strays::kill(&self.mark, self.since);
    }
}

/// Starts the process, hands it over, and stays until it has ended.
fn live(
    mut command: Command,
    reader: PipeReader,
    (number, mark): (usize, String),
    tell: oneshot::Sender<io::Result<Process>>,
) {
    let spawned = command.spawn();
    // The command holds our ends of the pipe, which would keep its reader waiting.
    drop(command);
    let (tell_ended, ended) = watch::channel(None);
    let (alive, output) = (Arc::new(Mutex::new(true)), Arc::new(Mutex::new(VecDeque::new())));
    let (is_alive, kept) = (Arc::clone(&alive), Arc::clone(&output));
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let _ = tell.send(Err(error));
            return;
        }
    };
    let since = i32::try_from(child.id()).ok().and_then(strays::started);
    let log = thread::Builder::new().name(format!("kernel-{number}-log"));
    let started = log.spawn(move || pass_on(reader, number, &kept)).and_then(|_| {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the process has no id"))?;
        Ok(Process { pid, mark: mark.clone(), since, limit_hits: memory_limit::kills(), alive, ended, output })
    });
    if started.is_err() {
        let _ = child.kill();
    }
    // When no request waits for it any more, it is dropped here, which kills it.
    let _ = tell.send(started);
    tell_ended.send_replace(Some(wait(&mut child, &is_alive)));
    strays::kill(&mark, since);
}

/// Waits for the end; the process id stays ours until `alive` is false.
fn wait(child: &mut Child, alive: &Mutex<bool>) -> ExitStatus {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        let mut alive = lock(alive);
        // What the kernel started must not outlive it either.
        let _ = kill_process_group(pid, Signal::KILL);
        *alive = false;
    }
    child.wait().unwrap_or_default()
}

/// Reads until the last writer is gone. Whatever becomes of the log, the pipe never fills up for long.
fn pass_on(pipe: PipeReader, number: usize, kept: &Mutex<VecDeque<String>>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        match pipe.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = one_line(&String::from_utf8_lossy(&line));
        if text.is_empty() {
            continue;
        }
        tracing::info!(kernel = number, "{text}");
        let mut kept = lock(kept);
        if kept.len() == LINES_KEPT {
            kept.pop_front();
        }
        kept.push_back(text);
    }
}

/// How a process ended, for people, and whether the memory limit was hit since it started.
fn ending(status: ExitStatus, limit_was_hit: bool) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with status {code}"),
        (None, Some(9)) if limit_was_hit => "it was ended by signal 9, as its memory limit was hit".to_owned(),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it ended".to_owned(),
    }
}

/// The same on one line, as a log has it: without any control character.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).trim_end().replace(char::is_control, " ")
}

/// A text without terminal escapes and control characters other than line feed and tab.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.next_if_eq(&'[').is_some() => {
                // A control sequence goes to its first letter (or @ to ~).
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn an_end_is_noticed_with_its_status_and_last_output() {
        let process = Process::start(shell("echo one; echo two >&2; exit 7"), 1).await.unwrap();
        assert_eq!(process.ending(process.ended().await), "it ended with status 7");
        let deadline = Instant::now() + Duration::from_secs(5);
        while process.last_output() != "one\ntwo" {
            assert!(Instant::now() < deadline, "{:?}", process.last_output());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_killed_process_is_noticed_within_a_tenth_of_a_second_with_what_it_started() {
        let process = Process::start(shell("sleep 100 & echo $!; wait"), 1).await.unwrap();
        while process.last_output().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let grandchild = Pid::from_raw(process.last_output().parse().unwrap()).unwrap();
        let begun = Instant::now();
        process.kill();
        assert_eq!(ending(process.ended().await, false), "it was ended by signal 9");
        assert_eq!(ending(process.ended().await, true), "it was ended by signal 9, as its memory limit was hit");
        assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
        let is_gone = || {
            // A process that was not waited for yet is a zombie.
            let state = std::fs::read_to_string(format!("/proc/{}/stat", grandchild.as_raw_nonzero()));
            state.map_or(true, |state| state.contains(") Z "))
        };
        while !is_gone() {
            assert!(begun.elapsed() < Duration::from_secs(5));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_an_error() {
        let error = Process::start(Command::new("/nonexistent/program"), 1).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn colours_are_stripped() {
        assert_eq!(plain("\u{1b}[0;31mError\u{1b}[39m:\tx\ny\r\u{7}"), "Error:\tx\ny");
        assert_eq!(plain("\u{1b}[31"), "");
    }
}
