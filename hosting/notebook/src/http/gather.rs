//! Takes in a request's body, within what one body and all of them together may hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use foretaste_net::Limits;
use foretaste_net::body::BodyError as Unread;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::BodyError;

/// The slowest body that is waited for beyond the time that every body has, bytes a second.
const RATE: u32 = 64 << 10;
/// Bodies of the largest size that may be held at the same time.
const BODIES: usize = 2;
/// In what all bodies together are counted.
const UNIT: usize = 1024;

/// The bodies of all requests that are being answered.
#[derive(Debug)]
pub(super) struct Bodies {
    limits: Arc<Limits>,
    room: Arc<Semaphore>,
}

/// The room that a body takes, until its request is answered.
#[derive(Debug, Default)]
pub(super) struct Held(Option<OwnedSemaphorePermit>);

impl Bodies {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        let units = (limits.body_bytes / UNIT + 1).saturating_mul(BODIES).min(Semaphore::MAX_PERMITS);
        Self { limits, room: Arc::new(Semaphore::new(units)) }
    }

    /// The whole body, and what holds the room for it.
    pub(super) async fn read<B>(&self, body: &mut B) -> Result<(Vec<u8>, Held), BodyError>
    where
        B: hyper::body::Body<Data = Bytes> + Unpin,
    {
        let (begun, most) = (Instant::now(), self.limits.body_bytes);
        let (mut bytes, mut held) = (Vec::new(), Held::default());
        loop {
            let allowed = self.allowed(bytes.len());
            let slow = Unread::TooSlow { seconds: allowed.as_secs_f64() };
            let left = allowed.checked_sub(begun.elapsed()).ok_or(slow)?;
            let frame = tokio::time::timeout(left, body.frame()).await.map_err(|_| slow)?;
            let Some(frame) = frame else { return Ok((bytes, held)) };
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            if data.len() > most - bytes.len() {
                return Err(Unread::TooLarge { most }.into());
            }
            self.make_room(&mut held, bytes.len() + data.len())?;
            // A quarter more: twice as much, which a vector would take by itself, is more than was counted.
            if bytes.len() + data.len() > bytes.capacity() {
                bytes.reserve_exact(data.len().max(bytes.len() / 4));
            }
            bytes.extend_from_slice(&data);
        }
    }

    fn allowed(&self, received: usize) -> Duration {
        self.limits.body + Duration::from_secs(received as u64) / RATE
    }

    fn make_room(&self, held: &mut Held, bytes: usize) -> Result<(), BodyError> {
        let has = held.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.div_ceil(UNIT).saturating_sub(has);
        let Ok(missing) = u32::try_from(missing) else { return Err(BodyError::NoRoom) };
        let more = Arc::clone(&self.room).try_acquire_many_owned(missing).map_err(|_| BodyError::NoRoom)?;
        match &mut held.0 {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    fn bodies(most: usize) -> Bodies {
        Bodies::new(Arc::new(Limits { body_bytes: most, body: Duration::from_millis(50), ..Limits::default() }))
    }

    #[tokio::test]
    async fn bodies_are_bounded_one_by_one_and_together() {
        let bodies = bodies(10 * UNIT);
        let read = |bytes: usize| {
            let mut body = Full::new(Bytes::from(vec![b'x'; bytes]));
            let bodies = &bodies;
            async move { bodies.read(&mut body).await }
        };
        let large = read(10 * UNIT + 1).await.unwrap_err();
        assert_eq!(large, BodyError::Unread(Unread::TooLarge { most: 10 * UNIT }));
        let first = read(10 * UNIT).await.unwrap();
        let _second = read(9 * UNIT).await.unwrap();
        assert_eq!(read(4 * UNIT).await.unwrap_err(), BodyError::NoRoom);
        assert_eq!(read(UNIT).await.unwrap().0.len(), UNIT);
        drop(first);
        assert_eq!(read(4 * UNIT).await.unwrap().0.len(), 4 * UNIT);
    }

    #[test]
    fn a_large_body_has_more_time() {
        let bodies = bodies(10 << 20);
        assert_eq!(bodies.allowed(0), Duration::from_millis(50));
        assert_eq!(bodies.allowed(1 << 20), Duration::from_millis(16_050));
    }
}
