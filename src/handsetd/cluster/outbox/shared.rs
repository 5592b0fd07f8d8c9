//! State shared by the parts of the outbox.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::file_rows::FileRows;
use super::ledger::{Ledger, Location};
use super::pending_outcomes::PendingOutcomes;
use super::stream::{Daemons, Stream};
use crate::outbox::Change;

/// State shared by the clones of an outbox and its tasks.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) stream: Arc<dyn Stream>,
    pub(super) daemons: Arc<dyn Daemons>,
    /// The local file, or the reason why there is none.
    pub(super) file: Result<Arc<dyn FileRows>, String>,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) changes: mpsc::Sender<Change>,
    /// The position up to which the stream has been received.
    pub(super) received: watch::Sender<u64>,
    /// The local requests that wait for outcomes from other daemons.
    pub(super) pending_outcomes: PendingOutcomes,
    /// Held while an unsent entry is removed: its cancellation and its end exclude each other.
    pub(super) removal_lock: tokio::sync::Mutex<()>,
    /// Notified when an entry may need another holder.
    pub(super) check_holders: Notify,
    /// Whether the daemons that reach a phone may have changed.
    pub(super) has_reach_changed: AtomicBool,
    /// Notified when there are entries to migrate to the stream.
    pub(super) migrate: Notify,
    pub(super) timing: Timing,
    pub(super) started: Instant,
    pub(super) tasks: Tasks,
}

/// The time limits of the outbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// How long a daemon may be absent before its pending entries are taken over: a restart takes a few
    /// seconds.
    pub(super) pending_timeout: Duration,
    /// How much longer before its entries in flight are: it may still be sending them.
    pub(super) in_flight_timeout: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            pending_timeout: Duration::from_secs(10),
            in_flight_timeout: Duration::from_secs(30),
        }
    }
}

impl Shared {
    /// Returns why an entry must not be attempted at present.
    pub(super) fn admit(&self, number: u64) -> Result<(), String> {
        let daemons = &self.daemons;
        let unavailable = daemons.unavailable_reason();
        let mut ledger = self.ledger.lock();
        let Some(held) = ledger.held(number) else {
            return Ok(());
        };
        let (location, phone_ref) = (held.location, held.entry.phone_ref.clone());
        let own = &daemons.own().daemon;
        let is_home = held.home == *own && daemons.may_know(&phone_ref);
        match unavailable {
            Some(why) if location == Location::Stream => {
                return Err(format!("the cluster is away: {why}"));
            }
            _ if is_home => {}
            Some(why) => return Err(format!("the daemons that may reach it are away: {why}")),
            None if !daemons.reaching(&phone_ref).contains(own) => {
                return Err(NOT_REACHED.to_owned());
            }
            None => {}
        }
        ledger.admit(number, *self.received.borrow(), Instant::now())
    }

    /// Returns whether the entries for a phone go to the stream.
    pub(super) fn uses_stream(&self, phone: &str) -> bool {
        // Entries of the file go first.
        self.daemons.unavailable_reason().is_none() && !self.ledger.lock().has_rows_of(phone)
    }
}

/// Reason: no daemon reaches the phone.
const NOT_REACHED: &str = "no daemon of the cluster reaches this phone at present";
