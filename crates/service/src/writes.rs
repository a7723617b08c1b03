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
    /// The store cannot be reached now; what is there is served. Whether the events are there is not known: those that have
    /// ids can be sent again.
    #[error("{0}")]
    Away(String),
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
    /// [`WriteError`]; but for [`Away`](WriteError::Away) and [`Failed`](WriteError::Failed), nothing was written.
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
    // Up to which event `live` was told of all.
    let mut told = store.sequence();
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
        if written.is_ok() {
            told = tell(store, live, told, events.iter().zip(&appended));
        }
        // Behind what is told to those before it stands what is told to the last.
        for (begin, reply) in waiting.into_iter().rev() {
            let own = appended.split_off(begin.min(appended.len()));
            // The client may be gone.
            let _ = reply.send(written.as_ref().map(|_| own).map_err(Clone::clone));
        }
    }
}

/// Tells `live` of the events that were written after that sequence number, and gives the one up to which it knows all by then.
fn tell<'a>(
    store: &dyn Store,
    live: &Live,
    told: u64,
    events: impl Iterator<Item = (&'a NewEvent, &'a Appended)>,
) -> u64 {
    let until = store.sequence();
    let new: Vec<(u64, &NewEvent)> = events
        .filter_map(
            |(event, appended)| if let Appended::New(sequence) = *appended { Some((sequence, event)) } else { None },
        )
        .collect();
    if until == told + new.len() as u64 {
        new.into_iter().for_each(|(sequence, event)| live.add(sequence, event));
        return until;
    }
    // Some were written of which that was not known when it was answered.
    let mut all = Vec::new();
    match store.since(told, &mut |event| all.push(event)) {
        Ok(()) => {
            all.iter().for_each(|event| live.add(event.sequence, &event.event));
            all.last().map_or(told, |event| event.sequence)
        }
        Err(error) => {
            tracing::warn!(reason = error.to_string(), "events count when the next are written");
            told
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
    if let StoreError::Away(_) = error {
        tracing::warn!(reason = why, "it is not known whether events were written");
        return WriteError::Away(why);
    }
    tracing::error!(reason = why, "events were not written; the store takes no more");
    let why = failed.get_or_init(|| why).clone();
    WriteError::Failed(why)
}

#[cfg(test)]
mod tests {
    use foretaste::dataset::Dataset;
    use foretaste_store::{About, Event, EventKind, Fault, Imported, Place, Progress};

    use super::*;

    /// A store that cannot be reached at times: the first batch is not there, of the second it is not known.
    #[derive(Debug, Default)]
    struct Flaky(Mutex<(usize, Vec<Event>)>);

    impl Store for Flaky {
        fn place(&self) -> Place {
            Place::Database("nowhere".to_owned())
        }

        fn append(&self, events: &[NewEvent]) -> Result<Vec<Appended>, StoreError> {
            let (calls, kept) = &mut *self.0.lock().unwrap();
            *calls += 1;
            if *calls == 1 {
                return Err(StoreError::Away("gone".to_owned()));
            }
            let mut add = |event: &NewEvent| {
                if kept.iter().any(|kept| kept.event.id == event.id) {
                    return Appended::Known;
                }
                let sequence = kept.len() as u64 + 1;
                kept.push(Event { sequence, event: event.clone() });
                Appended::New(sequence)
            };
            let appended = events.iter().map(&mut add).collect();
            if *calls == 2 { Err(StoreError::Away("gone".to_owned())) } else { Ok(appended) }
        }

        fn sequence(&self) -> u64 {
            // What is known to be there.
            let (calls, kept) = &*self.0.lock().unwrap();
            if *calls < 3 { 0 } else { kept.len() as u64 }
        }

        fn since(&self, after: u64, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
            self.0.lock().unwrap().1.iter().filter(|event| event.sequence > after).cloned().for_each(each);
            Ok(())
        }

        fn about(&self) -> Result<Option<About>, StoreError> {
            Ok(None)
        }

        fn import(&self, _: &str, _: &Dataset, _: &mut Progress<'_>) -> Result<Imported, StoreError> {
            Err(StoreError::Stopped)
        }

        fn of_kinds(&self, _: &[EventKind], _: u64, _: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
            Ok(())
        }

        fn snapshot(&self, _: u64, _: &dyn Fn() -> bool) -> Result<Dataset, StoreError> {
            Err(StoreError::Stopped)
        }

        fn check(&self) -> Result<Vec<Fault>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_store_that_was_away_takes_events_again_and_all_that_are_there_count() {
        let live = Arc::new(Live::default());
        let writes = Writes::start(Arc::new(Flaky::default()), Arc::clone(&live)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let send = |name: &str| {
            let kind = EventKind::named("view").unwrap();
            let (user, item, id) = ("u".to_owned(), name.to_owned(), Some(name.to_owned()));
            runtime.block_on(writes.append(vec![NewEvent { user, item, kind, value: 1.0, time: None, id }]))
        };
        let data = Dataset::demo().unwrap();
        let count = || live.since("u", 0, &data).events;
        assert!(matches!(send("a"), Err(WriteError::Away(_))));
        assert!(matches!(send("a"), Err(WriteError::Away(_))));
        writes.check().unwrap();
        assert_eq!(count(), 0);
        // It was there after all.
        assert_eq!(send("a").unwrap(), [Appended::Known]);
        assert_eq!(count(), 1);
        assert_eq!(send("b").unwrap(), [Appended::New(2)]);
        assert_eq!(count(), 2);
        writes.stop();
    }
}
