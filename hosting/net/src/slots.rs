//! Caps on open connections, in total and for one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::clock::Clock;

/// Counts open connections and hands out [`Slot`]s while there is room.
#[derive(Debug)]
pub struct Slots {
    most: usize,
    most_per_ip: usize,
    open: Mutex<Open>,
    empty: Notify,
}

#[derive(Debug, Default)]
struct Open {
    connections: HashMap<u64, (IpAddr, Arc<Clock>)>,
    by_ip: HashMap<IpAddr, usize>,
    next: u64,
}

impl Open {
    /// Makes room by closing the connection that waits longest for its client, of those of `ip` if one is named. Whether there
    /// was one.
    fn make_room(&mut self, ip: Option<IpAddr>) -> bool {
        let of = self.connections.iter().filter(|(_, (of, _))| ip.is_none_or(|ip| ip == *of));
        let idle = of.filter_map(|(&id, (_, clock))| Some((clock.idle_since()?, id)));
        let Some((_, id)) = idle.min() else { return false };
        let is_closed = self.connections.get(&id).is_some_and(|(_, clock)| clock.give_way());
        if is_closed {
            self.remove(id);
        }
        is_closed
    }

    fn remove(&mut self, id: u64) {
        let Some((ip, _)) = self.connections.remove(&id) else { return };
        if let Some(of_ip) = self.by_ip.get_mut(&ip) {
            *of_ip -= 1;
            if *of_ip == 0 {
                self.by_ip.remove(&ip);
            }
        }
    }
}

/// Connections that an admin listener serves at once.
const ADMIN: usize = 64;

impl Slots {
    /// Those of an admin listener, which a full main listener cannot starve.
    #[must_use]
    pub fn of_admin() -> Arc<Self> {
        Self::new(ADMIN, ADMIN)
    }

    /// Room for `most` connections, `most_per_ip` of them from one address.
    #[must_use]
    pub fn new(most: usize, most_per_ip: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_ip, open: Mutex::default(), empty: Notify::new() })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from `ip` with that clock. When all, or all of that address, are taken, the connection that is
    /// idle longest is closed; `None` when none is.
    #[must_use]
    pub(crate) fn take(self: &Arc<Self>, ip: IpAddr, clock: &Arc<Clock>) -> Option<Slot> {
        // An IPv4 client on a dual-stack listener is the same client.
        let ip = ip.to_canonical();
        let mut open = self.open();
        let of_ip = open.by_ip.get(&ip).copied().unwrap_or(0);
        if (of_ip >= self.most_per_ip && !open.make_room(Some(ip)))
            || (open.connections.len() >= self.most && !open.make_room(None))
        {
            return None;
        }
        *open.by_ip.entry(ip).or_default() += 1;
        let id = open.next;
        open.next += 1;
        open.connections.insert(id, (ip, Arc::clone(clock)));
        Some(Slot { slots: Arc::clone(self), id })
    }

    /// Connections open now.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.open().connections.len()
    }

    /// Returns when no connection is open.
    pub async fn all_free(&self) {
        loop {
            let notified = self.empty.notified();
            if self.taken() == 0 {
                return;
            }
            notified.await;
        }
    }
}

/// One open connection's place; dropping it frees it.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    id: u64,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.open();
        open.remove(self.id);
        if open.connections.is_empty() {
            self.slots.empty.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use std::net::Ipv4Addr;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

    fn clock() -> Arc<Clock> {
        Arc::new(Clock::new(&Limits::default()))
    }

    /// One that works for its client.
    fn busy() -> Arc<Clock> {
        let clock = clock();
        clock.busy();
        clock
    }

    /// One that waits for its client's next request.
    fn idle() -> Arc<Clock> {
        let clock = busy();
        clock.answered();
        clock.flushed();
        std::thread::sleep(std::time::Duration::from_millis(2));
        clock
    }

    #[test]
    fn one_address_cannot_take_every_slot() {
        let slots = Slots::new(3, 2);
        let first = slots.take(A, &busy()).unwrap();
        let _second = slots.take(A, &busy()).unwrap();
        assert!(slots.take(A, &busy()).is_none(), "two of two are taken");
        let _third = slots.take(B, &busy()).unwrap();
        assert!(slots.take(B, &busy()).is_none(), "three of three are taken");
        drop(first);
        assert_eq!(slots.taken(), 2);
        assert!(slots.take(A, &busy()).is_some());
    }

    #[test]
    fn the_connection_that_is_idle_longest_goes() {
        let slots = Slots::new(4, 3);
        let (oldest, works, newer, other) = (idle(), busy(), idle(), idle());
        let held: Vec<Slot> = [&oldest, &works, &newer].map(|clock| slots.take(A, clock).unwrap()).into();
        let _other = slots.take(B, &other).unwrap();
        let _fourth = slots.take(A, &busy()).unwrap();
        assert!(oldest.idle_since().is_none() && newer.idle_since().is_some() && other.idle_since().is_some());
        assert_eq!(slots.taken(), 4, "a slot that was taken away is free at once");
        drop(held);
        assert_eq!(slots.taken(), 2, "and not freed twice");
        let just_come = clock();
        assert!(just_come.idle_since().is_none() && !works.give_way());
    }

    #[test]
    fn a_freed_address_leaves_no_trace() {
        let slots = Slots::new(3, 2);
        drop(slots.take(A, &clock()));
        assert!(slots.open().by_ip.is_empty());
    }
}
