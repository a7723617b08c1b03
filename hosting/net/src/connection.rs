//! Serves one connection until it is done, late, or told to stop.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::sync::watch;
use tokio::time::Sleep;

use crate::clock::Clock;
use crate::stream::{ClockedStream, Stream};
use crate::{Answer, Limits};

/// The least buffer that hyper takes.
const LEAST_BUFFER: usize = 8192;
/// Most headers of one request; more are answered 431.
const MAX_HEADERS: usize = 100;

/// Speaks HTTP/1 on `stream`, answering from `answer`. Returns when the client has closed or a time-out has passed; once
/// `stop` is true, after the next answer, or when none was asked for within `limits.linger`.
pub(crate) async fn serve(
    stream: Stream,
    answer: Arc<impl Answer>,
    (limits, clock): (&Limits, Arc<Clock>),
    mut stop: watch::Receiver<bool>,
) {
    let is_last = stop.clone();
    let service = service_fn(|request| {
        clock.busy();
        let (answer, clock, is_last) = (&answer, &clock, &is_last);
        async move {
            let mut response = answer.answer(request).await;
            if *is_last.borrow() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            clock.answered();
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let mut http = http1::Builder::new();
    // Our clock tells an idle connection from a slow head; hyper's timer cannot.
    http.header_read_timeout(None).max_headers(MAX_HEADERS).max_header_size(limits.header_bytes);
    // What a connection has sent and the service has not taken yet: as much as a head may have.
    http.max_buf_size(limits.header_bytes.max(LEAST_BUFFER));
    let connection = http.serve_connection(ClockedStream::new(stream, Arc::clone(&clock)), service);
    let mut connection = std::pin::pin!(connection);
    let mut watchdog = std::pin::pin!(Watchdog::new(Arc::clone(&clock)));
    let linger = limits.linger;
    let mut stopping = std::pin::pin!(async move {
        // An error means that the sender is gone, which is a stop as well.
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(linger).await;
    });
    let mut stopped = false;
    let giving_way = Arc::clone(&clock);
    let mut giving_way = std::pin::pin!(giving_way.given_way());
    std::future::poll_fn(|cx| {
        if !stopped && stopping.as_mut().poll(cx).is_ready() {
            stopped = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(outcome) = connection.as_mut().poll(cx) {
            if let Err(error) = outcome {
                tracing::debug!(%error, "connection ended");
            }
            return Poll::Ready(());
        }
        if giving_way.as_mut().poll(cx).is_ready() {
            tracing::debug!("connection closed: it was idle, and a new one needed its place");
            return Poll::Ready(());
        }
        watchdog.as_mut().poll(cx)
    })
    .await;
}

/// Resolves when its clock's deadline passes. It sleeps lazily: a deadline that moves away costs no timer.
struct Watchdog {
    clock: Arc<Clock>,
    sleep: Pin<Box<Sleep>>,
}

impl Watchdog {
    fn new(clock: Arc<Clock>) -> Self {
        let first = clock.deadline().unwrap_or_else(|| Instant::now() + clock.longest());
        Self { clock, sleep: Box::pin(tokio::time::sleep_until(first.into())) }
    }
}

impl Future for Watchdog {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.clock.deadline();
        if let Some(deadline) = deadline
            && deadline < self.sleep.deadline().into_std()
        {
            self.sleep.as_mut().reset(deadline.into());
        }
        while self.sleep.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            match deadline {
                Some(deadline) if deadline <= now => {
                    tracing::debug!("connection closed: its time was up");
                    return Poll::Ready(());
                }
                Some(deadline) => self.sleep.as_mut().reset(deadline.into()),
                None => {
                    let later = now + self.clock.longest();
                    self.sleep.as_mut().reset(later.into());
                }
            }
        }
        Poll::Pending
    }
}
