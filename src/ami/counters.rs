//! What happened to a client, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one client, shared with its task and its listeners.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) skipped: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            connections: self.connections.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
        }
    }
}

/// What a client has counted since it was started.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// Logins that succeeded.
    pub connections: u64,
    /// Events that came, items of lists left out.
    pub events: u64,
    /// Events that a listener was too slow for; each listener counts.
    pub lost: u64,
    /// Packets that were over the limit, no message, or an answer to nothing.
    pub skipped: u64,
}
