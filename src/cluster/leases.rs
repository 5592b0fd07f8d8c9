//! Leases: of several contenders, one daemon at a time holds the lease.

mod candidate;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use crate::names::DaemonName;

pub(crate) use candidate::contend;

/// The holder of a lease.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Leadership {
    /// This daemon holds it. Its hold ends before another daemon can acquire it.
    Mine {
        /// When it was acquired, by the clock of NATS.
        since: SystemTime,
        /// How long possibly no daemon held it, counted from the last renewal by another daemon; `None` if no
        /// such renewal was seen.
        gap: Option<Duration>,
        /// When it ends unless it is renewed; each renewal moves it. A process that was suspended may read
        /// this value before the loss is noticed.
        until: Instant,
    },
    /// Another daemon holds it.
    Other {
        /// The name of that daemon.
        daemon: DaemonName,
        /// The value that it stores with the lease.
        value: Bytes,
    },
    /// No daemon holds it, or the cluster is away.
    Unknown,
}

impl Leadership {
    /// Returns whether this daemon holds the lease.
    pub fn is_mine(&self) -> bool {
        matches!(self, Self::Mine { .. })
    }
}

/// A contender for a lease. Dropping it releases the lease.
#[derive(Debug)]
pub struct Candidacy {
    pub(crate) leadership: watch::Receiver<Leadership>,
    pub(crate) value: watch::Sender<Bytes>,
    pub(crate) _withdrawal: DropGuard,
}

impl Candidacy {
    /// Returns a receiver of the current holder.
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        self.leadership.clone()
    }

    /// Changes the value that this daemon stores while it holds the lease.
    pub fn set_value(&self, value: Bytes) {
        self.value.send_if_modified(|old| {
            let is_new = *old != value;
            if is_new {
                *old = value;
            }
            is_new
        });
    }
}
