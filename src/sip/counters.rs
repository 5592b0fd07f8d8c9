//! Counts what is received and what is dropped.

use std::sync::atomic::{AtomicU64, Ordering};

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// Messages that were parsed.
    pub received: u64,
    /// Datagrams and connections from addresses outside of the allowed networks.
    pub forbidden: u64,
    /// Messages over a limit of their address.
    pub limited: u64,
    /// What is not a message.
    pub malformed: u64,
    /// Responses that belong to no transaction, and requests that belong to no dialog.
    pub unmatched: u64,
    /// Requests for which a queue had no room.
    pub overflowed: u64,
    /// Responses that were not sent, because they would have been larger than what they answer.
    pub withheld: u64,
}

macro_rules! counters {
    ($($name:ident)*) => {
        /// Running totals.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl Counters {
            /// Returns the totals of this moment.
            pub(crate) fn totals(&self) -> Totals {
                Totals { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! { received forbidden limited malformed unmatched overflowed withheld }

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
