//! How requests to other daemons ended.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::RequestError;

/// How many requests to other daemons ended how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RequestTotals {
    /// They were answered.
    pub answered: u64,
    /// The other daemon did not act on them.
    pub not_sent: u64,
    /// It may have acted on them.
    pub unanswered: u64,
}

/// Counts them.
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
