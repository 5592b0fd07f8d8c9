//! Leases: one daemon at a time has what several may have.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use crate::names::DaemonName;

/// Who has a lease.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Leadership {
    /// This daemon has it. It ends before another daemon can get it.
    Mine {
        /// Since when, by the clock of NATS.
        since: SystemTime,
        /// How long nobody can be relied upon to have had it, since the last renewal of another daemon; not
        /// known if none was seen.
        gap: Option<Duration>,
        /// Until when it lasts unless it is renewed; later with each renewal. Who was stopped for a while may
        /// read this before the lease is known to be lost.
        until: Instant,
    },
    /// Another daemon has it.
    Other {
        /// Which one.
        daemon: DaemonName,
        /// What it says about itself.
        value: Bytes,
    },
    /// Nobody has it, or the cluster is away.
    Unknown,
}

impl Leadership {
    /// Returns whether this daemon has the lease.
    pub fn is_mine(&self) -> bool {
        matches!(self, Self::Mine { .. })
    }
}

/// An attempt to get a lease and to keep it. Dropping it releases the lease.
#[derive(Debug)]
pub struct Candidacy {
    pub(crate) leadership: watch::Receiver<Leadership>,
    pub(crate) value: watch::Sender<Bytes>,
    pub(crate) _withdrawal: DropGuard,
}

impl Candidacy {
    /// Returns who has the lease, and the changes of that.
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        self.leadership.clone()
    }

    /// Changes what this daemon says about itself while it has the lease.
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
