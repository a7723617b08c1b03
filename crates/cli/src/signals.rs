//! SIGTERM and SIGINT: noticed from the start, so that a stop while fitting is as graceful as one while serving.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether the process was asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
    news: watch::Receiver<bool>,
}

impl Stop {
    /// Watches for SIGTERM and SIGINT from now on, in a thread of its own.
    ///
    /// The second signal ends the process at once, with the code a shell gives to SIGINT: who asks twice means it.
    pub(crate) fn watch() -> Result<Self> {
        let (tell, news) = watch::channel(false);
        let asked = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&asked);
        let runtime = Builder::new_current_thread().enable_io().build().context("cannot watch for signals")?;
        let (mut terminate, mut interrupt) = {
            let _inside = runtime.enter();
            let open = |kind| signal(kind).context("cannot watch for signals");
            (open(SignalKind::terminate())?, open(SignalKind::interrupt())?)
        };
        let watcher = async move {
            for nth in 1.. {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
                if nth > 1 {
                    std::process::exit(130);
                }
                shared.store(true, Ordering::Relaxed);
                let _ = tell.send(true);
            }
        };
        let name = "foretaste-signal".to_owned();
        thread::Builder::new().name(name).spawn(move || runtime.block_on(watcher)).context("cannot start a thread")?;
        Ok(Self { asked, news })
    }

    /// Whether a signal came.
    pub(crate) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Ends when a signal comes.
    pub(crate) async fn wait(mut self) {
        let _ = self.news.wait_for(|&asked| asked).await;
    }
}
