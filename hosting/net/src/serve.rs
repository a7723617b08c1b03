//! Serves a listener until it is told to stop, then lets everyone finish.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::accept::accept;
use crate::{Answer, Limits, Listener, Slots, Tls};

/// Answers the connections of `listener`, over TLS where there is a certificate, until `shutdown` resolves; then accepts no more, closes each connection after its
/// next answer, and returns when all are closed or `limits.drain` has passed.
///
/// A connection that is idle then may still send a request for as long as `limits.linger`. Connections that wait in the
/// system's queue are taken from there, or stay there for other processes that hold the socket. Runs in a tokio run time with sockets and time.
///
/// # Errors
/// The listener cannot be watched.
pub async fn serve(
    listener: Listener,
    answer: Arc<impl Answer>,
    limits: Arc<Limits>,
    slots: Arc<Slots>,
    tls: Option<Arc<Tls>>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let watched = listener.watched()?;
    let drain = limits.drain;
    let accepting = tokio::spawn(accept((listener, watched), answer, limits, (Arc::clone(&slots), tls), stopping));
    shutdown.await;
    let begun = Instant::now();
    tracing::info!(connections = slots.taken(), "shutting down");
    stop.send_replace(true);
    let drained = tokio::time::timeout(drain, async {
        let _ = accepting.await;
        slots.all_free().await;
    });
    match drained.await {
        Ok(()) => tracing::info!(duration_ms = milliseconds(begun.elapsed()), "every request was finished"),
        Err(_) => tracing::warn!(connections = slots.taken(), "some requests were not finished in time"),
    }
    Ok(())
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
