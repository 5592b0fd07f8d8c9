//! The places behind a door: so many in all, and so many for each address.
//!
//! Who has come and asked for nothing yet loses its place to the next one from the same address, once
//! that has its share: whoever opens connections to keep them open keeps nobody out but itself.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// All places. Cheap to clone; all clones are the same places.
#[derive(Clone, Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    each: usize,
    /// Has no more entries than there are places.
    taken: Arc<Mutex<HashMap<IpAddr, VecDeque<Arc<Seat>>>>>,
}

/// A place as the address has it, those that came first in front.
#[derive(Debug, Default)]
struct Seat {
    /// Cancelled when the place is wanted for another.
    leave: CancellationToken,
    /// Whether something was asked, since when the place is safe.
    asked: AtomicBool,
}

/// One of the places behind a door; dropping it makes room for somebody else.
#[derive(Debug)]
pub struct Place {
    places: Places,
    source: IpAddr,
    seat: Arc<Seat>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// Makes so many places, of which one address may have `each`.
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS))),
            each,
            taken: Arc::default(),
        }
    }

    /// Waits until there is room for anybody.
    pub(super) async fn room(&self) -> OwnedSemaphorePermit {
        let room = Arc::clone(&self.all).acquire_owned().await;
        room.expect("the semaphore is never closed")
    }

    /// Gives a place to somebody who came; `None` if that address has all that it may have, and has
    /// asked for something with each.
    pub(super) fn give(&self, room: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let source = source(peer);
        let mut taken = self.lock();
        let own = taken.entry(source).or_default();
        if own.len() >= self.each {
            let silent = own
                .iter()
                .position(|seat| !seat.asked.load(Ordering::Relaxed))?;
            let seat = own.remove(silent)?;
            seat.leave.cancel();
        }
        let seat = Arc::<Seat>::default();
        own.push_back(Arc::clone(&seat));
        drop(taken);
        Some(Place {
            places: self.clone(),
            source,
            seat,
            _permit: room,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, VecDeque<Arc<Seat>>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Says that something was asked.
    pub(super) fn asked(&self) {
        self.seat.asked.store(true, Ordering::Relaxed);
    }

    /// Waits until the place is wanted for another, which it never is once something was asked.
    pub(super) async fn wanted(&self) {
        self.seat.leave.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(own) = taken.get_mut(&self.source) {
            // It is gone already if another has it.
            own.retain(|seat| !Arc::ptr_eq(seat, &self.seat));
            if own.is_empty() {
                taken.remove(&self.source);
            }
        }
    }
}

/// Returns what counts as one address: of IPv6 the network, since whoever has one address there has
/// 2⁶⁴ of them.
pub fn source(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// The part of an IPv6 address that a site doesn't choose itself.
const NETWORK: u128 = u128::MAX << 64;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn one_address_has_only_its_share_and_gives_it_back() {
        let places = Places::new(3, 2);
        let come = |peer: &str| {
            let room = places.room().now_or_never()?;
            places.give(room, peer.parse().unwrap())
        };
        let (first, second) = (come("192.0.2.1"), come("192.0.2.1"));
        for place in [&first, &second] {
            place.as_ref().unwrap().asked();
        }
        assert!(come("192.0.2.1").is_none() && come("::ffff:192.0.2.1").is_none());
        let other = come("192.0.2.2");
        assert!(other.is_some() && come("192.0.2.3").is_none(), "it is full");
        drop(first);
        assert!(come("192.0.2.1").is_some());
        drop((second, other));
        assert!(places.lock().is_empty());
    }

    #[test]
    fn who_says_nothing_loses_its_place_to_the_next_of_its_address() {
        let places = Places::new(9, 2);
        let come = || {
            let room = places.room().now_or_never().unwrap();
            places.give(room, "192.0.2.1".parse().unwrap())
        };
        let is_wanted = |place: &Option<Place>| {
            let place = place.as_ref().unwrap();
            place.wanted().now_or_never().is_some()
        };
        let (first, second) = (come(), come());
        second.as_ref().unwrap().asked();
        assert!(!is_wanted(&first) && !is_wanted(&second));
        let third = come();
        assert!(is_wanted(&first) && !is_wanted(&second) && !is_wanted(&third));
        let fourth = come();
        assert!(is_wanted(&third) && !is_wanted(&second));
        // That those two go changes nothing for the others.
        drop((first, third));
        fourth.as_ref().unwrap().asked();
        assert!(come().is_none());
        drop((second, fourth));
        assert!(places.lock().is_empty());
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let source = |peer: &str| source(peer.parse().unwrap()).to_string();
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(source("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
