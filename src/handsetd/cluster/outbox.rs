//! The outbox of the cluster: stored deliveries in a stream shared by all daemons, and in the local file
//! while NATS is unavailable.
//!
//! Each entry has one holder, which alone may deliver it: the daemon that reaches the phone when the request
//! is made, else the one that received the request. Before the first byte is sent, the holder marks the entry
//! by compare-and-set; a daemon that has lost the entry cannot do so. When a holder is gone, another daemon
//! takes over its pending entries. Those in flight end as `UNKNOWN`, as after a crash of a single daemon.
//!
//! While NATS is unavailable, entries go into the file, and are migrated to the stream afterwards. An entry is marked
//! in the file before it is appended, and from then on is not sent from the file, so that no crash duplicates
//! it; the stream detects repeated appends.

mod adoption;
mod file_rows;
mod handover;
mod ledger;
mod message;
mod migration;
mod nats;
mod operations;
mod outcome_report;
mod pending_outcomes;
mod phone_daemons;
mod shared;
#[cfg(test)]
mod simulation;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use crate::outbox::{Change, EntryState, Error, Inserted, OutboxEntry, Storage, StoredEntry};
use file_rows::FileRows;
use ledger::Ledger;
use pending_outcomes::PendingOutcomes;
use shared::{Shared, Timing};
use stream::{Daemons, Stream, StreamEvent};

pub(crate) use phone_daemons::KnownPhones;

/// The outbox of the cluster. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ClusterOutbox(Arc<Shared>);

/// An outbox and its initial state.
#[derive(Debug)]
pub(crate) struct Started {
    /// The outbox.
    pub(crate) outbox: ClusterOutbox,
    /// The entries of the local file.
    pub(crate) entries: Vec<StoredEntry>,
    /// Subsequent changes.
    pub(crate) changes: mpsc::Receiver<Change>,
}

impl ClusterOutbox {
    /// Starts with the entries of the local file. Runs among `tasks` until they stop.
    fn begin(
        (stream, daemons): (Arc<dyn Stream>, Arc<dyn Daemons>),
        events: mpsc::Receiver<StreamEvent>,
        file: Result<Arc<dyn FileRows>, String>,
        entries: Vec<StoredEntry>,
        timing: Timing,
        tasks: &Tasks,
    ) -> Started {
        let (sender, changes) = mpsc::channel(MAX_CHANGES);
        let mut ledger = Ledger::new(daemons.own().clone());
        let entries = migration::resume(&mut ledger, entries, daemons.now());
        let shared = Arc::new(Shared {
            stream,
            daemons,
            file,
            ledger: Mutex::new(ledger),
            changes: sender,
            received: watch::Sender::new(0),
            pending_outcomes: PendingOutcomes::default(),
            removal_lock: tokio::sync::Mutex::default(),
            check_holders: Notify::new(),
            has_reach_changed: AtomicBool::new(true),
            migrate: Notify::new(),
            timing,
            started: Instant::now(),
            tasks: tasks.clone(),
        });
        tasks.spawn("outbox stream", Arc::clone(&shared).follow(events));
        tasks.spawn("outbox holders", Arc::clone(&shared).watch_holders());
        tasks.spawn("outbox moves", Arc::clone(&shared).run_migration());
        let outbox = Self(shared);
        Started {
            outbox,
            entries,
            changes,
        }
    }
}

impl Storage for ClusterOutbox {
    fn insert<'a>(
        &'a self,
        entry: OutboxEntry,
        phone_key: &'a str,
    ) -> BoxFuture<'a, Result<Inserted, Error>> {
        self.0.insert(entry, phone_key).boxed()
    }

    fn set_state(&self, number: u64, state: EntryState) -> BoxFuture<'_, Result<(), Error>> {
        self.0.set_state(number, state).boxed()
    }

    fn delete(&self, number: u64) -> BoxFuture<'_, Result<(), Error>> {
        self.0.delete(number).boxed()
    }

    fn delete_pending<'a>(
        &'a self,
        id: &'a str,
        phones: &'a [String],
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.0.delete_pending(id, phones).boxed()
    }

    fn len(&self) -> usize {
        self.0.ledger.lock().len()
    }

    fn holds(&self, number: u64) -> bool {
        self.0.ledger.lock().held(number).is_some()
    }

    fn order(&self, number: u64) -> u64 {
        self.0.ledger.lock().order(number)
    }

    fn admit(&self, number: u64) -> Result<(), String> {
        self.0.admit(number)
    }

    fn record_unreachable(&self, number: u64) {
        let mut ledger = self.0.ledger.lock();
        if let Some(held) = ledger.held_mut(number) {
            held.unreachable_since.get_or_insert_with(Instant::now);
        }
    }

    fn now(&self) -> SystemTime {
        self.0.daemons.now()
    }
}

/// Capacity of the channel of changes to the dispatcher.
const MAX_CHANGES: usize = 1024;
