//! SIGTERM and SIGINT: noticed from the start, so that a stop while reading or fitting is no failure either.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{process, thread};

use anyhow::{Context, Result};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The code that a shell gives to a process ended by SIGINT.
const INTERRUPTED: i32 = 130;

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
