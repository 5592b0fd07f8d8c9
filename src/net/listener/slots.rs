//! Connection slots: a limit in total and per address, with eviction of idle connections.
//!
//! A connection that has not sent a request yet is evicted when its address reaches its limit, so an
//! address that opens connections without using them affects only itself.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The slots of a listener. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionSlots {
    total: Arc<Semaphore>,
    each: usize,
    /// The connections of each address, oldest first; never more than there are slots.
    in_use: Arc<Mutex<HashMap<IpAddr, VecDeque<Arc<SlotState>>>>>,
}

#[derive(Debug, Default)]
struct SlotState {
    evicted: CancellationToken,
    /// Whether a request was received, which protects the connection from eviction.
    active: AtomicBool,
}

/// The slot of one connection; dropping it frees the slot.
#[derive(Debug)]
pub struct Slot {
    slots: ConnectionSlots,
    key: IpAddr,
    state: Arc<SlotState>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlots {
    /// Creates `total` slots, of which each address may use `each`.
    pub(crate) fn new(total: usize, each: usize) -> Self {
        Self {
            total: Arc::new(Semaphore::new(total.min(Semaphore::MAX_PERMITS))),
            each,
            in_use: Arc::default(),
        }
    }

    /// Waits until a slot is free for any address.
    pub(crate) async fn acquire(&self) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.total).acquire_owned().await;
        permit.expect("the semaphore is never closed")
    }

    /// Assigns a slot to a connection from `peer`. If its address is at its limit, evicts an idle
    /// connection of that address, or returns `None` if all of them are active.
    pub(crate) fn assign(&self, permit: OwnedSemaphorePermit, peer: IpAddr) -> Option<Slot> {
        let key = rate_limit_key(peer);
        let mut in_use = self.in_use.lock();
        let own = in_use.entry(key).or_default();
        if own.len() >= self.each {
            let idle = own
                .iter()
                .position(|state| !state.active.load(Ordering::Relaxed))?;
            let state = own.remove(idle)?;
            state.evicted.cancel();
        }
        let state = Arc::<SlotState>::default();
        own.push_back(Arc::clone(&state));
        drop(in_use);
        Some(Slot {
            slots: self.clone(),
            key,
            state,
            _permit: permit,
        })
    }
}

impl Slot {
    /// Records that a request was received, which protects the connection from eviction.
    pub fn mark_active(&self) {
        self.state.active.store(true, Ordering::Relaxed);
    }

    /// Waits until the connection is evicted, which never happens once it is active.
    pub async fn evicted(&self) {
        self.state.evicted.cancelled().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut in_use = self.slots.in_use.lock();
        if let Some(own) = in_use.get_mut(&self.key) {
            // An evicted connection has been removed already.
            own.retain(|state| !Arc::ptr_eq(state, &self.state));
            if own.is_empty() {
                in_use.remove(&self.key);
            }
        }
    }
}

/// Returns the address that per-address limits apply to: for IPv6 the /64 network, because a host
/// usually controls all 2⁶⁴ addresses of it.
pub fn rate_limit_key(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// The network part of an IPv6 address.
const NETWORK: u128 = u128::MAX << 64;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn address_is_limited_and_frees_its_slots() {
        let slots = ConnectionSlots::new(3, 2);
        let connect = |peer: &str| {
            let permit = slots.acquire().now_or_never()?;
            slots.assign(permit, peer.parse().unwrap())
        };
        let (first, second) = (connect("192.0.2.1"), connect("192.0.2.1"));
        for slot in [&first, &second] {
            slot.as_ref().unwrap().mark_active();
        }
        assert!(connect("192.0.2.1").is_none() && connect("::ffff:192.0.2.1").is_none());
        let other = connect("192.0.2.2");
        assert!(
            other.is_some() && connect("192.0.2.3").is_none(),
            "all slots are in use"
        );
        drop(first);
        assert!(connect("192.0.2.1").is_some());
        drop((second, other));
        assert!(slots.in_use.lock().is_empty());
    }

    #[test]
    fn idle_connection_is_evicted_by_the_next_from_its_address() {
        let slots = ConnectionSlots::new(9, 2);
        let connect = || {
            let permit = slots.acquire().now_or_never().unwrap();
            slots.assign(permit, "192.0.2.1".parse().unwrap())
        };
        let is_evicted = |slot: &Option<Slot>| {
            let slot = slot.as_ref().unwrap();
            slot.evicted().now_or_never().is_some()
        };
        let (first, second) = (connect(), connect());
        second.as_ref().unwrap().mark_active();
        assert!(!is_evicted(&first) && !is_evicted(&second));
        let third = connect();
        assert!(is_evicted(&first) && !is_evicted(&second) && !is_evicted(&third));
        let fourth = connect();
        assert!(is_evicted(&third) && !is_evicted(&second));
        // The end of evicted connections frees no further slots.
        drop((first, third));
        fourth.as_ref().unwrap().mark_active();
        assert!(connect().is_none());
        drop((second, fourth));
        assert!(slots.in_use.lock().is_empty());
    }

    #[test]
    fn ipv6_network_counts_as_one_address() {
        let key = |peer: &str| rate_limit_key(peer.parse().unwrap()).to_string();
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
