//! Events on their way into the store: those of many requests in one transaction, acknowledged when it is durable.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use foretaste_store::{Appended, NewEvent, Store, StoreError};
use tokio::sync::oneshot;

use crate::live::Live;

/// Requests that may wait for the transaction that runs.
const WAITING: usize = 1024;
/// Events after which a transaction takes no further request.
const TOGETHER: usize = 8192;

/// Why events were not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The service has no store.
    #[error("this service keeps no events: `foretaste serve DATA --data-dir DIR` gives it a store")]
    NoStore,
    /// Too many requests wait.
    #[error("{waiting} requests wait to be written, try again in 1 s")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// The disk is full; what is there is served.
    #[error("{0}")]
    Full(String),
    /// The store could not be written, and takes no more before the service starts anew; what is there is served.
    #[error("{0}; it takes no more until the service is started again")]
    Failed(String),
    /// The service is shutting down.
    #[error("the service is shutting down")]
    ShuttingDown,
}

/// Events of one request, and who waits for them.
struct Batch {
    events: Vec<NewEvent>,
    reply: oneshot::Sender<Result<Vec<Appended>, WriteError>>,
}

/// The way into a store, and the thread behind it.
#[derive(Debug)]
pub struct Writes {
    queue: Mutex<Option<Sender<Batch>>>,
    store: Arc<dyn Store>,
    failed: Arc<OnceLock<String>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writes {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system refuses it.
    pub(crate) fn start(store: Arc<dyn Store>, live: Arc<Live>) -> std::io::Result<Self> {
        let (queue, batches) = bounded(WAITING);
        let failed = Arc::new(OnceLock::new());
        let thread = {
            let (store, failed) = (Arc::clone(&store), Arc::clone(&failed));
            std::thread::Builder::new()
                .name("store".to_owned())
                .spawn(move || work(&*store, &live, &batches, &failed))?
        };
        Ok(Self { queue: Mutex::new(Some(queue)), store, failed, thread: Mutex::new(Some(thread)) })
    }

    /// Writes the events of a request, all or none; they are durable, and count in the next list, when it returns. What became of
    /// each is told in their order. Dropping the future takes nothing back.
    ///
    /// # Errors
    /// [`WriteError`]; but for [`Failed`](WriteError::Failed), nothing was written.
    pub async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>, WriteError> {
        self.check()?;
        let (reply, answer) = oneshot::channel();
        {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = queue.as_ref().ok_or(WriteError::ShuttingDown)?;
            queue.try_send(Batch { events, reply }).map_err(|error| match error {
                TrySendError::Full(_) => WriteError::Busy { waiting: WAITING },
                TrySendError::Disconnected(_) => WriteError::ShuttingDown,
            })?;
        }
        answer.await.unwrap_or(Err(WriteError::ShuttingDown))
    }

    /// # Errors
    /// The store has failed, and takes no more.
    pub fn check(&self) -> Result<(), WriteError> {
        self.failed.get().map_or(Ok(()), |why| Err(WriteError::Failed(why.clone())))
    }

    /// The sequence number of the last event.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.store.sequence()
    }

    /// Takes no more, writes what waits, and returns.
    pub fn stop(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

/// Writes what comes, all that waits in one transaction, until the queue is closed and empty.
fn work(store: &dyn Store, live: &Live, batches: &Receiver<Batch>, failed: &OnceLock<String>) {
    while let Ok(first) = batches.recv() {
        let (mut events, mut waiting) = (first.events, vec![(0, first.reply)]);
        while events.len() < TOGETHER
            && let Ok(next) = batches.try_recv()
        {
            waiting.push((events.len(), next.reply));
            events.extend(next.events);
        }
        let written = match failed.get() {
            Some(why) => Err(WriteError::Failed(why.clone())),
            None => store.append(&events).map_err(|error| refused(&error, failed)),
        };
        let mut appended = written.clone().unwrap_or_default();
        for (event, appended) in events.iter().zip(&appended) {
            if let Appended::New(sequence) = *appended {
                live.add(sequence, event);
            }
        }
        // Behind what is told to those before it stands what is told to the last.
        for (begin, reply) in waiting.into_iter().rev() {
            let own = appended.split_off(begin.min(appended.len()));
            // The client may be gone.
            let _ = reply.send(written.as_ref().map(|_| own).map_err(Clone::clone));
        }
    }
}

/// Why a store did not write. After a write or a sync that failed it cannot be known what is on the disk: no more is tried.
fn refused(error: &StoreError, failed: &OnceLock<String>) -> WriteError {
    let why = error.to_string();
    if let StoreError::Full = error {
        tracing::warn!(reason = why, "events were not written");
        return WriteError::Full(why);
    }
    tracing::error!(reason = why, "events were not written; the store takes no more");
    let why = failed.get_or_init(|| why).clone();
    WriteError::Failed(why)
}
