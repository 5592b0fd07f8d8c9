//! What the parts of the outbox work with.

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

/// What the clones of an outbox share, and its tasks.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) stream: Arc<dyn Stream>,
    pub(super) daemons: Arc<dyn Daemons>,
    /// The local file, or why there is none.
    pub(super) file: Result<Arc<dyn FileRows>, String>,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) changes: mpsc::Sender<Change>,
    /// Up to which position the stream was told.
    pub(super) told: watch::Sender<u64>,
    /// Who waits here for outcomes of other daemons.
    pub(super) waiting: Waiting,
    /// Held while an entry is deleted of which nothing was sent: it is cancelled and ended at once.
    pub(super) ending: tokio::sync::Mutex<()>,
    /// Notified when an entry may have to get another holder.
    pub(super) look: Notify,
    /// Whether what daemons reach may have changed.
    pub(super) has_moved: AtomicBool,
    /// Notified when there is something to move to the stream.
    pub(super) moves: Notify,
    pub(super) timing: Timing,
    pub(super) started: Instant,
    pub(super) tasks: Tasks,
}

/// How long the outbox waits for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// How long a daemon may be away without losing what it has not begun to send: a restart takes a few
    /// seconds.
    pub(super) patience: Duration,
    /// How long after that it may still be sending what it has begun.
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
        // What the file has comes first.
        self.daemons.away().is_none() && !self.ledger.lock().has_rows_of(phone)
    }
}

/// Reason for an entry of a phone that no daemon reaches.
const NOT_REACHED: &str = "no daemon of the cluster reaches this phone at present";
