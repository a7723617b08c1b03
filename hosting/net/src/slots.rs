//! Caps on open connections, in total and for one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

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
    total: usize,
    by_ip: HashMap<IpAddr, usize>,
}

impl Slots {
    /// Room for `most` connections, `most_per_ip` of them from one address.
    #[must_use]
    pub fn new(most: usize, most_per_ip: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_ip, open: Mutex::default(), empty: Notify::new() })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from `ip`, or `None` when all, or all of that address, are taken.
    #[must_use]
    pub fn take(self: &Arc<Self>, ip: IpAddr) -> Option<Slot> {
        // An IPv4 client on a dual-stack listener is the same client.
        let ip = ip.to_canonical();
        let mut open = self.open();
        if open.total >= self.most {
            return None;
        }
        let of_ip = open.by_ip.entry(ip).or_default();
        if *of_ip >= self.most_per_ip {
            return None;
        }
        *of_ip += 1;
        open.total += 1;
        Some(Slot { slots: Arc::clone(self), ip })
    }

    /// Connections open now.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.open().total
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
    ip: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.open();
        open.total -= 1;
        if let Some(of_ip) = open.by_ip.get_mut(&self.ip) {
            *of_ip -= 1;
            if *of_ip == 0 {
                open.by_ip.remove(&self.ip);
            }
        }
        if open.total == 0 {
            self.slots.empty.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn one_address_cannot_take_every_slot() {
        let slots = Slots::new(3, 2);
        let first = slots.take(A).unwrap();
        let _second = slots.take(A).unwrap();
        assert!(slots.take(A).is_none(), "two of two are taken");
        let _third = slots.take(B).unwrap();
        assert!(slots.take(B).is_none(), "three of three are taken");
        drop(first);
        assert_eq!(slots.taken(), 2);
        assert!(slots.take(A).is_some());
    }

    #[test]
    fn a_freed_address_leaves_no_trace() {
        let slots = Slots::new(3, 2);
        drop(slots.take(A));
        assert!(slots.open().by_ip.is_empty());
    }
}
