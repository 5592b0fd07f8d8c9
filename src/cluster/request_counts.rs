//! Counts requests to other daemons by result.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::RequestError;

/// The number of requests to other daemons, by result.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RequestTotals {
    /// Answered.
    pub answered: u64,
    /// The other daemon did not act on it.
    pub not_sent: u64,
    /// The other daemon may have acted on it.
    pub unanswered: u64,
}

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct RequestCounts {
    answered: AtomicU64,
    not_sent: AtomicU64,
    unanswered: AtomicU64,
}

impl RequestCounts {
    pub(crate) fn count<T>(&self, result: &Result<T, RequestError>) {
        let counter = match result {
            Ok(_) => &self.answered,
            Err(RequestError::NotSent(_)) => &self.not_sent,
            Err(RequestError::Unanswered(_)) => &self.unanswered,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn totals(&self) -> RequestTotals {
        RequestTotals {
            answered: self.answered.load(Ordering::Relaxed),
            not_sent: self.not_sent.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
        }
    }
}
