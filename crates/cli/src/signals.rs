//! SIGTERM, SIGINT and SIGHUP: noticed from the start, so that a stop while reading or fitting is no failure either.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, process, thread};

use anyhow::{Context, Result};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The code that a shell gives to a process ended by SIGINT.
const INTERRUPTED: i32 = 130;

/// Makes a write beyond the size that files may have an error with a name: the system would end the process, and leave what it
/// had written. Where it cannot be arranged, that stays so.
pub(crate) fn outlive_limits_of_files() {
    let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    // The handler stays when what hears of it is gone.
    let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
}

/// Whether the process was asked to stop.
#[derive(Debug)]
pub(crate) struct Stop {
    serving: Arc<AtomicBool>,
    news: watch::Receiver<bool>,
}

impl Stop {
    /// Watches for SIGTERM and SIGINT from now on, in a thread of its own.
    ///
    /// Until [`wait`](Self::wait) is called there is nothing to finish: a signal ends the process at once, with
    /// success. From then on the first signal is passed on, and the second ends the process at once.
    pub(crate) fn watch() -> Result<Self> {
        let (tell, news) = watch::channel(false);
        let serving = Arc::new(AtomicBool::new(false));
        let has_begun = Arc::clone(&serving);
        let runtime = Builder::new_current_thread().enable_io().build().context("cannot watch for signals")?;
        let (mut terminate, mut interrupt) = {
            let _inside = runtime.enter();
            let open = |kind| signal(kind).context("cannot watch for signals");
            (open(SignalKind::terminate())?, open(SignalKind::interrupt())?)
        };
        let watcher = async move {
            loop {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
                if !has_begun.load(Ordering::Acquire) {
                    process::exit(0);
                }
                if tell.send_replace(true) {
                    process::exit(INTERRUPTED);
                }
            }
        };
        let name = "signals".to_owned();
        thread::Builder::new().name(name).spawn(move || runtime.block_on(watcher)).context("cannot start a thread")?;
        Ok(Self { serving, news })
    }

    /// Ends when a signal comes. The promise to end well begins with this call, before the future is polled.
    pub(crate) fn wait(mut self) -> impl Future<Output = ()> + Send + 'static {
        self.serving.store(true, Ordering::Release);
        async move {
            let _ = self.news.wait_for(|&asked| asked).await;
        }
    }
}

/// SIGHUP, which asks a service to read its source again. A terminal that is closed sends it too; that ends the process as
/// SIGTERM does.
#[derive(Debug)]
pub(crate) struct Hangups(watch::Receiver<u64>);

impl Hangups {
    /// Watches for SIGHUP from now on, in a thread of its own.
    pub(crate) fn watch() -> Result<Self> {
        let (tell, news) = watch::channel(0);
        let runtime = Builder::new_current_thread().enable_io().build().context("cannot watch for signals")?;
        let mut hangup = {
            let _inside = runtime.enter();
            signal(SignalKind::hangup()).context("cannot watch for signals")?
        };
        let had_terminal = has_terminal();
        let watcher = async move {
            while hangup.recv().await.is_some() {
                if had_terminal && !has_terminal() {
                    // The process knows itself and may end itself.
                    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
                } else {
                    tell.send_modify(|number| *number += 1);
                }
            }
        };
        let name = "hang-ups".to_owned();
        thread::Builder::new().name(name).spawn(move || runtime.block_on(watcher)).context("cannot start a thread")?;
        Ok(Self(news))
    }

    /// Calls `act` after each signal, those before this call together counting as one.
    pub(crate) fn each(mut self, act: impl Fn() + Send + 'static) -> Result<()> {
        let runtime = Builder::new_current_thread().build().context("cannot watch for signals")?;
        let calls = async move {
            while self.0.changed().await.is_ok() {
                act();
            }
        };
        let name = "reload".to_owned();
        thread::Builder::new().name(name).spawn(move || runtime.block_on(calls)).context("cannot start a thread")?;
        Ok(())
    }
}

fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stderr().is_terminal()
}
