//! Digest challenges that phones still accept, so that the next request needs one round trip instead of
//! two.
//!
//! A nonce goes back only to the server that issued it, for the same phone and the same credentials. It is
//! taken out while a request uses it: two requests at once could arrive in the wrong order, and a strict
//! phone refuses a count that goes back. A phone that refuses a nonce the second time, without calling it
//! stale, may count that as a failed login, so it is always asked first from then on.

use std::time::Duration;

use handset_net::digest::Digest;
use handset_net::expiring::ExpiringMap;
use handset_net::pin::Pin;
use handset_phones::phone::{Address, Credentials, Phone};
use handset_phones::vendor::Request;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::asked_for_digest::Area;

/// The challenges that phones still accept.
#[derive(Debug)]
pub(super) struct Nonces(Mutex<Known>);

#[derive(Debug)]
struct Known {
    kept: ExpiringMap<Server, Kept>,
    /// Servers that take each nonce once.
    once: ExpiringMap<Server, ()>,
}

/// The server of a nonce, for one phone.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Server {
    phone: String,
    address: Address,
    pin: Option<Pin>,
    area: Area,
}

/// A challenge that the phone has accepted an answer to.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) challenge: Digest,
    /// How many answers there were.
    pub(super) count: u32,
    credentials: Credentials,
}

impl Default for Nonces {
    fn default() -> Self {
        Self(Mutex::new(Known {
            kept: ExpiringMap::new(CAPACITY),
            once: ExpiringMap::new(CAPACITY),
        }))
    }
}

impl Server {
    /// Returns the server at `address` that a request to `phone` goes to.
    pub(super) fn of(phone: &Phone, address: Address, request: &Request) -> Self {
        Self {
            phone: phone.key(),
            address,
            pin: phone.pin,
            area: Area::of(phone.vendor, request.method),
        }
    }
}

impl Nonces {
    /// Takes out the challenge that `server` accepts from these credentials.
    pub(super) fn take(&self, server: &Server, credentials: &Credentials) -> Option<Kept> {
        let kept = self.0.lock().kept.remove(server, Instant::now())?;
        let own = &kept.credentials;
        let is_same = credentials.matches(&own.username, own.password());
        is_same.then_some(kept)
    }

    /// Keeps a challenge of `server` whose last answer, with this count, was accepted.
    pub(super) fn keep(
        &self,
        server: &Server,
        challenge: &Digest,
        count: u32,
        credentials: &Credentials,
    ) {
        let (mut known, now) = (self.0.lock(), Instant::now());
        if !challenge.counts() || known.once.contains(server, now) {
            return;
        }
        let kept = Kept {
            challenge: challenge.clone(),
            count,
            credentials: credentials.clone(),
        };
        known.kept.insert(server.clone(), kept, LIFETIME, now);
    }

    /// Records that `server` has refused a nonce the second time, without calling it stale.
    pub(super) fn refused(&self, server: &Server) {
        let now = Instant::now();
        let once = &mut self.0.lock().once;
        once.insert(server.clone(), (), ONCE_LIFETIME, now);
    }
}

/// How long a challenge is kept after its last answer: requests come in bursts, and phones forget theirs
/// after minutes.
const LIFETIME: Duration = Duration::from_mins(5);

/// How long a server that takes each nonce once is asked first; it may get another firmware.
const ONCE_LIFETIME: Duration = Duration::from_hours(24);

/// How many servers are remembered.
const CAPACITY: usize = 20_000;
