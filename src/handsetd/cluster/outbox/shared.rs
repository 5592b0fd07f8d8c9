//! State shared by the parts of the outbox.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::file_rows::FileRows;
use super::ledger::{Ledger, Place};
use super::stream::{Daemons, Stream};
use super::waiting::Waiting;
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
    pub(super) told: watch::Sender<u64>,
    /// The local requests that wait for outcomes from other daemons.
    pub(super) waiting: Waiting,
    /// Held while an entry is deleted of which nothing was sent: cancelling and ending it are atomic.
    pub(super) ending: tokio::sync::Mutex<()>,
    /// Notified when an entry may need another holder.
    pub(super) look: Notify,
    /// Whether the set of daemons that reach a phone may have changed.
    pub(super) has_moved: AtomicBool,
    /// Notified when there are entries to move to the stream.
    pub(super) moves: Notify,
    pub(super) timing: Timing,
    pub(super) started: Instant,
    pub(super) tasks: Tasks,
}

/// The time limits of the outbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// How long a daemon may be away without losing what it has not started to send: a restart takes a few
    /// seconds.
    pub(super) patience: Duration,
    /// How long after that it may still be sending what it has started.
    pub(super) sending: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(10),
            sending: Duration::from_secs(30),
        }
    }
}

impl Shared {
    /// Returns why an entry must not be attempted at present.
    pub(super) fn admit(&self, number: u64) -> Result<(), String> {
        let daemons = &self.daemons;
        let away = daemons.away();
        let mut ledger = self.ledger.lock();
        let Some(held) = ledger.held(number) else {
            return Ok(());
        };
        let (place, phone_ref) = (held.place, held.entry.phone_ref.clone());
        let own = &daemons.own().daemon;
        let is_home = held.home == *own && daemons.may_know(&phone_ref);
        match away {
            Some(why) if place == Place::Stream => {
                return Err(format!("the cluster is away: {why}"));
            }
            _ if is_home => {}
            Some(why) => return Err(format!("the daemons that may reach it are away: {why}")),
            None if !daemons.reaching(&phone_ref).contains(own) => {
                return Err(NOT_REACHED.to_owned());
            }
            None => {}
        }
        ledger.admit(number, *self.told.borrow(), Instant::now())
    }

    /// Returns whether the entries for a phone go to the stream.
    pub(super) fn uses_stream(&self, phone: &str) -> bool {
        // Entries of the file go first.
        self.daemons.away().is_none() && !self.ledger.lock().has_rows_of(phone)
    }
}

/// Reason: no daemon reaches the phone.
const NOT_REACHED: &str = "no daemon of the cluster reaches this phone at present";
