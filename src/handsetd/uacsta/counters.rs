//! Counts of all sessions.

use std::sync::atomic::{AtomicU64, Ordering};

/// Running counts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    done: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
    not_sent: AtomicU64,
    events: AtomicU64,
    lost: AtomicU64,
}

/// What came of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answered {
    Done,
    Refused,
    Unanswered,
    NotSent,
}

/// Totals since the start, and what there is now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct SessionTotals {
    /// Phones that are registered.
    pub(crate) registered: u64,
    /// Sessions that are up.
    pub(crate) up: u64,
    /// Requests by result: `ok`, `refused`, `unanswered` and `not_sent`.
    pub(crate) requests: [(&'static str, u64); 4],
    /// Events that phones sent.
    pub(crate) events: u64,
    /// Sessions that were lost.
    pub(crate) lost: u64,
}

impl Counters {
    pub(super) fn requested(&self, answered: Answered) {
        let counter = match answered {
            Answered::Done => &self.done,
            Answered::Refused => &self.refused,
            Answered::Unanswered => &self.unanswered,
            Answered::NotSent => &self.not_sent,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn totals(&self) -> SessionTotals {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SessionTotals {
            registered: 0,
            up: 0,
            requests: [
                ("ok", of(&self.done)),
                ("refused", of(&self.refused)),
                ("unanswered", of(&self.unanswered)),
                ("not_sent", of(&self.not_sent)),
            ],
            events: of(&self.events),
            lost: of(&self.lost),
        }
    }
}
