//! Counters of a client.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one client, shared with its driver and its subscribers.
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

/// The counters of a client since it was created.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// Logins that succeeded.
    pub connections: u64,
    /// Events received, without items of lists.
    pub events: u64,
    /// Events lost by slow subscribers, summed over all subscribers.
    pub lost: u64,
    /// Packets that were oversized, malformed, or answered no pending action.
    pub skipped: u64,
}
