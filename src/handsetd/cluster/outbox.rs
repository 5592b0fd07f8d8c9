//! The outbox of the cluster: stored deliveries in a stream shared by all daemons, and in the local file
//! while NATS is away.
//!
//! Each entry has one holder, which alone may deliver it: the daemon that reaches the phone when the request
//! is made, else the one that received the request. Before the first byte is sent, the holder marks the entry
//! by compare-and-set; a daemon that has lost the entry cannot do so. When a holder is gone, another daemon
//! takes over what was not started. What was started ends as `UNKNOWN`, as after a crash of a single daemon.
//!
//! While NATS is away, entries go into the file, and are moved to the stream afterwards. An entry is marked
//! in the file before it is appended, and from then on is not sent from the file, so that no crash duplicates
//! it; the stream detects repeated appends.

mod adopting;
mod file_rows;
mod ledger;
mod message;
mod moving;
mod nats;
mod operations;
mod reach;
mod shared;
#[cfg(test)]
mod simulation;
mod steps;
mod stream;
mod waiting;

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
use shared::{Shared, Timing};
use stream::{Daemons, Stream, StreamEvent};
use waiting::Waiting;

pub(crate) use reach::KnownPhones;

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
        let entries = moving::resume(&mut ledger, entries, daemons.now());
        let shared = Arc::new(Shared {
            stream,
            daemons,
            file,
            ledger: Mutex::new(ledger),
            changes: sender,
            told: watch::Sender::new(0),
            waiting: Waiting::default(),
            ending: tokio::sync::Mutex::default(),
            look: Notify::new(),
            has_moved: AtomicBool::new(true),
            moves: Notify::new(),
            timing,
            started: Instant::now(),
            tasks: tasks.clone(),
        });
        tasks.spawn("outbox stream", Arc::clone(&shared).follow(events));
        tasks.spawn("outbox holders", Arc::clone(&shared).look_after());
        tasks.spawn("outbox moves", Arc::clone(&shared).keep_moving());
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

    fn note_unreachable(&self, number: u64) {
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
